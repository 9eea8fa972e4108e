//! Models of data frames with columns of pandas' `category` type, on the values themselves.

// Native: reads files, and a failed step is a failed test.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

#[allow(dead_code, reason = "shared with the tests of other formats, which use more of it")]
mod golden;

use curbside::Limits;
use curbside_import::{Options, read};

fn file(name: &str) -> Vec<u8> {
    std::fs::read(golden::path(&format!("frames/{name}"))).unwrap()
}

fn refused(bytes: &[u8]) -> String {
    read(bytes, Options::default(), &Limits::default()).map_or_else(|fault| fault.to_string(), |_| "a model".to_owned())
}

#[test]
fn categories_are_asked_for_by_their_values() {
    for name in ["lightgbm_ids.txt", "lightgbm_texts.txt", "xgboost_ids.ubj", "xgboost_texts.json"] {
        let imported = read(&file(name), Options::default(), &Limits::default()).unwrap();
        assert_eq!(imported.feature_names, ["PULocationID", "trip_distance", "hour"]);
        let bytes = file(&format!("{}.rows", name.split('.').next().unwrap()));
        golden::assert_predicts(name, imported, &bytes);
    }
}

#[test]
fn what_does_not_say_which_value_is_which_is_refused() {
    let light = String::from_utf8(file("lightgbm_ids.txt")).unwrap();
    let texts = String::from_utf8(file("lightgbm_texts.txt")).unwrap();
    let infos = light.lines().find(|line| line.starts_with("feature_infos=")).unwrap();
    let (ids, _) = infos.split_once(' ').unwrap();
    let boosted = String::from_utf8(file("xgboost_texts.json")).unwrap();
    let rows = [
        (&light, "[[", "[[\"Queens\", ", "pandas_categorical: expected null or a list of lists"),
        (
            &texts,
            "[[",
            "[[\"Queens\", ",
            "pandas_categorical[0]: expected whole numbers from 0 to 2097119, or texts of them",
        ),
        (&light, "[[", "[[0.5, ", "pandas_categorical[0]: expected whole numbers from 0 to 2097119"),
        (&light, "[[", "[[1], [", "feature_infos: expected 3 categorical columns"),
        (&light, "pandas_categorical:[[", "pandas_categorical:[[1],[2],[3],[", "feature_infos: expected 5 categorical"),
        (&light, ids, "feature_infos=[0:1]", "feature_infos: expected 2 categorical columns"),
        (&light, ids, "feature_infos=0:a", "feature_infos: expected [low:high], none, or codes"),
        (&light, ids, "feature_infos=0:60", "a value for each code in feature_infos, found 60 of column 0"),
        (
            &boosted,
            "\"enc\":[",
            "\"enc\":[{\"offsets\":[],\"values\":[]},",
            "cats.enc: expected 3, one for each column",
        ),
        (&boosted, "\"values\":[49", "\"values\":[65", "values: expected whole numbers from 0"),
        (&boosted, "\"values\":[49", "\"values\":[-1", "values: expected whole numbers from 0"),
        (&boosted, "\"offsets\":[0,3", "\"offsets\":[0,3000", "offsets: expected places among the values"),
        (&boosted, "\"offsets\":[0,3", "\"size\":1,\"offsets\":[0,3", "enc[0].size: expected a file without this key"),
    ];
    for (text, from, to, words) in rows {
        assert!(text.contains(from), "{from}");
        let found = refused(text.replacen(from, to, 1).as_bytes());
        assert!(found.contains(words), "{to}: expected {words}, found {found}");
    }
}

#[test]
fn codes_that_may_be_a_frames_are_pointed_out() {
    let path = golden::path("xgboost-2.1.4/category_text.json");
    let plain = std::fs::read_to_string(path).unwrap();
    let notes = |text: &str| read(text.as_bytes(), Options::default(), &Limits::default()).unwrap().notes;
    assert_eq!(notes(&plain), [""; 0]);
    let framed = notes(&plain.replace("[\"q\",", "[\"float\","));
    assert!(framed[0].starts_with("Categories of b, c are taken as numbers."), "{framed:?}");
}
