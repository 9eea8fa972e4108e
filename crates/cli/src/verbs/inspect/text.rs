//! What `inspect` finds, for a person.

use std::fmt;

use curbside::bundle::{Card, Metrics, Month};

use super::answer::{Answer, Shape};

/// Features shown to a person; JSON has them all.
const SHOWN_FEATURES: usize = 30;

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.file)?;
        writeln!(f, "  stored {} bytes, inflated {}, sha256 {}", self.stored_bytes, self.bytes, self.sha256)?;
        card(f, &self.card)?;
        let target = &self.target;
        writeln!(f, "\nTarget: {} in {}, kept within {} to {}", target.name, target.unit, target.low, target.high)?;
        shape(f, &self.model)?;
        let (zones, seen, golden) = (self.zones, self.zone_pairs_seen, self.golden_rides);
        writeln!(f, "Zones: {zones}; zone pairs seen in training: {seen}; golden rides: {golden}")?;
        let width = self.features.iter().take(SHOWN_FEATURES).map(|feature| feature.name.len()).max().unwrap_or(0);
        writeln!(f, "\nFeatures, by how often the model uses them:")?;
        for feature in self.features.iter().take(SHOWN_FEATURES) {
            writeln!(f, "  {:width$}  {:>6}  {:>5.1} %", feature.name, feature.uses, feature.share * 100.0)?;
        }
        if let Some(more) = self.features.len().checked_sub(SHOWN_FEATURES).filter(|more| *more > 0) {
            writeln!(f, "  and {more} more (--json shows all)")?;
        }
        writeln!(f, "\nSections        bytes   packed alone")?;
        for size in &self.sections {
            writeln!(f, "  {:<10} {:>8}   {:>8}", size.section, size.bytes, size.packed_bytes)?;
        }
        writeln!(f, "  {:<10} {:>8}   {:>8}", "whole", self.bytes, self.stored_bytes)
    }
}

fn card(f: &mut fmt::Formatter<'_>, card: &Card) -> fmt::Result {
    writeln!(f, "\n{} {}: {} (rides up to {})", card.name, card.version, card.algorithm, card.created)?;
    let optional = [("commit", &card.git_commit), ("MLflow run", &card.mlflow_run)];
    for (name, value) in optional.iter().filter_map(|(name, value)| value.as_ref().map(|value| (name, value))) {
        writeln!(f, "  {name}: {value}")?;
    }
    if !card.command.is_empty() {
        writeln!(f, "  made by: {}", card.command)?;
    }
    months(f, "trained on", &card.trained_on)?;
    months(f, "measured on", &card.measured_on)?;
    let errors = [("error by folds of days", &card.folds), ("error on the measured months", &card.test)];
    for (name, metrics) in errors.iter().filter_map(|(name, metrics)| metrics.as_ref().map(|metrics| (name, metrics))) {
        writeln!(f, "  {name}: {}", Error(metrics))?;
    }
    for borough in &card.boroughs {
        writeln!(f, "    {:<14} {}", borough.borough, Error(&borough.metrics))?;
    }
    if !card.parameters.is_empty() {
        let parameters: Vec<String> = card.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        writeln!(f, "  parameters: {}", parameters.join(" "))?;
    }
    card.notes.iter().try_for_each(|note| writeln!(f, "  note: {note}"))
}

fn months(f: &mut fmt::Formatter<'_>, what: &str, months: &[Month]) -> fmt::Result {
    for month in months {
        let (file, used, rows) = (&month.file, month.used, month.rows);
        writeln!(f, "  {what} {file}: {used} of {rows} rows, sha256 {}", month.sha256)?;
        for dropped in &month.dropped {
            writeln!(f, "    {:>8} dropped: {}", dropped.rows, dropped.reason)?;
        }
    }
    Ok(())
}

struct Error<'a>(&'a Metrics);

impl fmt::Display for Error<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Metrics { rmse, mae, bias, rides } = self.0;
        write!(f, "RMSE {rmse:.4}, MAE {mae:.4}, bias {bias:+.4} over {rides} rides")
    }
}

fn shape(f: &mut fmt::Formatter<'_>, model: &Shape) -> fmt::Result {
    write!(f, "Model: {}", model.kind)?;
    if let Some(ensemble) = &model.ensemble {
        let (trees, leaves, depth) = (ensemble.trees, ensemble.leaves, ensemble.depth);
        let (splits, categorical) = (ensemble.splits, ensemble.categorical_splits);
        write!(f, " of {trees} trees, {leaves} leaves, {splits} splits ({categorical} on categories), {depth} deep")?;
        write!(f, ", scored as {}", ensemble.dialect)?;
    }
    if let Some(terms) = model.terms {
        write!(f, " of {terms} terms")?;
    }
    writeln!(f, "; kernel {}", model.kernel)
}
