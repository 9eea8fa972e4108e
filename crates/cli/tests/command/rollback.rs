//! `curbside status` and `curbside rollback`, on a folder.

use std::fs;
use std::path::PathBuf;

use crate::{Desk, Outcome, bundle_bytes, support};

/// A desk with a key, and versions published one after the other.
fn desk(versions: &[&str]) -> Desk {
    let desk = Desk::new();
    desk.run(&["keys", "new", "--out", "key.json"]);
    for version in versions {
        let mut bundle = support::bundle(support::ensemble());
        (*version).clone_into(&mut bundle.card.version);
        desk.write("next.curb", &bundle.to_bytes().unwrap());
        assert_eq!(desk.run(&["publish", "next.curb", "--to", "bucket", "--key", "key.json"]).code, 0);
    }
    desk
}

/// The public half of the desk's key.
fn public(desk: &Desk) -> String {
    desk.run(&["keys", "show", "--key", "key.json", "--json"]).json()["public"].as_str().unwrap().to_owned()
}

fn status(desk: &Desk, more: &[&str]) -> Outcome {
    let public = public(desk);
    desk.run(&[&["status", "bucket", "--trust", &public], more].concat())
}

fn champion(desk: &Desk) -> PathBuf {
    desk.path("bucket/models/test/champion.json")
}

#[test]
fn what_is_published_is_shown_and_the_exit_code_says_whether_it_is_good() {
    let desk = desk(&["1", "2"]);
    let good = status(&desk, &[]);
    assert_eq!((good.code, good.stderr.as_str()), (0, ""), "{}", good.stdout);
    for part in [
        "test champion: good",
        "2, sequence 2, published 20",
        "verified",
        "digest right, opens",
        "1, sequence 1, published",
    ] {
        assert!(good.stdout.contains(part), "{part}: {}", good.stdout);
    }
    let told = status(&desk, &["--json"]).json();
    let alias = &told["aliases"][0];
    assert_eq!((&told["ok"], &alias["verified"], &alias["blob"]["whole"]), (&true.into(), &true.into(), &true.into()));
    assert_eq!((&alias["manifest"]["sequence"], &alias["history"][0]["sequence"]), (&2.into(), &1.into()));

    // Nobody is trusted, or a blob is gone: the answer is on stdout all the same.
    let untrusted = desk.run(&["status", "bucket"]);
    assert_eq!((untrusted.code, untrusted.stderr.as_str()), (1, ""));
    assert!(untrusted.stdout.contains("NOT GOOD") && untrusted.stdout.contains("MANIFEST_KEY"), "{}", untrusted.stdout);
    fs::remove_file(desk.path("bucket/models/test").join(alias["manifest"]["url"].as_str().unwrap())).unwrap();
    let lost = status(&desk, &["--json"]);
    assert_eq!((lost.code, lost.stderr.as_str()), (1, ""));
    let lost: serde_json::Value = serde_json::from_str(&lost.stdout).unwrap();
    assert_eq!((&lost["ok"], &lost["aliases"][0]["problems"][0]["code"]), (&false.into(), &"BLOB_MISSING".into()));

    assert_eq!(status(&desk, &["--alias", "challenger", "--json"]).error()["code"], "MANIFEST_MISSING");
    assert_eq!(desk.run(&["status", "nowhere", "--json"]).error()["code"], "FILE_READ");
    assert!(!desk.path("nowhere").exists(), "looking makes nothing");
    assert_eq!(desk.run(&["status", "ftp://x", "--json"]).code, 2);
}

#[test]
fn going_back_is_a_new_publication_and_says_what_was_and_what_is() {
    let desk = desk(&["1", "2", "3"]);
    let back = desk.run(&["rollback", "bucket", "--key", "key.json", "--json"]).json();
    let figures = |name: &str| (back[name]["version"].clone(), back[name]["sequence"].clone());
    assert_eq!(figures("before"), ("3".into(), 3.into()));
    assert_eq!(figures("earlier"), ("2".into(), 2.into()));
    assert_eq!(figures("manifest"), ("2".into(), 4.into()));
    let told = desk.run(&["rollback", "bucket", "--key", "key.json", "--to-version", "1"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    for part in
        ["test is back at 1 in bucket", "was       2, sequence 4", "is        1, sequence 5", "as in     sequence 1"]
    {
        assert!(told.stdout.contains(part), "{part}: {}", told.stdout);
    }
    let by_sequence = desk.run(&["rollback", "bucket", "--key", "key.json", "--to-sequence", "3", "--json"]).json();
    assert_eq!((&by_sequence["manifest"]["version"], &by_sequence["manifest"]["sequence"]), (&"3".into(), &6.into()));
    assert_eq!(status(&desk, &[]).code, 0);

    let before = fs::read(champion(&desk)).unwrap();
    let both = ["rollback", "bucket", "--key", "key.json", "--to-sequence", "1", "--to-version", "1", "--json"];
    let rows: [(&[&str], i32, &str); 4] = [
        (&both, 2, "USAGE"),
        (&["rollback", "bucket", "--key", "key.json", "--to-sequence", "77", "--json"], 1, "ROLLBACK_TARGET"),
        (&["rollback", "bucket", "--key", "key.json", "--alias", "challenger", "--json"], 1, "MANIFEST_MISSING"),
        (&["rollback", "nowhere", "--key", "key.json", "--json"], 1, "FILE_READ"),
    ];
    for (arguments, exit, code) in rows {
        let refused = desk.run(arguments);
        assert_eq!((refused.code, &refused.error()["code"]), (exit, &code.into()), "{arguments:?}");
    }
    // Two models in one store: which one is asked.
    desk.write("other.curb", &bundle_bytes());
    desk.run(&["publish", "other.curb", "--to", "bucket", "--key", "key.json", "--name", "other"]);
    let asked = desk.run(&["rollback", "bucket", "--key", "key.json", "--json"]);
    assert_eq!((asked.code, &asked.error()["field"]), (2, &"--name".into()));
    assert_eq!(fs::read(champion(&desk)).unwrap(), before);
}

#[test]
fn a_publisher_in_the_way_is_named_while_it_is_waited_for() {
    let desk = desk(&["2"]);
    let claims = desk.path("bucket/models/test/champion.claims");
    fs::create_dir_all(&claims).unwrap();
    let text =
        r#"{"sequence": 2, "version": "9", "sha256": "ab", "keyid": "k", "created_at": "then", "lease_seconds": 5}"#;
    fs::write(claims.join("0000000000000002-0011223344556677.json"), text).unwrap();
    let shown = status(&desk, &[]);
    assert!(shown.code == 0 && shown.stdout.contains("version 9, since "), "{}", shown.stdout);
    let waited =
        desk.run(&["publish", "good.curb", "--to", "bucket", "--key", "key.json", "--name", "test", "--lease", "5"]);
    assert_eq!(waited.code, 0, "{}", waited.stderr);
    assert!(waited.stderr.contains("waiting for another publisher: version \"9\""), "{}", waited.stderr);
    assert_eq!(fs::read_dir(claims).unwrap().count(), 0);
}
