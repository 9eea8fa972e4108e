//! Scores rows on request and says what it cost, in the words that the peers' hosts understand too: bench/peers/README.md.

use std::hint::black_box;
use std::io::{BufRead as _, Write as _};
use std::path::Path;

use anyhow::{Result, bail};
use curbside::Estimator;
use curbside_publish::BundleFile;

use crate::clock::{cold_costs, loop_cost};
use crate::matrix;

/// A model with the rows that it scores.
struct Served {
    estimator: Estimator,
    rows: Vec<f64>,
    expected: Vec<f64>,
    /// The row whose turn it is: no two calls in a row take the same way through the trees.
    turn: usize,
}

/// The verb: one request a line, one answer a line, until the input ends.
pub(crate) fn run(prepares: bool, model: &Path) -> Result<()> {
    let mut estimator = BundleFile::open(&model.join("curbside.curb"))?.estimator()?;
    if prepares && !estimator.prepare() {
        println!("error no tables for this model: it is walked");
        return Ok(());
    }
    let rows = matrix::read(&model.join("rows.f64"))?;
    let expected = matrix::read(&model.join("expected.f64"))?;
    let mut served = Served { estimator, rows, expected, turn: 0 };
    println!("ready kernel {}", served.estimator.predictor().kernel());
    for line in std::io::stdin().lock().lines() {
        let answer = served.answer(&line?).unwrap_or_else(|fault| format!("error {fault:#}"));
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

impl Served {
    fn answer(&mut self, request: &str) -> Result<String> {
        let words: Vec<&str> = request.split_whitespace().collect();
        Ok(match words.as_slice() {
            ["difference"] => self.difference().to_string(),
            ["warm", milliseconds] => {
                let milliseconds = milliseconds.parse()?;
                loop_cost(milliseconds, || {
                    black_box(self.next_row());
                })
                .to_string()
            }
            ["batch", milliseconds] => {
                let mut numbers = vec![0.0; self.expected.len()];
                let turn = loop_cost(milliseconds.parse()?, || {
                    self.estimator.raw_rows(black_box(&self.rows), &mut numbers);
                    black_box(&numbers);
                });
                (turn / count(self.expected.len())).to_string()
            }
            ["cold", samples, bytes] => {
                let words = bytes.parse::<usize>()? / size_of::<u64>();
                let costs = cold_costs(samples.parse()?, &mut vec![0; words], || {
                    black_box(self.next_row());
                });
                costs.iter().map(f64::to_string).collect::<Vec<_>>().join(" ")
            }
            _ => bail!("expected difference, warm MS, batch MS or cold SAMPLES BYTES, found {request:?}"),
        })
    }

    fn next_row(&mut self) -> f64 {
        let number = self.row(self.turn);
        self.turn = (self.turn + 1) % self.expected.len();
        number
    }

    fn row(&self, index: usize) -> f64 {
        let columns = self.estimator.encoder().columns();
        let mut number = [0.0];
        self.estimator.raw_rows(&self.rows[index * columns..(index + 1) * columns], &mut number);
        number[0]
    }

    /// The largest difference from the library that trained, of rows one by one and of all at once.
    fn difference(&self) -> f64 {
        let one_by_one: Vec<f64> = (0..self.expected.len()).map(|index| self.row(index)).collect();
        let mut at_once = vec![0.0; self.expected.len()];
        self.estimator.raw_rows(&self.rows, &mut at_once);
        let difference = |numbers: &[f64]| matrix::largest_difference(numbers, &self.expected);
        difference(&one_by_one).max(difference(&at_once))
    }
}

fn count(rows: usize) -> f64 {
    u32::try_from(rows).map_or(f64::INFINITY, f64::from)
}
