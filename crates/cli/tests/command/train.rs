//! `curbside train`, in a build that has it: from simulated months to a bundle that predicts.

use std::fs;

use crate::Desk;

fn simulate(desk: &Desk, month: &str, seed: &str) -> String {
    let file = format!("green_tripdata_simulated_{month}.parquet");
    let simulated = desk.run(&["simulate", "--month", month, "--rides", "3000", "--seed", seed, "--out", &file]);
    assert_eq!((simulated.code, simulated.stderr.as_str()), (0, ""));
    file
}

#[test]
fn months_become_a_bundle_that_predicts_and_the_same_months_the_same_bytes() {
    let desk = Desk::new();
    let (january, february) = (simulate(&desk, "2021-01", "1"), simulate(&desk, "2021-02", "2"));
    for (model, kind) in [("gbdt", "ensemble"), ("linear", "linear")] {
        let out = format!("models/{model}.curb");
        let arguments = ["train", "--model", model, "--zones", "grid", "--from", &january, "--validate", &february];
        let arguments = [&arguments[..], &["--name", "simulated", "--out", &out, "--json"]].concat();
        let trained = desk.run(&arguments).json();
        assert_eq!((&trained["card"]["name"], &trained["card"]["version"]), (&"simulated".into(), &"2021-01".into()));
        assert!(trained["card"]["test"]["rides"].as_u64().unwrap() > 2000, "{trained}");
        let first = fs::read(desk.path(&out)).unwrap();
        assert_eq!(desk.run(&["verify", &out, "--json"]).json()["sha256"], trained["sha256"]);
        assert_eq!(desk.run(&["inspect", &out, "--json"]).json()["model"]["kind"], kind);
        let predicted =
            desk.run(&["predict", "--pu", "10", "--do", "50", "--distance", "4", "--model", &out, "--json"]);
        assert!((1.0..=60.0).contains(&predicted.json()["duration"].as_f64().unwrap()));
        assert!(fs::read(desk.path(&out).with_extension("card.json")).is_ok());
        // Again, from another folder: neither the clock nor the place is in the file.
        fs::create_dir_all(desk.path("elsewhere")).unwrap();
        let again = ["train", "--model", model, "--zones", "grid", "--name", "simulated"];
        let (january, february) = (format!("../{january}"), format!("../{february}"));
        let again = [&again[..], &["--out", &out, "--from", &january, "--validate", &february]].concat();
        let told = crate::outcome(desk.command(&again).current_dir(desk.path("elsewhere")));
        assert_eq!(told.code, 0, "{}", told.stderr);
        // For a person there is progress on stderr, as there is none beside JSON.
        assert!(told.stderr.contains("bundle: "), "{}", told.stderr);
        assert_eq!(fs::read(desk.path("elsewhere").join(&out)).unwrap(), first, "{model}");
    }
}

#[test]
fn what_cannot_be_trained_on_is_refused() {
    let desk = Desk::new();
    let january = simulate(&desk, "2021-01", "1");
    desk.write("text.parquet", b"not a trip file");
    let rows: [(&[&str], i32, &str); 5] = [
        (&["--from", "absent.parquet"], 1, "TLC_IO"),
        (&["--from", "text.parquet"], 1, "TLC_UNKNOWN_FORMAT"),
        (&["--from", &january, "--validate", &january], 1, "EVALUATE_LEAKAGE"),
        (&["--from", &january, "--model", "forest"], 2, "USAGE"),
        (&["--validate", &january], 2, "USAGE"),
    ];
    for (arguments, exit, code) in rows {
        let found = desk.run(&[&["train", "--zones", "grid", "--out", "out.curb", "--json"], arguments].concat());
        assert_eq!((found.code, &found.error()["code"]), (exit, &code.into()), "{arguments:?}");
        assert!(!desk.path("out.curb").exists());
    }
}
