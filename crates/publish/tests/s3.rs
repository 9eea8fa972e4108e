//! A real store that speaks S3: `CURBSIDE_TEST_S3_ENDPOINT`, `CURBSIDE_TEST_S3_BUCKET` and `AWS_*` say where and by whose keys. Without
//! them the tests that need it say so and pass; stores that are down or answer nonsense are made here.
#![cfg(feature = "s3")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that fails panics; publishers are processes"
)]

#[path = "../../../tests/native/support.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the scoring core, which use more of it")]
mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use curbside_publish::{
    AliasStatus, BundleFile, Envelope, Manifest, PublicKey, Publication, PublishError, Published, Query, Rollback,
    SigningKey, StoreSettings, StoreUrl, open_store, publish, rollback, status,
};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

/// A short lease, so that the killed are not waited for for long.
const LEASE: Duration = Duration::from_secs(3);
/// How often a publisher is killed.
const ROUNDS: u32 = 16;
/// By these a test starts itself as a publisher.
const PLACE: &str = "CURBSIDE_TEST_PUBLISH_TO";
const VERSION: &str = "CURBSIDE_TEST_PUBLISH_VERSION";

/// A place of its own in the bucket; `None` where there is no server.
fn place(test: &str) -> Option<StoreUrl> {
    let (Ok(_), Ok(bucket)) = (std::env::var("CURBSIDE_TEST_S3_ENDPOINT"), std::env::var("CURBSIDE_TEST_S3_BUCKET"))
    else {
        eprintln!(
            "SKIPPED {test}: no S3 server; set CURBSIDE_TEST_S3_ENDPOINT, CURBSIDE_TEST_S3_BUCKET and AWS_* to run it"
        );
        return None;
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
    Some(StoreUrl::parse(&format!("s3://{bucket}/test-{now}-{test}")).unwrap())
}

fn settings(place: &StoreUrl) -> StoreSettings {
    let settings = StoreSettings::from_env(place).unwrap();
    match std::env::var("CURBSIDE_TEST_S3_ENDPOINT") {
        Ok(endpoint) => settings.with_endpoint(endpoint),
        Err(_) => settings,
    }
}

fn open(place: &StoreUrl) -> Arc<dyn ObjectStore> {
    open_store(place, &settings(place)).unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_secret(&[1; 32])
}

fn bundle(version: &str) -> BundleFile {
    let mut bundle = support::bundle(support::ensemble());
    version.clone_into(&mut bundle.card.version);
    BundleFile::from_bytes("test.curb".to_owned(), bundle.to_bytes().unwrap()).unwrap()
}

fn publish_version(store: &dyn ObjectStore, version: &str) -> Result<Published, PublishError> {
    let key = key();
    let publication = Publication { lease: LEASE, ..Publication::new("champion", &key, SystemTime::now()) };
    publish(store, &bundle(version), &publication)
}

/// An object's bytes, by a way that publishing does not go.
fn read(store: &dyn ObjectStore, path: &str) -> Option<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { Some(store.get(&Path::from(path)).await.ok()?.bytes().await.unwrap().to_vec()) })
}

fn write(store: &dyn ObjectStore, path: &str, bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(store.put(&Path::from(path), bytes.to_vec().into())).unwrap();
}

/// What stands, as a reader sees it: verified, over a blob that is whole.
fn champion(store: &dyn ObjectStore) -> Option<Manifest> {
    let text = read(store, "models/test/champion.json")?;
    let manifest = Envelope::from_json(&text).unwrap().open(&[key().public()]).unwrap();
    let blob = read(store, &format!("models/test/{}", manifest.url)).unwrap();
    assert_eq!((BundleFile::sha256(&blob), blob.len() as u64), (manifest.sha256.clone(), manifest.bytes));
    Some(manifest)
}

/// How many publishers have a claim.
fn claims(store: &dyn ObjectStore) -> usize {
    use futures_util::StreamExt;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(store.list(Some(&Path::from("models/test/champion.claims"))).count())
}

fn look(store: &dyn ObjectStore, trusted: &[PublicKey]) -> Vec<AliasStatus> {
    status(store, &Query { name: None, alias: None, trusted, now: SystemTime::now() }).unwrap()
}

