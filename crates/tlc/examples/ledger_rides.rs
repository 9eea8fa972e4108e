//! Prints the rides of the parity ledger, real ones and odd ones, with bits of 0 for the ledger's test to fill in:
//!
//! ```sh
//! cargo run --release -p curbside-tlc --example ledger_rides > tests/parity/ledger.csv
//! CURBSIDE_BLESS=1 cargo test -p curbside --test native parity
//! ```
//!
//! The real ones are every n-th ride of three months; the odd ones are made where formats and features have their edges.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a native program with files")]

use std::error::Error;
use std::io::Write;

use curbside_tlc::{ReadOptions, data_dir, read_month};

const MONTHS: [&str; 3] =
    ["green_tripdata_2021-02.parquet", "green_tripdata_2020-07.csv.gz", "green_tripdata_2024-03.parquet"];
const RIDES_OF_A_MONTH: usize = 600;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "pu,do,trip_distance,pickup_datetime,bits")?;
    let data = data_dir().ok_or("expected the TLC's files in CURBSIDE_DATA or ../shared/data, found no such folder")?;
    for month in MONTHS {
        let rides = read_month(&data.join(month), &ReadOptions::default())?.rides;
        for ride in rides.iter().step_by(rides.len() / RIDES_OF_A_MONTH).filter(|ride| ride.trip_distance <= 100.0) {
            let (pu, to, miles) = (ride.pu_location_id, ride.do_location_id, ride.trip_distance);
            writeln!(out, "{pu},{to},{miles},{},0", ride.pickup.format("%Y-%m-%dT%H:%M:%S"))?;
        }
    }
    for (pu, to, miles, pickup) in odd_rides() {
        writeln!(out, "{pu},{to},{miles},{pickup},0")?;
    }
    Ok(())
}

/// Pickup zone, drop-off zone, JSON text of the miles (empty: not given), time of pickup.
type OddRide = (u16, u16, String, &'static str);

fn odd_rides() -> Vec<OddRide> {
    // Spellings of numbers that a careless reader takes for a neighbour, edges of the ranges, and both kinds of missing.
    let miles = [
        "",
        "0",
        "-0.0",
        "0.0",
        "5e-324",
        "1e-35",
        "0.1",
        "0.30000000000000004",
        "1.0000000000000002",
        "2.2250738585072011e-308",
        "3.6599999999999997",
        "3.66",
        "3.6600000000000001",
        "9.4999999999999991",
        "9.5",
        "12.345678901234567",
        "49.999999999999993",
        "50",
        "50.000000000000007",
        "99.999999999999986",
        "100",
        "1e1",
        "1E+1",
        "0.1e2",
        "17.499999999999999999999999999999",
        "8.98846567431158e-10",
    ];
    // Midnight, both sides of both switches of New York's clocks, holidays, leap days, the first and last years.
    let pickups = [
        "2021-02-03T08:30",
        "2021-02-03T00:00",
        "2021-02-03T23:59:59",
        "2021-02-03T08:30:00-05:00",
        "2021-03-14T01:59",
        "2021-03-14T06:59:59Z",
        "2021-03-14T07:00:00Z",
        "2021-11-07T05:59:00Z",
        "2021-11-07T06:00:00Z",
        "2021-07-04T12:00",
        "2020-02-29T12:00",
        "2021-06-19T09:15",
        "2020-06-19T09:15",
        "2024-11-28T18:00",
        "2007-01-01T00:00",
        "2099-12-31T23:59",
        "2021-12-31T23:59:59-05:00",
        "2022-01-01T04:59:59.999Z",
        "2021-05-31T17:45:00+14:00",
    ];
    // A common pair, airports, one zone, the zones whose shapes share a number, zones without a place, the first and last.
    let zones = [
        (130, 205),
        (132, 230),
        (138, 138),
        (74, 74),
        (56, 57),
        (103, 105),
        (264, 265),
        (265, 74),
        (1, 263),
        (75, 264),
    ];
    let mut rides = Vec::new();
    for (index, distance) in miles.iter().enumerate() {
        for (at, (pu, to)) in zones.iter().enumerate() {
            let pickup = pickups[(index * 7 + at * 3) % pickups.len()];
            rides.push((*pu, *to, (*distance).to_owned(), pickup));
        }
    }
    for (index, pickup) in pickups.iter().enumerate() {
        for (pu, to) in zones {
            rides.push((pu, to, miles[(index * 5 + usize::from(pu)) % miles.len()].to_owned(), *pickup));
        }
    }
    rides
}
