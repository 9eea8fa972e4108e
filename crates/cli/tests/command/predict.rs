//! `curbside predict`.

use curbside::trip::parse_pickup;
use curbside::{Estimator, Trip};

use crate::{Desk, bundle_bytes, outcome, support};

const RIDE: [&str; 9] = ["predict", "--pu", "130", "--do", "132", "--distance", "6.25", "--at", "2021-02-03T08:30"];

#[test]
fn a_ride_is_answered_with_the_bits_of_the_estimator() {
    let desk = Desk::new();
    let found = desk.run(&[&RIDE[..], &["--model", "good.curb", "--json"]].concat()).json();
    let estimator = Estimator::open(&bundle_bytes()).unwrap();
    let trip = Trip::new(130, 132, Some(6.25), parse_pickup("2021-02-03T08:30").unwrap()).unwrap();
    let expected = estimator.estimate(&trip);
    let interval = expected.interval.unwrap();
    let numbers = [("duration", expected.duration), ("duration_low", interval.low), ("duration_high", interval.high)];
    for (name, number) in numbers {
        assert_eq!(found[name].as_f64().unwrap().to_bits(), number.to_bits(), "{name}");
    }
    assert_eq!(found["coverage"], 0.8);
    assert_eq!(found["unit"], "minutes");
    assert_eq!(found["pickup"]["name"], "Jamaica");
    assert_eq!(found["dropoff"]["name"], "JFK Airport");
    assert_eq!(found["pickup_datetime"], "2021-02-03T08:30");
    assert_eq!(found["assumed"], serde_json::json!({}));
    assert_eq!(found["warnings"], serde_json::json!([]));
    assert_eq!(found["model"], "test");
}

#[test]
fn a_person_reads_a_sentence() {
    let desk = Desk::new();
    let told = desk.run(&[&RIDE[..], &["--model", "good.curb"]].concat());
    assert_eq!((told.code, told.stderr.as_str()), (0, ""));
    // The trees say 8 + 4.5 + 2.125 + 0.1 = 14.725, which the correction makes 0.25 + 1.125 x 14.725 = 16.816. The scale is
    // 1 + 0.5, so the ends are 16.816 - 1.5 x 1.5 = 14.566 and 16.816 + 2 x 1.5 = 19.816, rounded outward.
    assert!(told.stdout.starts_with("17 minutes, 14 to 20: 4 of 5 rides fall in it\n"), "{}", told.stdout);
    assert!(told.stdout.contains("  ride      Jamaica (Queens) to JFK Airport (Queens)\n"), "{}", told.stdout);
    assert!(told.stdout.contains("6.25 miles (as given)"), "{}", told.stdout);
    assert!(told.stdout.contains("2021-02-03 08:30 in New York (as given)"), "{}", told.stdout);
    assert!(!told.stdout.contains("warning"), "{}", told.stdout);
}

#[test]
fn an_interval_that_ends_where_the_numbers_do_says_that_it_may_be_more() {
    let desk = Desk::new();
    let mut bundle = support::bundle(support::ensemble());
    // The ride above ends at 19.816.
    bundle.target.high = 18.0;
    support::answer_golden_rides(&mut bundle);
    desk.write("short.curb", &bundle.to_bytes().unwrap());
    let told = desk.run(&[&RIDE[..], &["--model", "short.curb"]].concat());
    assert!(told.stdout.starts_with("17 minutes, 14 to 18 or more: 4 of 5 rides fall in it\n"), "{}", told.stdout);
}

#[test]
fn a_bundle_without_an_interval_says_nothing_of_one() {
    let desk = Desk::new();
    let mut bundle = support::bundle(support::ensemble());
    bundle.calibration.interval = None;
    support::answer_golden_rides(&mut bundle);
    desk.write("plain.curb", &bundle.to_bytes().unwrap());
    let found = desk.run(&[&RIDE[..], &["--model", "plain.curb", "--json"]].concat()).json();
    for name in ["duration_low", "duration_high", "coverage"] {
        assert!(found.get(name).is_none(), "{found}");
    }
    let told = desk.run(&[&RIDE[..], &["--model", "plain.curb"]].concat()).stdout;
    assert!(told.lines().next().unwrap().ends_with(" minutes"), "{told}");
}

