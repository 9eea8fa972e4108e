//! New certificates and secrets without a lost request: files are read afresh, and one process after the other is replaced.

use serde_json::json;

use super::{Program, Supervisor};
use crate::log;
use crate::settings::Settings;

/// A change of certificates or secrets under way: one process after the other.
pub(super) struct Renewal {
    /// What to return to if the new one does not answer.
    before: Program,
    /// The process that has been replaced last, and not answered yet.
    pub(super) at: usize,
}

impl Supervisor<'_> {
    /// Reads files afresh and replaces one process after the other; address and number of processes stay.
    pub(super) fn renew(&mut self) {
        if !self.is_listening || self.renewal.is_some() {
            log::event("renewal_ignored", &json!({ "message": "the server is still starting processes" }));
            return;
        }
        let settings = match Settings::read(self.options, self.common.tree) {
            Ok(settings) => Settings { listen: self.program.settings.listen, processes: self.slots.len(), ..settings },
            Err(refusals) => {
                refusals.iter().for_each(log::refused);
                log::fault("renewal_failed", &json!({ "message": "the settings of before stay in force" }));
                return;
            }
        };
        let outcome = Program::new(settings, self.common.tree, &self.slots).and_then(|program| {
            let before = std::mem::replace(&mut self.program, program);
            self.renewal = Some(Renewal { before, at: 0 });
            self.renew_next(0)
        });
        if let Err(message) = outcome {
            log::fault("renewal_failed", &json!({ "message": message }));
        }
    }

    /// Replaces the process of this number, or ends the renewal behind the last one.
    pub(super) fn renew_next(&mut self, index: usize) -> Result<(), String> {
        if index >= self.slots.len() {
            self.renewal = None;
            log::event("renewed", &json!({ "processes": self.slots.len() }));
            return Ok(());
        }
        if let Some(renewal) = &mut self.renewal {
            renewal.at = index;
        }
        self.replace(index)
    }

    /// Goes back to the settings of before: the first process that was started by the new ones has died before it answered, or says
    /// that it cannot serve by them.
    pub(super) fn give_renewal_up(&mut self) {
        if let Some(Renewal { before, .. }) = self.renewal.take() {
            self.program = before;
            log::fault(
                "renewal_failed",
                &json!({ "message": "no process can serve by the new settings; those of before stay in force" }),
            );
        }
    }
}
