//! A training's run in `MLflow`, where `MLFLOW_TRACKING_URI` names a server; without one, nothing at all.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use curbside_publish::BundleFile;
use curbside_registry::tracking::{Registration, RunEnd, TrackedRun};
use curbside_registry::{Client, Settings, process_environment};
use curbside_train::{Gain, Progress, importance_svg};

use super::Arguments;
use crate::failure::Failure;
use crate::output::Output;
use crate::verbs::tracked::{Logged, no_server, registration, unrecorded};

/// What the shell is told of a training that was stopped.
const STOPPED: i32 = 130;
/// How long somebody who stops it waits for the server at most.
const SHORT: Duration = Duration::from_secs(5);

/// The run of a training.
pub(super) struct Recording {
    tracked: TrackedRun,
    registration: Option<Registration>,
    /// What to register the bundle as later, should it come to that.
    name: String,
    gains: Vec<Gain>,
    /// The run that whoever stops the command leaves behind; `None` when it has ended.
    running: Arc<Mutex<Option<String>>>,
}

impl Recording {
    /// Begins the run, so that a server that is not there is told before minutes are spent.
    ///
    /// # Errors
    ///
    /// Those of the registry; `USAGE` for options that want a server where none is named.
    pub(super) fn begin(arguments: &Arguments, output: Output) -> Result<Option<Recording>, Failure> {
        let registration = match &arguments.register {
            Some(name) => Some(registration(("--register", name), arguments.alias.as_deref())?),
            None => None,
        };
        let Some(settings) = Settings::from_env(&process_environment)? else {
            let given = arguments.place.given().or(arguments.register.as_ref().map(|_| "--register"));
            return given.map_or(Ok(None), |option| Err(no_server(option)));
        };
        let client = Client::new(settings.clone())?;
        let tracked = arguments.place.begin(client, "train", &arguments.name, (None, Vec::new()))?;
        output.progress(&format!("run {}: {}", tracked.run_id(), tracked.url()));
        let running = Arc::new(Mutex::new(Some(tracked.run_id().to_owned())));
        mark_when_stopped(settings, Arc::clone(&running));
        let name = arguments.register.as_ref().unwrap_or(&arguments.name).clone();
        Ok(Some(Recording { tracked, registration, name, gains: Vec::new(), running }))
    }

    /// The run's id, for the card.
    pub(super) fn run_id(&self) -> &str {
        self.tracked.run_id()
    }

    /// Keeps what is worth keeping of the news.
    pub(super) fn hear(&mut self, progress: &Progress) {
        match progress {
            Progress::FoldGrown { candidate, fold, rmse } => {
                self.tracked.curve(&format!("candidate_{candidate}/fold_{fold}_rmse"), rmse);
            }
            Progress::Candidate { candidate, by_trees, .. } => {
                self.tracked.curve(&format!("candidate_{candidate}/folds_rmse"), by_trees);
            }
            Progress::Gains(gains) => self.gains.clone_from(gains),
            _ => (),
        }
    }

    /// Ends the run of a training that came to nothing, and says so.
    pub(super) fn fail(&self, failure: Failure) -> Failure {
        self.ended();
        let run = self.tracked.run_id();
        match self.tracked.end(RunEnd::Failed) {
            Ok(()) => failure.and(&format!("Run {run} is marked FAILED")),
            Err(fault) => failure.and(&format!("Run {run} could not be marked FAILED ({fault})")),
        }
    }

    /// Ends the run with the bundle that was written.
    pub(super) fn finish(self, file: &Path) -> Result<Logged, Failure> {
        let plot = importance_svg(&format!("What each column of {} is worth", self.name), &self.gains);
        let bundle = match BundleFile::open(file) {
            Ok(bundle) => bundle,
            Err(fault) => return Err(self.fail(fault.into())),
        };
        // A model without columns' gains, such as the linear one, has no plot.
        let recorded = self.tracked.finish(&bundle, plot.ok().as_deref(), self.registration.as_ref());
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let recorded = recorded.map_err(|told| unrecorded(&told, file, &self.name))?;
        Ok(Logged::new(recorded, self.registration.as_ref()))
    }

    /// From here on there is nothing to mark.
    fn ended(&self) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Marks the run `KILLED` when somebody stops the command, in one try, and then stops.
fn mark_when_stopped(settings: Settings, running: Arc<Mutex<Option<String>>>) {
    let mut once = settings;
    once.retries = 0;
    once.timeout = once.timeout.min(SHORT);
    // Where no handler can be set, the command stops as it would without one.
    let _ = ctrlc::set_handler(move || {
        if let Some(run) = running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            match Client::new(once.clone()).and_then(|client| TrackedRun::kill(&client, &run)) {
                Ok(()) => eprintln!("stopped; run {run} is marked KILLED"),
                Err(fault) => eprintln!("stopped; run {run} could not be marked KILLED: {fault}"),
            }
        }
        std::process::exit(STOPPED);
    });
}
