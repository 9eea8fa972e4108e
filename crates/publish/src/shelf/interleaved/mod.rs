//! Publishers at once, stopped and killed at every step, on a store that takes every write and on one that heeds conditions.
//!
//! The store is `object_store`'s own in memory, behind a gate before and after each operation: an operation takes effect at some moment
//! between its call and its answer, and a schedule chooses that moment. Time stands still but for the schedule, and the store's
//! times are whole seconds, as S3's lists have them. The publishers are the code that publishes, nothing of it is left out.

mod world;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, UNIX_EPOCH};

use curbside::bundle::Card;
use futures_util::StreamExt;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::throttle::{ThrottleConfig, ThrottledStore};
use tokio::time::Instant;

use self::world::{Gate, Gated, World};
use super::{Chance, Shelf, history_folder, manifest_path, read_manifest};
use crate::error::{PublishError, PublishErrorKind};
use crate::keys::{PublicKey, SigningKey};
use crate::publish::{Publication, Published, publish_stored};
use crate::sha256_hex;

const LEASE: Duration = Duration::from_secs(30);
const NAME: &str = "test";
const ALIAS: &str = "champion";

/// Set by whatever a publisher sleeps on.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

type Outcome = Result<Published, PublishError>;

/// A publisher under way.
struct Actor<'a> {
    work: Option<Pin<Box<dyn Future<Output = Outcome> + 'a>>>,
    gate: Gate,
    woken: Arc<Woken>,
    steps: usize,
    outcome: Option<Outcome>,
    fate: Fate,
}

/// What happens to a publisher at one of its steps.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Lives,
    /// It is no more.
    DiesAt(usize),
    /// It does nothing for twice the lease.
    SleepsAt(usize),
}

impl Actor<'_> {
    fn is_ready(&self) -> bool {
        self.work.is_some() && (self.gate.0.load(Ordering::Relaxed) || self.woken.0.load(Ordering::Relaxed))
    }

    fn step(&mut self) {
        self.gate.0.store(false, Ordering::Relaxed);
        self.woken.0.store(false, Ordering::Relaxed);
        self.steps += 1;
        let Some(work) = &mut self.work else { return };
        let waker = Waker::from(self.woken.clone());
        if let Poll::Ready(outcome) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.outcome = Some(outcome);
            self.work = None;
        }
    }
}

/// Who is to go next, of those that can.
type Schedule<'s> = dyn FnMut(&[usize]) -> usize + 's;

/// What a run showed.
struct Shown {
    outcomes: Vec<Option<Outcome>>,
    steps: Vec<usize>,
    /// Every manifest that a reader could have seen, by its sequence.
    stood: Vec<(u64, Vec<u8>)>,
    /// Whether a publisher was stopped for a while.
    slept: bool,
    /// Whether a lower sequence ever stood where a higher one had.
    went_back: bool,
}

struct Publisher {
    stored: Vec<u8>,
    card: Card,
    key: SigningKey,
}

impl Publisher {
    fn new(number: u8) -> Publisher {
        // What else is in a card does not matter here.
        let card = Card { name: NAME.to_owned(), version: number.to_string(), ..Card::default() };
        Publisher {
            stored: format!("blob {number}").into_bytes(),
            card,
            key: SigningKey::from_secret(&[number + 1; 32]),
        }
    }
}

fn keys() -> Vec<PublicKey> {
    (0..4).map(|number| SigningKey::from_secret(&[number + 1; 32]).public()).collect()
}

