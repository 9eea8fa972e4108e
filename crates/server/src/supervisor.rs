//! All processes: started, watched, started again when they die, replaced when certificates change, and ended in peace.

mod renewal;
mod slot;
mod surroundings;

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::options::Serve;
use crate::process::Common;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::sockets::{MemoryFile, Private, Public, health_name};
use crate::tree::Tree;
use crate::watch::Pulse;
use crate::{configuration, log, notify, signals, watch};
use renewal::Renewal;
use slot::Slot;
use surroundings::{environment_of, random_word, set_file_limit};

/// How long connections that have arrived may wait to be taken while the server stops.
const LAST_CONNECTIONS: Duration = Duration::from_secs(1);
/// How long requests may take to end, from the wish to stop on: systemd, Docker and Kubernetes wait longer, and so nothing is cut twice.
const LAST_REQUESTS: Duration = Duration::from_secs(4);
/// How often to look whether the last processes have ended; their signals say so sooner.
const PULSE: Duration = Duration::from_millis(200);
/// How often the launcher looks after its processes when nothing happens.
const ROUND: Duration = Duration::from_secs(1);
/// A process that dies so often before it has ever answered will not answer the next time.
const HOPELESS: u32 = 3;

/// What the launcher waits for.
#[derive(Debug)]
pub(crate) enum Event {
    /// SIGTERM or SIGINT.
    Stop,
    /// SIGHUP.
    Renew,
    /// SIGCHLD.
    ChildEnded,
    /// A process has answered.
    Pulse(Pulse),
}

/// How serving ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By the operator's wish.
    Asked,
    /// The Worker cannot serve by its settings.
    BadSettings,
}

/// What processes are started with; replaced as a whole.
struct Program {
    settings: Settings,
    configuration: MemoryFile,
}

/// Serves until the operator wishes the end.
///
/// # Errors
/// When a socket cannot be opened, or processes die before they have ever answered.
pub(crate) fn run(settings: Settings, options: &Serve, tree: &Tree) -> Result<End, String> {
    let public = Public::open(settings.listen, settings.processes)?;
    let settings = Settings { listen: public.address, ..settings };
    let health = Private::open(health_name(settings.listen))?;
    let token = random_word()?;
    let mut slots = Vec::new();
    for index in 0..settings.processes {
        slots.push(Slot::new(index, Private::open(format!("curbside-server/{token}/{index}"))?));
    }
    // The names hold another random word than the one that must be known.
    let token = random_word()?;
    set_file_limit();
    let (events, inbox) = mpsc::channel();
    signals::listen(events.clone()).map_err(|error| format!("cannot take over signals: {error}"))?;
    let program = Program::new(settings, tree, &slots)?;
    let mut supervisor = Supervisor {
        options,
        common: Common { tree, public: &public, health: &health },
        token,
        slots,
        program,
        renewal: None,
        is_listening: false,
    };
    for index in 0..supervisor.slots.len() {
        supervisor.start(index)?;
        let (name, token) = (supervisor.slots[index].private.name().to_owned(), supervisor.token.clone());
        let nudge = watch::start(index, name, token, events.clone())
            .map_err(|error| format!("cannot start a thread: {error}"))?;
        supervisor.slots[index].nudge = Some(nudge);
    }
    let outcome = supervisor.serve(&inbox);
    supervisor.end(&inbox, &outcome);
    outcome
}

impl Program {
    fn new(settings: Settings, tree: &Tree, slots: &[Slot]) -> Result<Self, String> {
        let peers: Vec<&str> = slots.iter().map(|slot| slot.private.name()).collect();
        let text = configuration::text(&settings, &tree.worker, &peers);
        let configuration =
            MemoryFile::new(&text).map_err(|error| format!("cannot hold the configuration in memory: {error}"))?;
        Ok(Self { settings, configuration })
    }
}

struct Supervisor<'a> {
    options: &'a Serve,
    common: Common<'a>,
    token: String,
    slots: Vec<Slot>,
    program: Program,
    renewal: Option<Renewal>,
    is_listening: bool,
}

