//! When to look at an alias, when to act on it, and what of it to tell: the patience of `promote --follow`.
//!
//! It is apart from looking and acting so that it needs no server: times go in, decisions come out. A failure is told once, however
//! often it is met again; an alias that moves is acted on at once, however long an earlier failure had made the pauses.

use std::time::{Duration, Instant};

/// The longest pause between two looks at a registry that fails.
const LONGEST_LOOK: Duration = Duration::from_secs(5);
/// The longest pause between two attempts at a version that cannot be published.
const LONGEST_ACT: Duration = Duration::from_mins(1);

/// What is known of one alias.
#[derive(Clone, Debug)]
pub struct Watch {
    every: Duration,
    /// The version that was acted on last, with success.
    done: Option<String>,
    /// The version that failed, how often, and from when on it may be tried again.
    failed: Option<(String, u32, Instant)>,
    /// Looks that failed since the last that did not.
    failed_looks: u32,
    /// What was told last, until it is over.
    told: Option<String>,
}

impl Watch {
    /// Looks as often as this.
    pub fn new(every: Duration) -> Watch {
        Watch { every, done: None, failed: None, failed_looks: 0, told: None }
    }

    /// An alias was found to stand on a version. Says whether to act on it now.
    pub fn sees(&mut self, version: &str, now: Instant) -> bool {
        self.failed_looks = 0;
        if self.done.as_deref() == Some(version) {
            // Moved back before it could be acted on: there is nothing to wait for.
            self.failed = None;
            return false;
        }
        !self.failed.as_ref().is_some_and(|(failed, _, again)| failed == version && now < *again)
    }

    /// Acting on a version worked. Says whether that ends a trouble that was told.
    pub fn worked(&mut self, version: &str) -> bool {
        self.done = Some(version.to_owned());
        self.failed = None;
        self.told.take().is_some()
    }

    /// Nothing had to be done. Says whether that ends a trouble that was told.
    pub fn rests(&mut self) -> bool {
        self.failed.is_none() && self.told.take().is_some()
    }

    /// Looking failed, under this code. Says whether to tell it: not again until another failure, or none, came between.
    pub fn cannot_look(&mut self, fault: &str) -> bool {
        self.failed_looks = self.failed_looks.saturating_add(1);
        self.tells(fault)
    }

    /// Acting on a version failed, under this code. Says whether to tell it.
    pub fn failed(&mut self, version: &str, fault: &str, now: Instant) -> bool {
        let times = self.failed.take().filter(|(failed, ..)| failed == version).map_or(0, |(_, times, _)| times);
        let pause = doubled(self.every, times, LONGEST_ACT);
        self.failed = Some((version.to_owned(), times.saturating_add(1), now + pause));
        self.tells(&format!("{version}: {fault}"))
    }

    /// How long to wait before the next look.
    pub fn pause(&self) -> Duration {
        doubled(self.every, self.failed_looks, LONGEST_LOOK)
    }

    fn tells(&mut self, fault: &str) -> bool {
        let is_new = self.told.as_deref() != Some(fault);
        self.told = Some(fault.to_owned());
        is_new
    }
}

/// Doubled so often, but no longer than `longest`, unless it was longer to begin with.
fn doubled(every: Duration, times: u32, longest: Duration) -> Duration {
    let longest = longest.max(every);
    every.checked_mul(1 << times.min(16)).map_or(longest, |pause| pause.min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(2);

    #[test]
    fn each_version_is_acted_on_once() {
        let (mut watch, now) = (Watch::new(EVERY), Instant::now());
        assert!(watch.sees("1", now), "at the start");
        assert!(!watch.worked("1"), "no trouble has ended");
        assert!(!watch.sees("1", now) && !watch.rests());
        assert!(watch.sees("2", now), "it has moved");
        watch.worked("2");
        assert!(watch.sees("1", now), "it has moved back");
    }

    #[test]
    fn a_registry_that_is_down_is_told_once_and_looked_at_less_often() {
        let (mut watch, now) = (Watch::new(EVERY), Instant::now());
        watch.sees("1", now);
        watch.worked("1");
        let mut pauses = Vec::new();
        let told: Vec<bool> = (0..5)
            .map(|_| {
                let told = watch.cannot_look("down");
                pauses.push(watch.pause().as_secs());
                told
            })
            .collect();
        assert_eq!(told, [true, false, false, false, false]);
        assert_eq!(pauses, [4, 5, 5, 5, 5]);
        assert!(watch.cannot_look("denied"), "another failure is news");
        assert!(!watch.sees("1", now));
        assert!(watch.rests(), "it is back");
        assert!(!watch.rests() && watch.pause() == EVERY);
    }

    #[test]
    fn a_version_that_cannot_be_published_is_tried_again_later_and_another_one_at_once() {
        let (mut watch, now) = (Watch::new(EVERY), Instant::now());
        assert!(watch.sees("1", now) && watch.failed("1", "store down", now));
        assert!(!watch.sees("1", now + EVERY / 2) && !watch.rests(), "nothing has ended");
        assert!(watch.sees("1", now + EVERY) && !watch.failed("1", "store down", now + EVERY), "told once");
        assert!(!watch.sees("1", now + EVERY * 2) && watch.sees("1", now + EVERY * 3));
        assert!(watch.sees("2", now + EVERY * 2), "it has moved");
        assert!(watch.worked("2") && !watch.sees("2", now + EVERY * 2));
        // Many failures never add up to more than a minute.
        for _ in 0..40 {
            watch.failed("3", "store down", now);
        }
        assert!(watch.sees("3", now + LONGEST_ACT) && !watch.sees("3", now + LONGEST_ACT / 2));
        assert_eq!(Watch::new(Duration::from_secs(90)).pause(), Duration::from_secs(90), "as was asked for");
    }
}