/// Runs publishers under a schedule and checks after every step what a reader would see.
async fn run(world: &Arc<World>, publishers: &[(u8, Fate)], seed: u64, schedule: &mut Schedule<'_>) -> Shown {
    let trusted = keys();
    let who: Vec<Publisher> = publishers.iter().map(|(number, _)| Publisher::new(*number)).collect();
    let gates: Vec<Gated> = who.iter().map(|_| Gated { world: world.clone(), gate: Gate::default() }).collect();
    let mut actors: Vec<Actor<'_>> = Vec::new();
    for (index, (publisher, (_, fate))) in who.iter().zip(publishers).enumerate() {
        let (store, trusted) = (&gates[index], &trusted);
        let work = async move {
            let publication = Publication {
                trusted,
                ..Publication::new(ALIAS, &publisher.key, UNIX_EPOCH + Duration::from_secs(1_600_000_000))
            };
            let mut shelf = Shelf::new(store, (NAME, ALIAS), &publisher.key, trusted)?;
            shelf.chance = Chance::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(index as u64 * 2)).into();
            publish_stored(&shelf, &publisher.stored, &publisher.card, &publication).await
        };
        actors.push(Actor {
            work: Some(Box::pin(tokio::task::unconstrained(work))),
            gate: store.gate.clone(),
            woken: Arc::new(Woken(AtomicBool::new(true))),
            steps: 0,
            outcome: None,
            fate: *fate,
        });
    }
    let mut highest = (0, Vec::new());
    let (mut went_back, mut standing, mut stood) = (false, Vec::new(), Vec::new());
    let mut asleep: BTreeMap<usize, Instant> = BTreeMap::new();
    for _ in 0..100_000 {
        if actors.iter().all(|actor| actor.work.is_none()) {
            break;
        }
        asleep.retain(|_, until| Instant::now() < *until);
        let ready: Vec<usize> =
            (0..actors.len()).filter(|index| actors[*index].is_ready() && !asleep.contains_key(index)).collect();
        if ready.is_empty() {
            tokio::time::advance(Duration::from_millis(197)).await;
            continue;
        }
        let next = schedule(&ready);
        let actor = &mut actors[next];
        match actor.fate {
            Fate::DiesAt(step) if step == actor.steps => {
                actor.work = None;
                continue;
            }
            Fate::SleepsAt(step) if step == actor.steps => {
                actor.fate = Fate::Lives;
                asleep.insert(next, Instant::now() + 2 * LEASE);
                continue;
            }
            _ => actor.step(),
        }
        let path = manifest_path(NAME, ALIAS);
        if let Some(text) = world.read(&path).await.filter(|text| *text != standing) {
            standing.clone_from(&text);
            let (_, found) = read_manifest(&path, &text, NAME, &trusted).unwrap();
            stood.push((found.sequence, text.clone()));
            let blob = world.read(&super::blob_path(NAME, &found)).await.unwrap();
            assert_eq!(
                (sha256_hex(&blob), blob.len() as u64),
                (found.sha256.clone(), found.bytes),
                "a manifest without its blob"
            );
            if found.sequence == highest.0 {
                assert_eq!(text, highest.1, "two manifests of one sequence");
            }
            if found.sequence < highest.0 {
                went_back = true;
            } else {
                highest = (found.sequence, text);
            }
        }
    }
    assert!(actors.iter().all(|actor| actor.work.is_none()), "somebody never came to an end");
    Shown {
        steps: actors.iter().map(|actor| actor.steps).collect(),
        outcomes: actors.into_iter().map(|actor| actor.outcome).collect(),
        stood,
        slept: publishers.iter().any(|(_, fate)| matches!(fate, Fate::SleepsAt(_))),
        went_back,
    }
}

/// What must hold however it went: every publication that was reported done stands or is in the history, under a sequence of its
/// own; the highest stands; everybody else was told of the conflict; and the next publisher goes on without ado.
async fn check(world: &Arc<World>, shown: &Shown, plot: &dyn fmt::Debug) {
    let trusted = keys();
    let path = manifest_path(NAME, ALIAS);
    let mut sequences = Vec::new();
    for outcome in shown.outcomes.iter().flatten() {
        match outcome {
            Ok(published) => {
                let sequence = published.manifest.sequence;
                assert!(!sequences.contains(&sequence), "{plot:?}: sequence {sequence} was given twice");
                sequences.push(sequence);
                let kept = history_folder(NAME, ALIAS).join(format!("{sequence:016}.json"));
                let mut found = Vec::new();
                for place in [&path, &kept] {
                    let Some(text) = world.read(place).await else { continue };
                    found.push(read_manifest(place, &text, NAME, &trusted).unwrap().1);
                }
                assert!(found.contains(&published.manifest), "{plot:?}: a publication that was reported is lost");
            }
            // Who wakes up in the middle of a request finds that it has taken too long.
            Err(fault) if shown.slept && fault.kind() == PublishErrorKind::StoreUnreachable => {}
            Err(fault) => assert_eq!(fault.kind(), PublishErrorKind::ManifestConflict, "{plot:?}: {fault}"),
        }
    }
    if let Some(text) = world.read(&path).await {
        let stands = read_manifest(&path, &text, NAME, &trusted).unwrap().1.sequence;
        assert!(sequences.iter().all(|sequence| *sequence <= stands), "{plot:?}: {stands} stands after {sequences:?}");
    }
    // Whatever was left behind, the next one gets through, and above all the others.
    let next = run(world, &[(3, Fate::Lives)], 1, &mut |ready| ready[0]).await;
    match next.outcomes[0].as_ref().unwrap() {
        Ok(published) => {
            assert!(sequences.iter().all(|sequence| *sequence < published.manifest.sequence), "{plot:?}");
            let left = world.store.list(Some(&super::claims_folder(NAME, ALIAS))).count().await;
            assert_eq!(left, 0, "{plot:?}: claims are left");
        }
        Err(fault) => panic!("{plot:?}: the next publisher: {fault}"),
    }
    for (sequence, text) in shown.stood.iter().filter(|_| !shown.slept) {
        let kept = world.read(&history_folder(NAME, ALIAS).join(format!("{sequence:016}.json"))).await;
        assert_eq!(kept.as_ref(), Some(text), "{plot:?}: sequence {sequence} stood and is not in the history");
    }
}

