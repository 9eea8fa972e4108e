//! Months as `MLflow`'s datasets.

use curbside::bundle::Month;
use serde_json::{Map, Value, json};

use crate::records::{Dataset, DatasetInput, Pair};

/// The longest digest that the server takes.
const LONGEST_DIGEST: usize = 36;

/// What a month was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Learnt from.
    Training,
    /// Correction and interval were learnt from it.
    Calibration,
    /// Measured on.
    Validation,
}

/// A month as the server keeps it: its digest is the beginning of the file's sha256, the whole of which is in the tags; the
/// profile is the account of its rows. Of its place there is the file's name, and no folder.
pub fn dataset(month: &Month, purpose: Use) -> DatasetInput {
    let context = match purpose {
        Use::Training => "training",
        Use::Calibration => "calibration",
        Use::Validation => "validation",
    };
    let dropped: Map<String, Value> =
        month.dropped.iter().map(|dropped| (dropped.reason.clone(), dropped.rows.into())).collect();
    let column = |name: &str, kind: &str, required: bool| json!({ "type": kind, "name": name, "required": required });
    let columns = [
        column("pickup_datetime", "datetime", true),
        column("dropoff_datetime", "datetime", true),
        column("PULocationID", "long", true),
        column("DOLocationID", "long", true),
        column("trip_distance", "double", true),
    ];
    DatasetInput {
        tags: vec![
            Pair::new("mlflow.data.context", context),
            Pair::new("curbside.sha256", month.sha256.clone()),
            Pair::new("curbside.used", month.used.to_string()),
        ],
        dataset: Dataset {
            name: month.file.clone(),
            digest: digest(month),
            source_type: "local".to_owned(),
            source: json!({ "uri": month.file }).to_string(),
            schema: json!({ "mlflow_colspec": columns }).to_string(),
            profile: json!({ "num_rows": month.rows, "used": month.used, "dropped": dropped }).to_string(),
        },
    }
}

/// The digest by which metrics name a month.
pub(crate) fn digest(month: &Month) -> String {
    month.sha256.chars().take(LONGEST_DIGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use curbside::bundle::DroppedRows;

    #[test]
    fn a_month_becomes_a_dataset() {
        let month = Month {
            file: "green_tripdata_2021-01.parquet".into(),
            sha256: "0123456789abcdef".repeat(4),
            rows: 100,
            used: 90,
            dropped: vec![DroppedRows { reason: "too short".into(), rows: 10 }],
        };
        let DatasetInput { tags, dataset } = dataset(&month, Use::Validation);
        assert_eq!(Pair::find(&tags, "mlflow.data.context"), Some("validation"));
        assert_eq!(Pair::find(&tags, "curbside.sha256"), Some(month.sha256.as_str()));
        assert_eq!(dataset.digest, "0123456789abcdef0123456789abcdef0123");
        assert_eq!(dataset.source, r#"{"uri":"green_tripdata_2021-01.parquet"}"#);
        let profile: Value = serde_json::from_str(&dataset.profile).unwrap();
        assert_eq!(profile, json!({ "num_rows": 100, "used": 90, "dropped": { "too short": 10 } }));
        assert!(dataset.schema.contains(r#""name":"PULocationID""#), "{}", dataset.schema);
    }
}
