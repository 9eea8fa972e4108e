//! `curbside recalibrate`: from a bundle and simulated months to a bundle that promises what it keeps.

use std::fs;

use crate::{Desk, support};

fn simulate(desk: &Desk, month: &str, seed: &str) -> String {
    let file = format!("green_tripdata_simulated_{month}.parquet");
    let simulated = desk.run(&["simulate", "--month", month, "--rides", "3000", "--seed", seed, "--out", &file]);
    assert_eq!((simulated.code, simulated.stderr.as_str()), (0, ""));
    file
}

/// A line over the distance, with an interval.
fn write_base(desk: &Desk) {
    desk.write("base.curb", &curbside_publish::pack(&support::bundle(support::linear()).to_bytes().unwrap()));
}

#[test]
fn later_months_make_a_bundle_that_keeps_its_promise() {
    let desk = Desk::new();
    write_base(&desk);
    let (february, march) = (simulate(&desk, "2021-02", "2"), simulate(&desk, "2021-03", "3"));
    let arguments = ["recalibrate", "base.curb", "--on", &february, "--validate", &march, "--coverage", "0.9"];
    let arguments = [&arguments[..], &["--out", "new.curb"]].concat();
    let made = desk.run(&[&arguments[..], &["--json"]].concat()).json();
    let card = &made["card"];
    assert_eq!((&card["version"], &card["created"]), (&"1+2021-02".into(), &"2021-02-28".into()));
    assert_eq!(
        card["command"],
        "cargo curbside recalibrate models/base.curb --on \"$CURBSIDE_DATA/green_tripdata_simulated_2021-02.parquet\" \
         --validate \"$CURBSIDE_DATA/green_tripdata_simulated_2021-03.parquet\" --coverage 0.9 --out models/new.curb"
    );
    let covered = card["interval"]["covered"].as_f64().unwrap();
    assert!((covered - 0.9).abs() < 0.03, "{covered}");
    assert_eq!(made["calibration"]["interval"]["coverage"], 0.9);
    assert_eq!(made["calibration"]["interval"]["scale"]["trees"], 2);
    // What was written is what was told, and predicts with the new interval.
    assert_eq!(desk.run(&["verify", "new.curb", "--json"]).json()["sha256"], made["sha256"]);
    let beside: serde_json::Value = serde_json::from_slice(&fs::read(desk.path("new.card.json")).unwrap()).unwrap();
    assert_eq!(&beside, card);
    let found = desk.run(&["predict", "--pu", "130", "--do", "132", "--model", "new.curb", "--json"]).json();
    assert_eq!(found["coverage"], 0.9);
    // For a person, and again: the same bytes, with progress on stderr.
    let first = fs::read(desk.path("new.curb")).unwrap();
    let told = desk.run(&arguments);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(told.stderr.contains("green_tripdata_simulated_2021-02.parquet: "), "{}", told.stderr);
    for part in ["test 1+2021-02: ", "  correction: ", "9 of 10 rides, a scale of 2 trees", "% of ", "(90 % promised)"]
    {
        assert!(told.stdout.contains(part), "{part}: {}", told.stdout);
    }
    assert_eq!(fs::read(desk.path("new.curb")).unwrap(), first);
    let inspected = desk.run(&["inspect", "new.curb"]).stdout;
    for part in
        ["  calibrated on green_tripdata_simulated_2021-02.parquet: ", "  model of: 1 (sha256 ", "note: Recalibrated: "]
    {
        assert!(inspected.contains(part), "{part}: {inspected}");
    }
}

#[test]
fn what_cannot_be_recalibrated_is_refused_and_nothing_is_written() {
    let desk = Desk::new();
    write_base(&desk);
    let february = simulate(&desk, "2021-02", "2");
    let few = desk.run(&["simulate", "--month", "2021-03", "--rides", "900", "--out", "few_2021-03.parquet"]);
    assert_eq!(few.code, 0);
    desk.write("text.parquet", b"not a trip file");
    let rows: [(&[&str], i32, &str); 11] = [
        (&["base.curb"], 2, "USAGE"),
        (&["--on", &february], 2, "USAGE"),
        (&["base.curb", "--on", &february, "--coverage", "1"], 2, "USAGE"),
        (&["base.curb", "--on", &february, "--coverage", "-0.8"], 2, "USAGE"),
        (&["base.curb", "--on", &february, "--coverage", "NaN"], 2, "USAGE"),
        (&["absent.curb", "--on", &february], 1, "FILE_READ"),
        (&["text.parquet", "--on", &february], 1, "BUNDLE_NOT_RECOGNISED"),
        (&["base.curb", "--on", "absent.parquet"], 1, "TLC_IO"),
        (&["base.curb", "--on", "text.parquet"], 1, "TLC_UNKNOWN_FORMAT"),
        (&["base.curb", "--on", "few_2021-03.parquet"], 1, "EVALUATE_TOO_FEW_RIDES"),
        (&["base.curb", "--on", &february, "--validate", &february], 1, "EVALUATE_LEAKAGE"),
    ];
    for (arguments, exit, code) in rows {
        let found = desk.run(&[&["recalibrate", "--out", "out.curb", "--json"], arguments].concat());
        assert_eq!((found.code, &found.error()["code"]), (exit, &code.into()), "{arguments:?}");
        assert!(!desk.path("out.curb").exists());
    }
    let unwritable =
        desk.run(&["recalibrate", "base.curb", "--on", &february, "--out", "text.parquet/out.curb", "--json"]);
    assert_eq!((unwritable.code, &unwritable.error()["code"]), (1, &"EVALUATE_WRITE".into()));
}