#[test]
fn what_is_assumed_and_what_is_doubtful_is_said() {
    let desk = Desk::new();
    let found = desk.run(&["predict", "--pu", "130", "--do", "264", "--model", "good.curb", "--json"]).json();
    assert_eq!(found["assumed"]["trip_distance"], found["trip_distance"]);
    assert_eq!(found["assumed"]["pickup_datetime"], found["pickup_datetime"]);
    let codes: Vec<&str> = found["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["UNSEEN_ZONE_PAIR", "ZONE_WITHOUT_PLACE"]);
    let told = desk.run(&["predict", "--pu", "130", "--do", "264", "--distance", "0", "--model", "good.curb"]);
    for part in ["assumed: estimated from the map", "assumed: now", "warning   TRIP_DISTANCE_IGNORED: "] {
        assert!(told.stdout.contains(part), "{part}: {}", told.stdout);
    }
}

#[test]
fn an_instant_is_read_as_new_york_sees_it() {
    let desk = Desk::new();
    let at = |time| {
        let ride = ["predict", "--pu", "130", "--do", "132", "--distance", "6.25", "--model", "good.curb", "--json"];
        desk.run(&[&ride[..], &["--at", time]].concat()).json()
    };
    // Half past one in the afternoon of UTC is half past eight in New York's winter.
    assert_eq!(at("2021-02-03T13:30:00Z"), at("2021-02-03T08:30"));
}

#[test]
fn a_ride_that_cannot_be_scored_names_the_field_and_the_argument() {
    let desk = Desk::new();
    let rows = [
        (["0", "1", "1", "2021-02-03T08:30"], "PU_LOCATION_ID_RANGE", "PULocationID", "--pu: "),
        (["266", "1", "1", "2021-02-03T08:30"], "PU_LOCATION_ID_RANGE", "PULocationID", "--pu: "),
        (["130.0", "1", "1", "2021-02-03T08:30"], "PU_LOCATION_ID_TYPE", "PULocationID", "--pu: "),
        (["", "1", "1", "2021-02-03T08:30"], "PU_LOCATION_ID_TYPE", "PULocationID", "--pu: "),
        (["1", "-5", "1", "2021-02-03T08:30"], "DO_LOCATION_ID_TYPE", "DOLocationID", "--do: "),
        (["1", "Jamaica", "1", "2021-02-03T08:30"], "DO_LOCATION_ID_TYPE", "DOLocationID", "--do: "),
        (["1", "2", "-5", "2021-02-03T08:30"], "TRIP_DISTANCE_RANGE", "trip_distance", "--distance: "),
        (["1", "2", "100.5", "2021-02-03T08:30"], "TRIP_DISTANCE_RANGE", "trip_distance", "--distance: "),
        (["1", "2", "NaN", "2021-02-03T08:30"], "TRIP_DISTANCE_RANGE", "trip_distance", "--distance: "),
        (["1", "2", "inf", "2021-02-03T08:30"], "TRIP_DISTANCE_RANGE", "trip_distance", "--distance: "),
        (["1", "2", "far", "2021-02-03T08:30"], "TRIP_DISTANCE_TYPE", "trip_distance", "--distance: "),
        (["1", "2", "3,66", "2021-02-03T08:30"], "TRIP_DISTANCE_TYPE", "trip_distance", "--distance: "),
        (["1", "2", "1", "tomorrow"], "PICKUP_DATETIME_FORMAT", "pickup_datetime", "--at: "),
        (["1", "2", "1", "2021-02-30T08:30"], "PICKUP_DATETIME_FORMAT", "pickup_datetime", "--at: "),
        (["1", "2", "1", "1999-12-31T23:59"], "PICKUP_DATETIME_RANGE", "pickup_datetime", "--at: "),
    ];
    let mut wrong = Vec::new();
    for (values, code, field, argument) in rows {
        let [pu, to, distance, at] = values;
        let arguments = ["predict", "--pu", pu, "--do", to, "--distance", distance, "--at", at, "--model", "good.curb"];
        let told = desk.run(&arguments);
        let found = desk.run(&[&arguments[..], &["--json"]].concat());
        let error = found.error();
        let message = error["message"].as_str().unwrap();
        let right = (told.code, found.code) == (2, 2)
            && told.stderr == format!("error: {message}\n")
            && (error["code"] == code && error["field"] == field)
            && message.starts_with(&format!("{argument}{field}: expected "))
            && message.contains(", found ");
        if !right {
            wrong.push(format!("{values:?}: expected {code}, found {error} and exit {}", found.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_model_comes_from_the_argument_the_environment_or_the_repository_around() {
    let desk = Desk::new();
    let without = desk.run(&[&RIDE[..], &["--json"]].concat());
    assert_eq!((without.code, &without.error()["field"]), (2, &"--model".into()));

    let mut command = desk.command(&RIDE);
    assert_eq!(outcome(command.env("CURBSIDE_MODEL", "good.curb")).code, 0);
    assert_eq!(outcome(command.args(["--model", "absent.curb"])).code, 1, "the argument comes first");

    std::fs::create_dir_all(desk.path("models")).unwrap();
    std::fs::create_dir_all(desk.path("deep/er")).unwrap();
    std::fs::copy(desk.path("good.curb"), desk.path("models/green-tripdata-duration.curb")).unwrap();
    assert_eq!(outcome(desk.command(&RIDE).current_dir(desk.path("deep/er"))).code, 0);
}

#[test]
fn in_the_repository_the_shipped_bundle_answers() {
    let desk = Desk::new();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let ride = ["predict", "--pu", "130", "--do", "205", "--distance", "3.66", "--at", "2021-02-03T08:30", "--json"];
    let found = outcome(desk.command(&ride).current_dir(root)).json();
    let shipped = curbside_publish::BundleFile::open(&root.join("models/green-tripdata-duration.curb")).unwrap();
    let trip = Trip::new(130, 205, Some(3.66), parse_pickup("2021-02-03T08:30").unwrap()).unwrap();
    let expected = shipped.estimator().unwrap().estimate(&trip).duration;
    assert_eq!(found["duration"].as_f64().unwrap().to_bits(), expected.to_bits());
    assert_eq!(found["dropoff"]["name"], "Saint Albans");
    assert_eq!(outcome(desk.command(&["verify", "models/green-tripdata-duration.curb"]).current_dir(root)).code, 0);
}

#[test]
fn an_explanation_adds_up_to_the_estimate() {
    let desk = Desk::new();
    let explain = [&RIDE[..], &["--explain", "--model", "good.curb"]].concat();
    let found = desk.run(&[&explain[..], &["--json"]].concat()).json();
    let explanation = &found["explanation"];
    assert_eq!((&explanation["space"], &explanation["unit"]), (&"target".into(), &"minutes".into()));
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let parts = explanation["contributions"].as_array().unwrap();
    let sum: f64 = number(&explanation["base_value"]) + parts.iter().map(|part| number(&part["amount"])).sum::<f64>();
    assert!((sum - number(&found["duration"])).abs() < 1e-9, "{found}");
    assert!((sum - number(&explanation["sum"])).abs() < 1e-12 && explanation["clipped"] == false, "{found}");
    for part in parts {
        let columns = part["columns"].as_array().unwrap();
        let whole: f64 = columns.iter().map(|column| number(&column["amount"])).sum();
        assert!(!columns.is_empty() && (whole - number(&part["amount"])).abs() < 1e-12, "{part}");
    }
    // As without.
    assert!(desk.run(&[&RIDE[..], &["--model", "good.curb", "--json"]].concat()).json()["explanation"].is_null());

    let told = desk.run(&explain).stdout;
    let lines: Vec<&str> = told.lines().skip_while(|line| !line.starts_with("  why       minutes")).collect();
    assert_eq!(lines.len(), parts.len() + 3, "{told}");
    assert!(lines[1].ends_with("  an average ride") && lines.last().unwrap().ends_with("16.82  this ride"), "{told}");
    assert!(lines[2].contains(parts[0]["words"].as_str().unwrap()), "{told}");
}

#[test]
fn a_bundle_that_cannot_be_explained_says_why() {
    let desk = Desk::new();
    for (name, model, code) in [
        ("linear-leaves.curb", support::linear_leaves(), "LINEAR_LEAVES"),
        ("without.curb", support::ensemble(), "NO_BACKGROUND"),
    ] {
        let mut bundle = support::bundle(model);
        bundle.background = None;
        desk.write(name, &bundle.to_bytes().unwrap());
        let refused = desk.run(&[&RIDE[..], &["--explain", "--json", "--model", name]].concat());
        assert!(refused.code != 0 && (refused.stdout.clone() + &refused.stderr).contains(code), "{}", refused.stderr);
        assert_eq!(desk.run(&[&RIDE[..], &["--model", name]].concat()).code, 0);
    }
}