impl Supervisor<'_> {
    fn serve(&mut self, inbox: &Receiver<Event>) -> Result<End, String> {
        loop {
            let now = Instant::now();
            let due = self.slots.iter().filter_map(Slot::next_start).min();
            let wait = due.map_or(ROUND, |due| due.saturating_duration_since(now).min(ROUND));
            match inbox.recv_timeout(wait) {
                Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(End::Asked),
                Ok(Event::Renew) => self.renew(),
                Ok(Event::Pulse(pulse)) => {
                    if let Some(end) = self.note(&pulse)? {
                        return Ok(end);
                    }
                }
                Ok(Event::ChildEnded) | Err(RecvTimeoutError::Timeout) => {}
            }
            self.look_after()?;
        }
    }

    /// Buries the dead, starts their successors when it is time, and ends processes that answer no more.
    fn look_after(&mut self) -> Result<(), String> {
        for index in 0..self.slots.len() {
            let slot = &mut self.slots[index];
            if slot.bury() {
                let (failures, has_answered) = (slot.failures, slot.has_ever_answered);
                // Where another serves by the new settings already, this one died of something else, and is started by them again.
                if index == 0 && self.renewal.as_ref().is_some_and(|renewal| renewal.at == index) {
                    self.give_renewal_up();
                } else if !has_answered && failures >= HOPELESS {
                    return Err(format!(
                        "process {index} ended {failures} times before it answered; what it said is above. \
                         The certificate and its key, if there are any, must belong together"
                    ));
                }
            }
            let slot = &mut self.slots[index];
            slot.end_if_silent();
            if slot.next_start().is_some_and(|due| due <= Instant::now()) {
                self.start(index)?;
            }
        }
        Ok(())
    }

    fn start(&mut self, index: usize) -> Result<(), String> {
        let Self { common, token, slots, program, .. } = self;
        slots[index].start(common, &program.configuration, environment_of(&program.settings, token))
    }

    /// Has a process answer its last requests, and another take its place.
    fn replace(&mut self, index: usize) -> Result<(), String> {
        self.slots[index].retire(&self.token);
        self.start(index)
    }

    /// What a process has said of itself.
    fn note(&mut self, pulse: &Pulse) -> Result<Option<End>, String> {
        let Some(slot) = self.slots.get_mut(pulse.process) else {
            return Ok(None);
        };
        let said: Value = match serde_json::from_str(&pulse.body) {
            Ok(said) => said,
            Err(error) => {
                // One that goes on so is ended like one that says nothing.
                log::fault("process_unclear", &json!({ "process": pulse.process, "message": error.to_string() }));
                return Ok(None);
            }
        };
        let is_first = slot.answered(pulse.asked, &said);
        if !is_first {
            return Ok(None);
        }
        let is_renewed = self.renewal.as_ref().is_some_and(|renewal| renewal.at == pulse.process);
        let refusals = refusals_in(&said);
        if !refusals.is_empty() && (is_renewed || !self.is_listening) {
            refusals.iter().for_each(log::refused);
            if !self.is_listening {
                return Ok(Some(End::BadSettings));
            }
            // A file of tokens in which none is left would lock everybody out, and so would the next start.
            self.give_renewal_up();
            self.replace(pulse.process)?;
            return Ok(None);
        }
        if !self.is_listening && self.slots.iter().all(|slot| slot.has_ever_answered) {
            self.is_listening = true;
            let Settings { listen, tls, .. } = &self.program.settings;
            let scheme = if tls.is_some() { "https" } else { "http" };
            let fields = json!({ "address": listen.to_string(), "url": format!("{scheme}://{listen}"), "processes": self.slots.len() });
            log::event("listening", &fields);
            notify::tell(notify::READY);
        }
        if is_renewed {
            self.renew_next(pulse.process + 1)?;
        }
        Ok(None)
    }

    /// Lets requests end and no new ones in; after a while insists. A second wish to stop ends everything at once.
    fn end(&mut self, inbox: &Receiver<Event>, outcome: &Result<End, String>) {
        let asked = Instant::now();
        let is_orderly = matches!(outcome, Ok(End::Asked));
        if is_orderly {
            log::event("stopping", &json!({}));
            notify::tell(notify::STOPPING);
            self.common.public.shut(LAST_CONNECTIONS);
        }
        let token = &self.token;
        thread::scope(|scope| {
            for slot in &mut self.slots {
                scope.spawn(|| slot.retire(token));
            }
        });
        let mut is_killed = false;
        loop {
            self.slots.iter_mut().for_each(Slot::bury_retired);
            if self.slots.iter().all(Slot::is_empty) {
                break;
            }
            let is_late = asked.elapsed() >= LAST_REQUESTS;
            if !is_killed && (is_late || !is_orderly) {
                is_killed = true;
                self.slots.iter().for_each(Slot::kill);
            }
            if matches!(inbox.recv_timeout(PULSE), Ok(Event::Stop)) && !is_killed {
                is_killed = true;
                self.slots.iter().for_each(Slot::kill);
            }
        }
        if is_orderly {
            log::event(
                "stopped",
                &json!({ "requests_cut": is_killed, "milliseconds": u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX) }),
            );
        }
    }
}

/// What the Worker says is wrong with its settings: a list of `{code, message}`.
fn refusals_in(said: &Value) -> Vec<Refusal> {
    let faults = said.get("configuration").and_then(Value::as_array);
    let of = |fault: &Value| {
        let text = |name| fault.get(name).and_then(Value::as_str).unwrap_or_default();
        Refusal::from_message(text("code"), text("message"))
    };
    faults.into_iter().flatten().map(of).collect()
}
