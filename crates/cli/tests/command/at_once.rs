//! `curbside publish` by several processes at once, some of them killed: into a folder, and into a bucket where there is one.

use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::{Desk, support};

/// Publishers at once.
const PUBLISHERS: usize = 3;

/// Everything that a publisher of the bucket needs from the environment.
const VARIABLES: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"];

struct Race<'a> {
    desk: &'a Desk,
    to: String,
    environment: Vec<(&'static str, String)>,
}

impl Race<'_> {
    /// Starts publishing a version of its own.
    fn start(&self, version: &str) -> Child {
        let mut bundle = support::bundle(support::ensemble());
        version.clone_into(&mut bundle.card.version);
        let file = format!("{version}.curb");
        self.desk.write(&file, &bundle.to_bytes().unwrap());
        let arguments = ["publish", &file, "--to", &self.to, "--key", "key.json", "--lease", "3", "--json"];
        let mut command = self.desk.command(&arguments);
        command.envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Its sequence if it published, `None` if it was killed before it could say so.
    fn end(child: Child) -> Option<u64> {
        let output = child.wait_with_output().unwrap();
        if output.status.success() {
            let told: Value = serde_json::from_slice(&output.stdout).unwrap();
            return told["manifest"]["sequence"].as_u64();
        }
        if output.status.code().is_some() {
            let told: Value = serde_json::from_slice(&output.stderr).unwrap();
            assert_eq!(told["error"]["code"], "MANIFEST_CONFLICT", "{told}");
        }
        None
    }

    fn status(&self) -> Value {
        let public = self.desk.run(&["keys", "show", "--key", "key.json", "--json"]).json();
        let mut command =
            self.desk.command(&["status", &self.to, "--trust", public["public"].as_str().unwrap(), "--json"]);
        let output = command.envs(self.environment.iter().cloned()).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    }

    fn run(&self, rounds: usize) {
        let mut reported = BTreeSet::new();
        let (mut published, mut killed) = (0, 0);
        for round in 0..rounds {
            let mut children: Vec<Child> =
                (0..PUBLISHERS).map(|number| self.start(&format!("{round}.{number}"))).collect();
            if round % 3 == 2 {
                sleep(Duration::from_millis(20 * round as u64));
                children[0].kill().unwrap();
                killed += 1;
            }
            for sequence in children.into_iter().filter_map(Race::end) {
                assert!(reported.insert(sequence), "sequence {sequence} was given twice");
                published += 1;
            }
            let told = self.status();
            let alias = &told["aliases"][0];
            assert_eq!(told["ok"], true, "{told:#}");
            let stands = alias["manifest"]["sequence"].as_u64().unwrap();
            let history = alias["history"].as_array().unwrap().iter().map(|entry| entry["sequence"].as_u64().unwrap());
            let kept: BTreeSet<u64> = history.chain([stands]).collect();
            assert!(reported.is_subset(&kept), "{reported:?} reported, {kept:?} kept");
            assert_eq!(kept.last(), Some(&stands));
        }
        println!("{}: {rounds} rounds of {PUBLISHERS}, {published} published, {killed} killed", self.to);
        assert!(published >= rounds, "hardly anybody got through: {published}");
    }
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.run(&["keys", "new", "--out", "key.json"]);
    desk
}

#[test]
fn nothing_is_lost_in_a_folder() {
    let desk = desk();
    Race { desk: &desk, to: "bucket".to_owned(), environment: Vec::new() }.run(6);
}

#[test]
fn nothing_is_lost_in_a_bucket() {
    let (Ok(endpoint), Ok(bucket)) =
        (std::env::var("CURBSIDE_TEST_S3_ENDPOINT"), std::env::var("CURBSIDE_TEST_S3_BUCKET"))
    else {
        eprintln!("SKIPPED: no S3 server; set CURBSIDE_TEST_S3_ENDPOINT, CURBSIDE_TEST_S3_BUCKET and AWS_* to run it");
        return;
    };
    let mut environment: Vec<_> =
        VARIABLES.iter().filter_map(|name| Some((*name, std::env::var(name).ok()?))).collect();
    environment.push(("AWS_ENDPOINT_URL_S3", endpoint));
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
    let desk = desk();
    Race { desk: &desk, to: format!("s3://{bucket}/test-{now}-at-once"), environment }.run(12);
}
