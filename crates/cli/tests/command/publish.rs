//! `curbside keys` and `curbside publish`.

use std::fs;

use curbside_publish::{Envelope, PublicKey, SigningKey};
use serde_json::Value;

use crate::Desk;

#[test]
fn a_key_is_made_once_and_only_its_public_half_is_shown() {
    let desk = Desk::new();
    let made = desk.run(&["keys", "new", "--out", "mine/key.json", "--json"]).json();
    let file: Value = serde_json::from_slice(&fs::read(desk.path("mine/key.json")).unwrap()).unwrap();
    assert_eq!((&file["keyid"], &file["public"]), (&made["keyid"], &made["public"]));
    assert_eq!(PublicKey::from_base64(made["public"].as_str().unwrap()).unwrap().keyid(), made["keyid"]);
    let again = desk.run(&["keys", "new", "--out", "mine/key.json", "--json"]);
    assert_eq!((again.code, &again.error()["code"]), (1, &"KEY_EXISTS".into()));
    let shown = desk.run(&["keys", "show", "--key", "mine/key.json"]);
    assert_eq!(shown.code, 0);
    assert!(shown.stdout.contains(made["public"].as_str().unwrap()), "{}", shown.stdout);
    let secret = file["secret"].as_str().unwrap();
    for text in [&shown.stdout, &shown.stderr, &made.to_string()] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn without_an_argument_the_key_is_the_local_one() {
    let desk = Desk::new();
    assert_eq!(desk.run(&["keys", "show", "--json"]).error()["code"], "FILE_READ");
    assert_eq!(desk.run(&["keys", "new"]).code, 0);
    let made = SigningKey::load(&desk.path(curbside_publish::LOCAL_KEY_FILE)).unwrap();
    assert_eq!(desk.run(&["keys", "show", "--json"]).json()["public"], made.public().to_base64());
}

#[test]
fn a_folder_by_path_or_url_gets_blob_and_signed_manifest() {
    let desk = Desk::new();
    desk.run(&["keys", "new", "--out", "key.json"]);
    let by_path = desk.run(&["publish", "good.curb", "--to", "bucket", "--key", "key.json", "--json"]).json();
    assert_eq!((&by_path["unchanged"], &by_path["manifest"]["sequence"]), (&false.into(), &1.into()));
    assert_eq!(by_path["manifest_path"], "models/test/champion.json");
    let stored = fs::read(desk.path("bucket").join(by_path["blob_path"].as_str().unwrap())).unwrap();
    assert_eq!(stored, fs::read(desk.path("good.curb")).unwrap(), "a packed file is the stored object");
    let envelope = fs::read(desk.path("bucket/models/test/champion.json")).unwrap();
    let key = PublicKey::from_base64(by_path["public"].as_str().unwrap()).unwrap();
    let manifest = Envelope::from_json(&envelope).unwrap().open(&[key]).unwrap();
    assert_eq!(serde_json::to_value(manifest).unwrap(), by_path["manifest"]);

    let url = format!("file://{}", desk.path("bucket").display());
    let by_url = desk.run(&["publish", "good.curb", "--to", &url, "--key", "key.json", "--json"]).json();
    assert_eq!((&by_url["unchanged"], &by_url["manifest"]), (&true.into(), &by_path["manifest"]));
    let named =
        ["publish", "good.curb", "--to", "bucket", "--key", "key.json", "--alias", "challenger", "--name", "rides"];
    let told = desk.run(&named);
    assert_eq!((told.code, told.stderr.as_str()), (0, ""));
    assert!(told.stdout.starts_with("rides 1 published in bucket\n"), "{}", told.stdout);
    assert!(!told.stdout.contains("before"), "nothing stood there: {}", told.stdout);
    assert!(desk.path("bucket/models/rides/challenger.json").is_file());
}

#[test]
fn a_rotation_goes_through_a_key_that_is_trusted() {
    let desk = Desk::new();
    let old = desk.run(&["keys", "new", "--out", "old.json", "--json"]).json();
    desk.run(&["keys", "new", "--out", "new.json"]);
    assert_eq!(desk.run(&["publish", "good.curb", "--to", "bucket", "--key", "old.json"]).code, 0);
    let publish = ["publish", "good.curb", "--to", "bucket", "--key", "new.json", "--json"];
    let refused = desk.run(&publish);
    assert_eq!((refused.code, &refused.error()["code"]), (1, &"MANIFEST_KEY".into()));
    let trusting = desk.run(&[&publish[..], &["--trust", old["public"].as_str().unwrap()]].concat()).json();
    assert_eq!((&trusting["manifest"]["sequence"], &trusting["before"]["sequence"]), (&2.into(), &1.into()));
}

#[test]
fn what_cannot_be_published_to_or_signed_with_is_said() {
    let desk = Desk::new();
    desk.run(&["keys", "new", "--out", "key.json"]);
    desk.write("other.json", b"{\"keyid\": \"x\"}");
    let rows: [(&[&str], i32, &str); 9] = [
        (&["--to", "ftp://bucket/prefix", "--key", "key.json"], 2, "USAGE"),
        (&["--to", "s3://id:secret@bucket", "--key", "key.json"], 2, "USAGE"),
        (&["--to", "s3://bucket/prefix", "--key", "key.json"], 1, "STORE_CREDENTIALS"),
        (&["--to", "r2://bucket/prefix", "--key", "key.json"], 1, "STORE_URL"),
        (&["--to", "file://host/far", "--key", "key.json"], 2, "USAGE"),
        (&["--to", "local", "--key", "key.json"], 2, "USAGE"),
        (&["--to", "bucket", "--key", "absent.json"], 1, "FILE_READ"),
        (&["--to", "bucket", "--key", "other.json"], 1, "KEY_MALFORMED"),
        (&["--to", "bucket", "--key", "key.json", "--alias", "../champion"], 1, "PUBLISH_NAME"),
    ];
    for (arguments, exit, code) in rows {
        let found = desk.run(&[&["publish", "good.curb", "--json"], arguments].concat());
        assert_eq!((found.code, &found.error()["code"]), (exit, &code.into()), "{arguments:?}");
    }
    assert!(!desk.path("bucket/models").exists());
}