#[test]
fn what_is_published_is_read_back_taken_back_and_told() {
    let Some(place) = place("round") else { return };
    let store = open(&place);
    let first = publish_version(&*store, "1").unwrap();
    assert_eq!(champion(&*store).unwrap(), first.manifest);
    assert!(publish_version(&*store, "1").unwrap().unchanged);
    let second = publish_version(&*store, "2").unwrap();
    assert_eq!((second.manifest.sequence, second.before.as_ref()), (2, Some(&first.manifest)));
    let key = key();
    let back = rollback(&*store, &Rollback::new("test", "champion", &key, SystemTime::now())).unwrap();
    assert_eq!((back.before, back.earlier), (second.manifest.clone(), first.manifest.clone()));
    assert_eq!((back.manifest.sequence, &back.manifest.sha256), (3, &first.manifest.sha256));
    assert_eq!(champion(&*store).unwrap(), back.manifest);

    let told = look(&*store, &[key.public()]);
    let [alias] = &told[..] else { panic!("{told:?}") };
    assert!(alias.ok && alias.verified && alias.blob.as_ref().unwrap().whole, "{alias:?}");
    let history: Vec<_> = alias.history.iter().map(|entry| (entry.sequence, entry.blob_there)).collect();
    assert_eq!((history, alias.claims.len()), (vec![(2, true), (1, true)], 0));
    // The bucket itself, by another address: a prefix is not another store.
    let whole = StoreUrl::S3 { bucket: place.bucket().unwrap().to_owned(), prefix: String::new() };
    let path = format!("{}/models/test/champion.json", place.prefix());
    assert_eq!(read(&*open(&whole), &path), read(&*store, "models/test/champion.json"));
}

#[test]
fn a_blob_that_was_tampered_with_is_told_not_gone_back_to_and_mended() {
    let Some(place) = place("tampered") else { return };
    let store = open(&place);
    let first = publish_version(&*store, "1").unwrap();
    publish_version(&*store, "2").unwrap();
    let good = read(&*store, &first.blob_path).unwrap();
    let mut other = good.clone();
    *other.last_mut().unwrap() ^= 1;
    for (damage, code) in [(&other[..], "BLOB_DIGEST"), (&good[..good.len() / 2], "BLOB_LENGTH"), (&[], "BLOB_LENGTH")]
    {
        write(&*store, &first.blob_path, damage);
        let key = key();
        let refused = rollback(&*store, &Rollback::new("test", "champion", &key, SystemTime::now())).unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
        assert_eq!(champion(&*store).unwrap().sequence, 2);
    }
    let third = publish_version(&*store, "1").unwrap();
    assert_eq!(read(&*store, &first.blob_path).unwrap(), good);
    write(&*store, &third.blob_path, &other);
    let told = look(&*store, &[key().public()]);
    assert_eq!((told[0].ok, told[0].problems[0].code), (false, "BLOB_DIGEST"));
}

/// The publisher that the tests below start: this very test in a process of its own.
#[test]
fn publisher() {
    let (Ok(to), Ok(version)) = (std::env::var(PLACE), std::env::var(VERSION)) else { return };
    let place = StoreUrl::parse(&to).unwrap();
    match publish_version(&*open(&place), &version) {
        Ok(published) => println!("\nPUBLISHED {}", published.manifest.sequence),
        Err(fault) => println!("\nFAILED {} {fault}", fault.code()),
    }
}

fn start(place: &StoreUrl, version: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["publisher", "--exact", "--nocapture", "--test-threads=1"]);
    command.env(PLACE, place.to_string()).env(VERSION, version);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// The sequence that a publisher was given, or the code it was told; `None` if it said neither.
fn outcome(child: Child) -> Option<Result<u64, String>> {
    let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    said.lines().find_map(|line| {
        let published = line.strip_prefix("PUBLISHED ").map(|sequence| Ok(sequence.parse().unwrap()));
        published.or_else(|| line.strip_prefix("FAILED ").map(|fault| Err(fault.to_owned())))
    })
}

/// Every publication that was reported stands, or is in the history; none was reported twice; the highest stands.
fn check(store: &dyn ObjectStore, reported: &[(u64, String)]) {
    let stands = champion(store).unwrap();
    let mut sequences: Vec<u64> = reported.iter().map(|(sequence, _)| *sequence).collect();
    sequences.sort_unstable();
    sequences.dedup();
    assert_eq!(sequences.len(), reported.len(), "{reported:?}");
    assert!(sequences.iter().all(|sequence| *sequence <= stands.sequence), "{stands:?} after {reported:?}");
    for (sequence, version) in reported {
        let kept = read(store, &format!("models/test/champion.history/{sequence:016}.json")).unwrap();
        let kept = Envelope::from_json(&kept).unwrap().open(&[key().public()]).unwrap();
        assert_eq!((&kept.version, kept.sequence), (version, *sequence));
    }
}

#[test]
fn publishers_at_once_all_get_through_or_are_told() {
    let Some(place) = place("at-once") else { return };
    let store = open(&place);
    let (mut reported, mut told) = (Vec::new(), 0);
    for round in 0..12 {
        let versions: Vec<String> = (0..3).map(|number| format!("{round}.{number}")).collect();
        let children: Vec<Child> = versions.iter().map(|version| start(&place, version)).collect();
        for (child, version) in children.into_iter().zip(versions) {
            match outcome(child).unwrap() {
                Ok(sequence) => reported.push((sequence, version)),
                Err(fault) => {
                    assert!(fault.starts_with("MANIFEST_CONFLICT "), "{fault}");
                    told += 1;
                }
            }
        }
        check(&*store, &reported);
    }
    println!("12 rounds of 3 processes at once: {} published, {told} told of a conflict", reported.len());
}

