//! What `inspect` finds, for a person.

use std::fmt;

use curbside::bundle::{Card, Month};

use super::answer::{Answer, Shape, TableSize};
use crate::verbs::figures::{error, figures};

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
        write!(f, "{}", self.calibration)?;
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
        tables(f, &self.tables)?;
        writeln!(f, "\nSections           bytes   packed alone")?;
        for size in &self.sections {
            writeln!(f, "  {:<13} {:>8}   {:>8}", size.section, size.bytes, size.packed_bytes)?;
        }
        writeln!(f, "  {:<13} {:>8}   {:>8}", "whole", self.bytes, self.stored_bytes)
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
    months(f, "calibrated on", &card.calibrated_on)?;
    if let Some(base) = &card.recalibrated_from {
        writeln!(f, "  model of: {base}")?;
    }
    months(f, "measured on", &card.measured_on)?;
    figures(f, card)?;
    for borough in &card.boroughs {
        writeln!(f, "    {:<14} {}", borough.borough, error(&borough.metrics))?;
    }
    if !card.parameters.is_empty() {
        let parameters: Vec<String> = card.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        writeln!(f, "  parameters: {}", parameters.join(" "))?;
    }
    card.notes.iter().try_for_each(|note| writeln!(f, "  note: {note}"))?;
    card.warnings.iter().try_for_each(|warning| writeln!(f, "  warning: {warning}"))
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

fn tables(f: &mut fmt::Formatter<'_>, tables: &[TableSize]) -> fmt::Result {
    if tables.is_empty() {
        return Ok(());
    }
    let width = tables.iter().map(|table| table.name.len()).max().unwrap_or(0).max("Tables".len());
    writeln!(f, "\n{:width$}     entries      bytes   packed alone", "Tables")?;
    for TableSize { name, entries, bytes, packed_bytes } in tables {
        writeln!(f, "  {name:width$}  {entries:>8}   {bytes:>8}   {packed_bytes:>8}")?;
    }
    Ok(())
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
