//! `curbside simulate`.

use std::fs;

use crate::Desk;

#[test]
fn the_same_seed_is_the_same_file_and_another_is_not() {
    let desk = Desk::new();
    let simulate = |seed: &str, file: &str| {
        let arguments = ["simulate", "--month", "2021-01", "--rides", "500", "--seed", seed, "--out", file, "--json"];
        desk.run(&arguments).json()
    };
    let (first, again, other) = (simulate("7", "a.parquet"), simulate("7", "b.parquet"), simulate("8", "c.parquet"));
    assert_eq!(first["sha256"], again["sha256"]);
    assert_ne!(first["sha256"], other["sha256"]);
    let read = |file| fs::read(desk.path(file)).unwrap();
    assert_eq!(read("a.parquet"), read("b.parquet"));
    assert_eq!(first["bytes"], read("a.parquet").len());
    assert_eq!((&first["rides"], &first["month"]), (&500.into(), &"2021-01".into()));
    let month = curbside_tlc::read_month(&desk.path("a.parquet"), &curbside_tlc::ReadOptions::default()).unwrap();
    assert!(!month.rides.is_empty() && month.rides.len() <= 500, "{}", month.rides.len());
}

#[test]
fn the_file_has_the_commissions_name_unless_told_otherwise() {
    let desk = Desk::new();
    let told = desk.run(&["simulate", "--month", "2021-02", "--rides", "10"]);
    assert_eq!((told.code, told.stderr.as_str()), (0, ""));
    assert!(desk.path("green_tripdata_simulated_2021-02.parquet").is_file(), "{}", told.stdout);
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let desk = Desk::new();
    fs::write(desk.path("file"), "no folder").unwrap();
    let rows: [(&[&str], i32, &str); 4] = [
        (&["--month", "2021-13"], 2, "USAGE"),
        (&["--month", "January"], 2, "USAGE"),
        (&["--month", "2021-01", "--rides", "-1"], 2, "USAGE"),
        (&["--month", "2021-01", "--out", "file/a.parquet"], 1, "TLC_IO"),
    ];
    for (arguments, exit, code) in rows {
        let found = desk.run(&[&["simulate", "--json"], arguments].concat());
        assert_eq!((found.code, &found.error()["code"]), (exit, &code.into()), "{arguments:?}");
    }
}
