//! What the choices behind the shipped model rest on: each row is a fit by folds of whole days, nothing is measured on a
//! month kept apart.
//!
//!     cargo run --release -p curbside-train --example choices -- "$CURBSIDE_DATA/green_tripdata_2021-01.parquet"

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "native: reads files and arguments")]

use std::path::PathBuf;

use curbside_train::{Algorithm, BoostingParameters, Progress, TrainConfig, TrainError, train};

fn main() -> Result<(), TrainError> {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    println!("| folds of whole days | RMSE / MAE with distance | without |\n|---|---|---|");
    for (what, parameters) in rows() {
        let mut config = TrainConfig::new(files.clone(), Vec::new(), PathBuf::from("choices.curb"));
        config.algorithm = Algorithm::Boosting(vec![parameters]);
        let mut found = Vec::new();
        train(&config, &mut |progress| {
            if let Progress::Measured { metrics, .. } = progress {
                found.push(format!("{:.3} / {:.3}", metrics.rmse, metrics.mae));
            }
        })?;
        println!("| {what} | {} |", found.join(" | "));
    }
    Ok(())
}

/// The shipped parameters with other seeds, which shows what is chance; then with one of them changed.
fn rows() -> Vec<(String, BoostingParameters)> {
    let shipped = BoostingParameters::default();
    let mut rows = Vec::new();
    for seed in [1, 2, 3] {
        rows.push((format!("shipped, seed {seed}"), BoostingParameters { seed, ..shipped }));
    }
    for without_distance_weight in [0.0, 0.1, 0.35, 0.5] {
        let row = BoostingParameters { without_distance_weight, ..shipped };
        rows.push((format!("without_distance_weight {without_distance_weight}"), row));
    }
    for learning_rate in [0.1, 0.18, 0.22] {
        rows.push((format!("learning_rate {learning_rate}"), BoostingParameters { learning_rate, ..shipped }));
    }
    for lambda_l2 in [5.0, 50.0] {
        rows.push((format!("lambda_l2 {lambda_l2}"), BoostingParameters { lambda_l2, ..shipped }));
    }
    for min_data_in_leaf in [15, 60] {
        let row = BoostingParameters { min_data_in_leaf, ..shipped };
        rows.push((format!("min_data_in_leaf {min_data_in_leaf}"), row));
    }
    rows
}
