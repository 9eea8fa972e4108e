//! How many tests a runner says it ran: a green runner that ran none has proved nothing.

use anyhow::{Result, bail};

/// Refuses a log in which no test passed.
///
/// # Errors
/// When the runner's own counts add up to nothing.
pub(super) fn require_tests(log: &str) -> Result<()> {
    if passed(log) == 0 {
        bail!("the runner succeeded without running a single test");
    }
    Ok(())
}

/// Adds up `test result: ok. 3 passed; ...` (Rust, wasm-pack) and `ℹ pass 3` (Node).
fn passed(log: &str) -> usize {
    log.lines()
        .filter_map(|line| {
            let line = line.trim();
            let count = if let Some(result) = line.strip_prefix("test result: ") {
                result.split_once(". ")?.1.split_once(" passed")?.0
            } else {
                line.strip_prefix("ℹ pass ")?
            };
            count.trim().parse::<usize>().ok()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::{passed, require_tests};

    #[test]
    fn counts_of_every_runner_are_read() {
        for (log, expected) in [
            ("running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored\n", 2),
            ("test result: ok. 0 passed; 0 failed\ntest result: ok. 7 passed; 0 failed\n", 7),
            ("✔ answers\nℹ tests 3\nℹ pass 3\nℹ fail 0\n", 3),
            ("no tests to run!\n", 0),
            ("", 0),
        ] {
            assert_eq!(passed(log), expected, "{log:?}");
        }
    }

    #[test]
    fn a_green_runner_without_tests_is_refused() {
        assert!(require_tests("ℹ tests 0\nℹ pass 0\n").is_err());
        assert!(require_tests("test result: ok. 1 passed; 0 failed\n").is_ok());
    }
}