fn in_still_time<T>(heeds_conditions: bool, work: impl AsyncFnOnce(Arc<World>) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async { work(Arc::new(World::new(heeds_conditions))).await })
}

/// Steps that a publisher takes when nobody is in its way.
fn steps_alone() -> usize {
    in_still_time(true, async |world| run(&world, &[(0, Fate::Lives)], 1, &mut |ready| ready[0]).await.steps[0])
}

#[test]
fn wherever_two_publishers_give_way_to_each_other_nothing_is_lost() {
    let steps = steps_alone();
    let (mut runs, mut conflicts) = (0, 0);
    // One runs for so many steps, then the other for so many, then the first to its end, then the other.
    for heeds_conditions in [false, true] {
        for first in 0..=steps {
            for second in 0..=steps {
                let plot = (heeds_conditions, first, second);
                in_still_time(heeds_conditions, async |world| {
                    let taken = Cell::new((0, 0));
                    let mut schedule = |ready: &[usize]| {
                        let (a, b) = taken.get();
                        let wanted = usize::from(a == first && b < second);
                        let next = if ready.contains(&wanted) { wanted } else { ready[0] };
                        taken.set(if next == 0 && a < first {
                            (a + 1, b)
                        } else if next == 1 {
                            (a, b + 1)
                        } else {
                            (a, b)
                        });
                        next
                    };
                    let shown = run(&world, &[(0, Fate::Lives), (1, Fate::Lives)], 7, &mut schedule).await;
                    assert!(!shown.went_back, "{plot:?}");
                    conflicts += shown.outcomes.iter().flatten().filter(|outcome| outcome.is_err()).count();
                    check(&world, &shown, &plot).await;
                });
                runs += 1;
            }
        }
    }
    println!("{runs} interleavings of two publishers of {steps} steps; {conflicts} were told of a conflict");
    assert_eq!(conflicts, 0, "both get through when they wait for each other");
}

#[test]
fn killed_at_any_step_beside_another_nothing_is_lost() {
    let steps = steps_alone();
    let mut runs = 0;
    for heeds_conditions in [false, true] {
        for dies in 0..=steps {
            for seed in 0..6 {
                let plot = (heeds_conditions, dies, seed);
                in_still_time(heeds_conditions, async |world| {
                    let chance = std::cell::RefCell::new(Chance::new(seed * 1000 + dies as u64));
                    let mut schedule = |ready: &[usize]| any(&chance, ready);
                    let plan = [(0, Fate::DiesAt(dies)), (1, Fate::Lives)];
                    let shown = run(&world, &plan, seed, &mut schedule).await;
                    assert!(!shown.went_back, "{plot:?}");
                    assert!(shown.outcomes[1].as_ref().is_some_and(Result::is_ok), "{plot:?}: {:?}", shown.outcomes[1]);
                    check(&world, &shown, &plot).await;
                });
                runs += 1;
            }
        }
    }
    println!("{runs} runs with one of two publishers killed");
}

