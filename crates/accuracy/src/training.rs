//! Everything that has to be trained, each once.

use std::path::PathBuf;

use anyhow::Result;
use curbside::Bundle;
use curbside::bundle::Metrics;
use curbside_train::{Algorithm, BoostingParameters, Progress, TrainConfig, train};

use crate::work::{self, Task};

/// What came of one training.
#[derive(Clone, Debug)]
pub(crate) struct Trained {
    pub(crate) bundle: Bundle,
    /// Bytes on the wire.
    pub(crate) stored: usize,
    /// Of the baseline: distances as recorded, estimates not clipped, as the reference measures.
    pub(crate) as_reference: Option<Metrics>,
}

/// A training's place among the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(usize);

/// What is to be trained.
#[derive(Debug)]
pub(crate) struct Plan {
    trainings: Vec<(String, TrainConfig)>,
    /// Of a draft: so many trees and no more.
    most_trees: Option<usize>,
}

impl Plan {
    /// Nothing yet; with a number, models of at most so many trees.
    pub(crate) fn new(most_trees: Option<usize>) -> Plan {
        Plan { trainings: Vec::new(), most_trees }
    }

    /// A boosted model of some files, grown by the best of some candidates.
    pub(crate) fn boosting(&mut self, name: &str, from: Vec<PathBuf>, candidates: &[BoostingParameters]) -> Id {
        let limited = |candidate: &BoostingParameters| {
            let most = self.most_trees.unwrap_or(candidate.num_iterations);
            BoostingParameters { num_iterations: candidate.num_iterations.min(most), ..*candidate }
        };
        let algorithm = Algorithm::Boosting(candidates.iter().map(limited).collect());
        self.add(name, TrainConfig { algorithm, ..TrainConfig::new(from, Vec::new(), PathBuf::from("accuracy.curb")) })
    }

    /// The baseline, measured as the reference measures it.
    pub(crate) fn linear(&mut self, name: &str, from: Vec<PathBuf>, validate: Vec<PathBuf>) -> Id {
        let config = TrainConfig::new(from, validate, PathBuf::from("linear.curb"));
        self.add(name, TrainConfig { algorithm: Algorithm::Linear, ..config })
    }

    /// The same training twice is one.
    fn add(&mut self, name: &str, config: TrainConfig) -> Id {
        if let Some(known) = self.trainings.iter().position(|(_, other)| *other == config) {
            return Id(known);
        }
        self.trainings.push((name.to_owned(), config));
        Id(self.trainings.len() - 1)
    }

    /// Trains all, the longest first, so that no thread waits long at the end.
    ///
    /// # Errors
    /// The first failure.
    pub(crate) fn run(self) -> Result<Results> {
        let mut order: Vec<usize> = (0..self.trainings.len()).collect();
        let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |file| file.len());
        order.sort_by_key(|index| std::cmp::Reverse(self.trainings[*index].1.from.iter().map(size).sum::<u64>()));
        let task = |index: &usize| {
            let (name, config) = &self.trainings[*index];
            Task::new(format!("training {name}"), move || run_one(config))
        };
        let results = work::run(order.iter().map(task).collect())?;
        let mut results: Vec<(usize, Trained)> = order.into_iter().zip(results).collect();
        results.sort_by_key(|(index, _)| *index);
        Ok(Results(results.into_iter().map(|(_, trained)| trained).collect()))
    }
}

fn run_one(config: &TrainConfig) -> Result<Trained> {
    let mut as_reference = None;
    let packed = train(config, &mut |progress| {
        if let Progress::Measured { what, metrics } = progress
            && what.contains("not clipped")
        {
            as_reference = Some(*metrics);
        }
    })?;
    Ok(Trained { bundle: packed.bundle, stored: packed.stored.len(), as_reference })
}

/// What came of all trainings.
#[derive(Debug)]
pub(crate) struct Results(Vec<Trained>);

impl std::ops::Index<Id> for Results {
    type Output = Trained;

    /// An [`Id`] is only ever made by the plan that the results are of.
    fn index(&self, id: Id) -> &Trained {
        &self.0[id.0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_training_is_done_once() {
        let mut plan = Plan::new(Some(10));
        let file = |month: &str| vec![PathBuf::from(month)];
        let shipped = BoostingParameters::default();
        let first = plan.boosting("first", file("2021-01"), &[shipped]);
        assert_eq!(plan.boosting("again", file("2021-01"), &[shipped]), first);
        assert_ne!(plan.boosting("seed", file("2021-01"), &[BoostingParameters { seed: 2, ..shipped }]), first);
        assert_ne!(plan.boosting("month", file("2021-02"), &[shipped]), first);
        assert_ne!(plan.linear("linear", file("2021-01"), file("2021-02")), first);
        assert_eq!(plan.trainings.len(), 4);
        let Algorithm::Boosting(candidates) = &plan.trainings[0].1.algorithm else { panic!("boosted") };
        assert_eq!(candidates[0].num_iterations, 10);
    }
}