#[test]
fn a_publisher_killed_at_any_moment_leaves_what_the_next_can_use() {
    let Some(place) = place("killed") else { return };
    let store = open(&place);
    publish_version(&*store, "0").unwrap();
    let (mut reported, mut killed, mut claimed) = (Vec::new(), 0, 0);
    let began = Instant::now();
    outcome(start(&place, "whole")).unwrap().unwrap();
    let whole = began.elapsed();
    // Killed a little later each time, until after its end: killed everywhere.
    for round in 0..ROUNDS {
        let mut child = start(&place, &format!("{round}.killed"));
        if round % 2 == 0 {
            std::thread::sleep(whole * round / ROUNDS);
        } else {
            // In the midst of it: as soon as its claim is seen.
            let began = Instant::now();
            while claims(&*store) == 0 && began.elapsed() < 2 * whole {}
        }
        child.kill().unwrap();
        match outcome(child) {
            Some(Ok(sequence)) => reported.push((sequence, format!("{round}.killed"))),
            Some(Err(fault)) => panic!("{fault}"),
            None => killed += 1,
        }
        claimed += claims(&*store);
        // Readers have a whole model at any time, and the next publisher is not in its way for longer than a lease.
        champion(&*store).unwrap();
        let version = format!("{round}.next");
        let next = publish_version(&*store, &version).unwrap();
        reported.push((next.manifest.sequence, version));
        check(&*store, &reported);
        assert_eq!(champion(&*store).unwrap(), next.manifest);
        assert_eq!(look(&*store, &[key().public()])[0].claims.len(), 0);
    }
    let took = began.elapsed();
    println!(
        "{ROUNDS} rounds, {killed} killed before they said a word, {claimed} with a claim in the store, in {took:?}"
    );
    assert!(killed > 2, "nobody was killed: this shows nothing");
}

#[test]
fn wrong_keys_and_a_wrong_bucket_are_told_apart_without_a_secret() {
    let Some(place) = place("refused") else { return };
    let settings = settings(&place);
    let nowhere = StoreUrl::parse("s3://curbside-no-such-bucket").unwrap();
    let rows = [
        (
            "another secret",
            &place,
            settings.clone().with_keys(std::env::var("AWS_ACCESS_KEY_ID").unwrap(), "c0ffee".repeat(10)),
            "STORE_DENIED",
        ),
        (
            "an unknown key",
            &place,
            settings.clone().with_keys("GKffffffffffffffffffffffff", "c0ffee".repeat(10)),
            "STORE_DENIED",
        ),
        ("another region", &place, settings.clone().with_region("elsewhere"), "STORE_DENIED"),
        ("no such bucket", &nowhere, settings.clone(), "STORE_BUCKET"),
    ];
    for (row, place, settings, code) in rows {
        let fault = publish_version(&*open_store(place, &settings).unwrap(), "1").unwrap_err();
        let text = fault.to_string();
        assert_eq!(fault.code(), code, "{row}: {text}");
        let is_plain = text.len() < 600 && !text.contains('<') && !text.contains("c0ffee") && !text.contains("GKfff");
        assert!(is_plain && text.starts_with("models/test/"), "{row}: {text}");
        println!("{row}: {text}");
    }
}

/// A server of this test, which does with every connection what it is told to.
fn server(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for mut stream in listener.incoming().flatten() {
            if answer.is_empty() {
                held.push(stream);
                continue;
            }
            // Whoever has had enough of the answer may be gone.
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

#[test]
fn a_store_that_is_down_or_talks_nonsense_is_told_in_seconds() {
    let refused = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let failing = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 84\r\nconnection: close\r\n\r\n\
                   <Error><Code>SlowDown</Code><Message>Please reduce your request rate</Message></Error>";
    let page = "HTTP/1.1 200 OK\r\ncontent-length: 13\r\nlast-modified: Mon, 23 Nov 2026 00:00:00 GMT\r\netag: \"x\"\r\nconnection: close\r\n\r\n<html></html>";
    let rows = [
        ("nobody listens", refused, "STORE_UNREACHABLE", "no answer from the store"),
        ("it never answers", server(""), "STORE_UNREACHABLE", "expected an answer of the store within 1"),
        (
            "it is overloaded",
            server(failing),
            "STORE_FAILED",
            "503 Service Unavailable (SlowDown: Please reduce your request rate)",
        ),
        ("it is no store", server(page), "MANIFEST_MALFORMED", "expected {payload, keyid, signature}"),
    ];
    let place = StoreUrl::parse("s3://weights").unwrap();
    for (row, endpoint, code, part) in rows {
        let settings = StoreSettings::default().with_endpoint(endpoint).with_keys("GKid", "secret");
        let began = Instant::now();
        let fault = publish_version(&*open_store(&place, &settings).unwrap(), "1").unwrap_err();
        let (text, took) = (fault.to_string(), began.elapsed());
        assert_eq!(fault.code(), code, "{row}: {text}");
        assert!(text.contains(part) && text.len() < 400 && !text.contains("retries"), "{row}: {text}");
        assert!(took < Duration::from_secs(20), "{row}: told after {took:?}");
        println!("{row}: {took:?}: {text}");
    }
}
