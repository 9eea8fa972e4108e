//! Time as the comparison takes it: CPU time of this thread for loops, the wall's for single calls with cold caches.

use std::hint::black_box;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds a turn of `run`, by CPU time: as many turns as last for about `milliseconds`.
pub(crate) fn loop_cost(milliseconds: f64, mut run: impl FnMut()) -> f64 {
    let mut turns = 1_u32;
    loop {
        let began = cpu_nanoseconds();
        for _ in 0..turns {
            run();
        }
        let took = cpu_nanoseconds() - began;
        if took >= milliseconds * 0.5e6 {
            return took / f64::from(turns);
        }
        turns = turns.saturating_mul(2);
    }
}

/// Wall nanoseconds of single calls, each after `buffer` went through the caches, less what the clock itself takes then.
pub(crate) fn cold_costs(samples: usize, buffer: &mut [u64], mut run: impl FnMut()) -> Vec<f64> {
    let mut sample = |run: &mut dyn FnMut()| {
        evict(buffer);
        let began = Instant::now();
        run();
        began.elapsed().as_secs_f64() * 1e9
    };
    let empty = median((0..samples.min(15)).map(|_| sample(&mut || ())).collect());
    (0..samples).map(|_| (sample(&mut run) - empty).max(0.0)).collect()
}

/// Reads and writes a word of every line of the cache.
fn evict(buffer: &mut [u64]) {
    for line in buffer.chunks_mut(8) {
        line[0] = line[0].wrapping_add(1);
    }
    black_box(buffer);
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[allow(clippy::cast_precision_loss, reason = "seconds of a process fit a double")]
fn cpu_nanoseconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

#[cfg(test)]
mod tests {
    use super::{cold_costs, loop_cost};

    #[test]
    fn every_call_is_counted() {
        let mut turns = 0_u32;
        assert!(loop_cost(1.0, || turns += 1) > 0.0);
        assert!(turns > 100, "{turns}");
        let mut calls = 0;
        assert_eq!(cold_costs(20, &mut [0; 64], || calls += 1).len(), 20);
        assert_eq!(calls, 20);
    }
}
