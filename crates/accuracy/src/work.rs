//! Long tasks on two threads: LightGBM runs on one, so that its sums have one order.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Result, anyhow};

/// As many as the smallest machine this is run on has cores.
const THREADS: usize = 2;

/// Something to do, with a name for who waits.
pub(crate) struct Task<'a, T> {
    pub(crate) name: String,
    pub(crate) run: Box<dyn FnOnce() -> Result<T> + Send + 'a>,
}

impl<'a, T> Task<'a, T> {
    pub(crate) fn new(name: impl Into<String>, run: impl FnOnce() -> Result<T> + Send + 'a) -> Task<'a, T> {
        Task { name: name.into(), run: Box::new(run) }
    }
}

/// Does all tasks, begun in their order, and gives the results in the same order. Says on stderr what begins and ends.
///
/// # Errors
/// The first failure; what was not begun by then is left.
pub(crate) fn run<T: Send>(tasks: Vec<Task<'_, T>>) -> Result<Vec<T>> {
    let count = tasks.len();
    let waiting: Mutex<VecDeque<(usize, Task<'_, T>)>> = Mutex::new(tasks.into_iter().enumerate().collect());
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::new());
    let failed: Mutex<Option<anyhow::Error>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..THREADS.min(count) {
            scope.spawn(|| {
                loop {
                    let Some((index, Task { name, run })) = locked(&waiting).pop_front() else { return };
                    let begun = Instant::now();
                    eprintln!("[{}/{count}] {name} ...", index + 1);
                    match run() {
                        Ok(result) => {
                            eprintln!("[{}/{count}] {name}: {:.0} s", index + 1, begun.elapsed().as_secs_f64());
                            locked(&done).push((index, result));
                        }
                        Err(error) => {
                            locked(&waiting).clear();
                            locked(&failed).get_or_insert(error.context(name));
                        }
                    }
                }
            });
        }
    });
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    if done.len() != count {
        return Err(anyhow!("expected {count} results, found {}: a task panicked", done.len()));
    }
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// Whoever panicked held the lock for a push or a pop, which are whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn results_keep_their_order_and_a_failure_is_told() {
        let squares = |fails: usize| {
            let task = |number: usize| {
                Task::new(
                    number.to_string(),
                    move || if number == fails { bail!("no square") } else { Ok(number * number) },
                )
            };
            run((0..9).map(task).collect())
        };
        assert_eq!(squares(9).unwrap(), [0, 1, 4, 9, 16, 25, 36, 49, 64]);
        assert_eq!(format!("{:#}", squares(4).unwrap_err()), "4: no square");
    }
}
