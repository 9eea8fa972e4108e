//! Any body under a right seal is an error or a working model, with tables as without. Begin with the bundle of the browser tests:
//!
//! ```sh
//! mkdir -p fuzz/corpus/open && tail -c +49 tests/web/small.curb.raw > fuzz/corpus/open/small
//! cargo +nightly fuzz run open -- -max_total_time=600 -rss_limit_mb=512
//! ```
#![no_main]

use curbside::bundle::{FORMAT_VERSION, MAGIC};
use curbside::trip::Pickup;
use curbside::{Estimator, Trip};
use libfuzzer_sys::fuzz_target;
use sha2::Digest;

/// With a background and without.
const SECTIONS: [u16; 2] = [9, 8];

fuzz_target!(|body: &[u8]| {
    SECTIONS.into_iter().for_each(|sections| open(body, sections));
});

fn open(body: &[u8], sections: u16) {
    let Ok(length) = u32::try_from(body.len()) else { return };
    let mut bytes = Vec::with_capacity(48 + body.len());
    bytes.extend(MAGIC);
    bytes.extend(FORMAT_VERSION.to_le_bytes());
    bytes.extend(sections.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(sha2::Sha256::digest(body));
    bytes.extend(body);
    let Ok(estimator) = Estimator::open(&bytes) else { return };
    let mut prepared = estimator.clone();
    prepared.prepare();
    for (pu, to, miles) in [(130, 132, Some(6.25)), (264, 265, None), (1, 1, Some(0.0)), (132, 130, Some(99.0))] {
        for pickup in [Pickup::Local(26_872_350), Pickup::Utc(26_872_350)] {
            let Ok(trip) = Trip::new(pu, to, miles, pickup) else { panic!("a ride that is right was refused") };
            let estimate = estimator.estimate(&trip);
            assert_eq!(prepared.estimate(&trip), estimate);
            let explained = estimator.explain(&trip).map(|explanation| explanation.clipped);
            assert_eq!(explained.is_ok(), estimator.explains().is_ok());
            let (low, high) = estimate.interval.map_or((estimate.duration, estimate.duration), |i| (i.low, i.high));
            assert!(estimator.target().low <= low && low <= estimate.duration);
            assert!(estimate.duration <= high && high <= estimator.target().high);
            assert!((0.0..=100.0).contains(&estimate.trip_distance));
        }
    }
}
