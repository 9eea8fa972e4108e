//! The measurement: the same rides by the same bundle, as it is and with one part taken out.

use std::error::Error;
use std::hint::black_box;
use std::io::Read;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use curbside::features::{Expr, FeatureSpec};
use curbside::trip::parse_pickup;
use curbside::{Bundle, Estimator, Limits, Trip};

const BUNDLE: &str = "models/green-tripdata-duration.curb";
/// Real rides and odd ones, which no branch predictor knows by heart.
const RIDES: &str = "tests/parity/ledger.csv";
/// Times that a pair is compared; the middle one is told.
const ROUNDS: usize = 101;
/// What an interval may cost at most, as a multiple of an estimate without one.
const DEAREST_INTERVAL: f64 = 1.5;

pub(super) fn run() -> Result<(), Box<dyn Error>> {
    let trips = trips()?;
    let (path, bundle) = bundle()?;
    println!("{path}, {} rides of {RIDES}", trips.len());
    let whole = open(bundle.clone())?;
    let without_interval = open(with(&bundle, |bundle| bundle.calibration.interval = None))?;
    let (prepared, prepared_without_interval) = (prepare(&whole)?, prepare(&without_interval)?);
    let without_tables = open(with(&bundle, |bundle| answer_without_tables(&mut bundle.features)))?;
    let estimate = |estimator: &Estimator| {
        for trip in &trips {
            black_box(estimator.estimate(black_box(trip)));
        }
    };
    let encode = |estimator: &Estimator| {
        let mut row = vec![0.0; estimator.encoder().columns()];
        for trip in &trips {
            let ride = estimator.encoder().settle(black_box(trip));
            estimator.encoder().encode(&ride, &mut row);
            black_box(&row);
        }
    };

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("rides");
    group.throughput(Throughput::Elements(u64::try_from(trips.len())?));
    group.bench_function("estimate", |bencher| bencher.iter(|| estimate(&whole)));
    group.bench_function("estimate without the interval", |bencher| bencher.iter(|| estimate(&without_interval)));
    group.bench_function("estimate by tables", |bencher| bencher.iter(|| estimate(&prepared)));
    group.bench_function("estimate by tables without the interval", |bencher| {
        bencher.iter(|| estimate(&prepared_without_interval));
    });
    group.bench_function("encode", |bencher| bencher.iter(|| encode(&whole)));
    group.bench_function("encode without the tables", |bencher| bencher.iter(|| encode(&without_tables)));
    if whole.explains().is_ok() {
        group.bench_function("explain", |bencher| {
            bencher.iter(|| trips.iter().for_each(|trip| drop(black_box(whole.explain(black_box(trip))))));
        });
    }
    group.bench_function("prepare", |bencher| bencher.iter(|| black_box(prepare(&whole))));
    group.finish();

    let pairs = [("with", &whole, &prepared), ("without", &without_interval, &prepared_without_interval)];
    for (name, walk, tables) in pairs {
        let ratio = ratio(|| estimate(walk), || estimate(tables));
        println!(
            "the kernels: an estimate {name} its interval costs {ratio:.2} times as much by the walk as by tables"
        );
    }
    if whole.coverage().is_some() {
        let ratio = ratio(|| estimate(&prepared), || estimate(&prepared_without_interval));
        println!(
            "the interval: an estimate costs {ratio:.2} times one without (at most {DEAREST_INTERVAL} is allowed)"
        );
    } else {
        println!("the interval: this bundle has none");
    }
    match whole.encoder().spec().tables.len() {
        0 => println!("the tables: this bundle has none"),
        tables => {
            let ratio = ratio(|| encode(&whole), || encode(&without_tables));
            println!("the tables: encoding with {tables} costs {ratio:.2} times encoding without");
        }
    }
    Ok(())
}

fn bundle() -> Result<(String, Bundle), Box<dyn Error>> {
    let path = std::env::var("CURBSIDE_BUNDLE").unwrap_or_else(|_| BUNDLE.to_owned());
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(&path)?).read_to_end(&mut bytes)?;
    Ok((path, Bundle::from_bytes(&bytes, &Limits::default())?))
}

fn with(bundle: &Bundle, change: impl FnOnce(&mut Bundle)) -> Bundle {
    let mut changed = bundle.clone();
    changed.golden.clear();
    change(&mut changed);
    changed
}

fn open(bundle: Bundle) -> Result<Estimator, Box<dyn Error>> {
    Ok(Estimator::from_bundle(bundle, &Limits::default())?)
}

/// The same estimator, with tables.
fn prepare(estimator: &Estimator) -> Result<Estimator, Box<dyn Error>> {
    let mut prepared = estimator.clone();
    if prepared.prepare() {
        Ok(prepared)
    } else {
        Err("no tables serve this bundle, so there is nothing to compare".into())
    }
}

/// The same expressions, but each look-up is a comparison instead.
fn answer_without_tables(features: &mut FeatureSpec) {
    for expr in &mut features.nodes {
        if let Expr::Lookup { of, .. } = *expr {
            *expr = Expr::IsMissing { of };
        }
    }
}

fn trips() -> Result<Vec<Trip>, Box<dyn Error>> {
    let ledger = std::fs::read_to_string(RIDES)?;
    ledger
        .lines()
        .skip(1)
        .map(|line| {
            let mut fields = line.split(',');
            let mut field = || fields.next().ok_or_else(|| format!("{RIDES}: expected four fields, found {line}"));
            let (pu, to, miles, pickup) = (field()?.parse()?, field()?.parse()?, field()?, field()?);
            let miles = if miles.is_empty() { None } else { Some(miles.parse()?) };
            Ok(Trip::new(pu, to, miles, parse_pickup(pickup)?)?)
        })
        .collect()
}

/// How many times longer `dear` takes than `cheap`: the median of rounds in which each is timed right after the other, so
/// that what else the machine does meets both.
pub(super) fn ratio(dear: impl Fn(), cheap: impl Fn()) -> f64 {
    let time = |work: &dyn Fn()| {
        let begin = Instant::now();
        work();
        begin.elapsed().max(Duration::from_nanos(1))
    };
    let mut ratios: Vec<f64> = (0..ROUNDS).map(|_| time(&dear).as_secs_f64() / time(&cheap).as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ROUNDS / 2]
}