#[test]
fn stopped_at_any_step_for_longer_than_its_lease_a_publisher_is_told_the_truth() {
    let steps = steps_alone();
    let (mut runs, mut conflicts, mut back) = (0, 0, 0);
    for heeds_conditions in [false, true] {
        for sleeps in 0..=steps {
            // Only there can a write land too late, which takes a certain order of the others.
            for seed in 0..if heeds_conditions { 6 } else { 16 } {
                let plot = (heeds_conditions, sleeps, seed);
                in_still_time(heeds_conditions, async |world| {
                    let chance = std::cell::RefCell::new(Chance::new(seed * 1000 + sleeps as u64));
                    let mut schedule = |ready: &[usize]| any(&chance, ready);
                    let plan = [(0, Fate::SleepsAt(sleeps)), (1, Fate::Lives), (2, Fate::Lives)];
                    let shown = run(&world, &plan, seed, &mut schedule).await;
                    // Without conditions a write that was on its way for twice the lease is done, and put right afterwards.
                    assert!(!(shown.went_back && heeds_conditions), "{plot:?}");
                    back += usize::from(shown.went_back);
                    conflicts += shown.outcomes.iter().flatten().filter(|outcome| outcome.is_err()).count();
                    check(&world, &shown, &plot).await;
                });
                runs += 1;
            }
        }
    }
    println!("{runs} runs with one of three publishers stopped; {conflicts} told that they failed, {back} put right");
    assert!(conflicts > 0, "nobody was ever too late: this shows nothing");
}

#[test]
fn whatever_happens_to_three_publishers_nothing_is_lost() {
    let steps = steps_alone();
    let (mut runs, mut conflicts) = (0, 0);
    for heeds_conditions in [false, true] {
        for seed in 0..400_u64 {
            in_still_time(heeds_conditions, async |world| {
                let chance = std::cell::RefCell::new(Chance::new(seed + 1));
                let fate = |number: u8| {
                    let step = chance.borrow_mut().below(2 * steps);
                    (number, if chance.borrow_mut().below(3) == 0 { Fate::DiesAt(step) } else { Fate::Lives })
                };
                let plan = [fate(0), fate(1), fate(2)];
                let shown = run(&world, &plan, seed, &mut |ready| any(&chance, ready)).await;
                assert!(!shown.went_back, "{seed}: {plan:?}");
                conflicts += shown.outcomes.iter().flatten().filter(|outcome| outcome.is_err()).count();
                check(&world, &shown, &(heeds_conditions, seed, plan)).await;
            });
            runs += 1;
        }
    }
    println!("{runs} seeded runs of three publishers; {conflicts} told of a conflict");
}

/// Any of those that can go.
fn any(chance: &std::cell::RefCell<Chance>, ready: &[usize]) -> usize {
    ready[chance.borrow_mut().below(ready.len())]
}

#[test]
fn a_slow_store_takes_its_time_and_one_that_is_too_slow_is_told_of() {
    let publish_twice = |wait: Duration, lease: Duration| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let config = ThrottleConfig {
                wait_get_per_call: wait,
                wait_put_per_call: wait,
                wait_list_per_call: wait,
                wait_delete_per_call: wait,
                ..ThrottleConfig::default()
            };
            let store = ThrottledStore::new(InMemory::new(), config);
            let mut outcome = None;
            for number in 0..2 {
                let Publisher { stored, card, key } = Publisher::new(number);
                let trusted = keys();
                let publication = Publication { trusted: &trusted, ..Publication::new(ALIAS, &key, UNIX_EPOCH) };
                let mut shelf = Shelf::new(&store, (NAME, ALIAS), &key, &trusted).unwrap();
                shelf.lease = lease;
                outcome = Some(publish_stored(&shelf, &stored, &card, &publication).await);
            }
            outcome.unwrap()
        })
    };
    for wait in [0.1, 1.0, 2.0] {
        let published = publish_twice(Duration::from_secs_f64(wait), LEASE).unwrap();
        assert_eq!(published.manifest.sequence, 2, "{wait} s an answer");
    }
    let told = publish_twice(Duration::from_secs(5), LEASE).unwrap_err();
    assert!(told.code() == "MANIFEST_CONFLICT" && told.to_string().contains("a longer one (--lease)"), "{told}");
    assert_eq!(publish_twice(Duration::from_secs(5), 3 * LEASE).unwrap().manifest.sequence, 2);
}
