//! MLflow's model folders: which file in one is the model, as its `MLmodel` says, and where the model comes from.
//!
//! Only the lines that say so are read, by their indentation: the rest of that YAML is about Python.

use crate::error::ImportError;

/// The file in a model folder that says what the others are.
pub const MLMODEL: &str = "MLmodel";

/// The flavour whose file is a bundle.
const BUNDLE: &str = "curbside";

/// Flavours whose files are read here, and the key that names the file.
const FLAVORS: [(&str, &str); 4] =
    [("lightgbm", "data"), ("xgboost", "data"), ("sklearn", "pickled_model"), (BUNDLE, "data")];

/// What an `MLmodel` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MlModel<'a> {
    /// The flavour, one of those that are read here.
    pub flavor: &'a str,
    /// The name of the model's file, a plain name.
    pub data: &'a str,
    /// SHA-256 of that file in hexadecimal, where the flavour says it, as a bundle's does.
    pub sha256: Option<&'a str>,
    /// The run that logged the model.
    pub run_id: Option<&'a str>,
    /// The logged model's id, of MLflow 3.
    pub model_id: Option<&'a str>,
}

impl<'a> MlModel<'a> {
    /// Reads the text of an `MLmodel`.
    ///
    /// # Errors
    ///
    /// [`ImportError`] with the line: where no flavour is there that is read, or its file is no plain file name.
    pub fn read(text: &'a str) -> Result<MlModel<'a>, ImportError> {
        let mut path: [&str; 2] = [""; 2];
        let mut last = 0;
        let mut found = MlModel { flavor: "", data: "", sha256: None, run_id: None, model_id: None };
        for (index, line) in text.lines().enumerate() {
            last = index + 1;
            let depth = line.len() - line.trim_start_matches(' ').len();
            let Some((key, value)) = line.trim().split_once(':') else { continue };
            let value = value.trim().trim_matches(['\'', '"']);
            let told = Some(value).filter(|value| !value.is_empty() && *value != "null");
            match (depth, key) {
                (0, "run_id") => found.run_id = told,
                (0, "model_id") => found.model_id = told,
                (2, _) => path[1] = key,
                (4, _) if path[0] == "flavors" && found.data.is_empty() && FLAVORS.contains(&(path[1], key)) => {
                    // A folder from elsewhere must not name a file elsewhere.
                    if value.is_empty() || value.starts_with('.') || value.contains(['/', '\\', ':']) {
                        return Err(ImportError::new(last, key, "the name of a file in the same folder", value));
                    }
                    (found.flavor, found.data) = (path[1], value);
                }
                (4, "sha256") if path == ["flavors", BUNDLE] => found.sha256 = told,
                _ => {}
            }
            if depth == 0 {
                path = [key, ""];
            }
        }
        if found.data.is_empty() {
            let flavors = FLAVORS.map(|(flavor, _)| flavor).join(", ");
            let expected =
                format!("one of {flavors} with the file of its model: log the model with one of these flavours");
            return Err(ImportError::new(last, "flavors", expected, "none of them"));
        }
        Ok(found)
    }

    /// Whether the file is a bundle already, and not a model of another library.
    pub fn is_bundle(&self) -> bool {
        self.flavor == BUNDLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flavour_names_the_file() {
        let text = "flavors:\n  python_function:\n    data: other\n  xgboost:\n    code: null\n    data: model.ubj\n";
        let data = |text: &str| MlModel::read(text).map(|found| found.data.to_owned());
        assert_eq!(data(text).unwrap(), "model.ubj");
        assert_eq!(data(&text.replace("xgboost", "lightgbm")).unwrap(), "model.ubj");
        let wrapped =
            text.replace("xgboost", "sklearn").replace("    data: model.ubj", "    pickled_model: model.skops");
        assert_eq!(data(&wrapped).unwrap(), "model.skops");
        for (from, to, words) in [
            ("xgboost", "spark", "flavors: expected one of lightgbm, xgboost, sklearn, curbside"),
            ("xgboost", "sklearn", "flavors: expected one of lightgbm, xgboost, sklearn, curbside"),
            ("model.ubj", "../model.ubj", "line 6, data: expected the name of a file"),
            ("model.ubj", "/etc/model", "line 6, data: expected the name of a file"),
            ("model.ubj", "C:model", "line 6, data: expected the name of a file"),
            ("data: model.ubj", "data:", "line 6, data: expected the name of a file"),
            ("flavors:", "tastes:", "flavors: expected one of"),
        ] {
            let error = data(&text.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(words), "{to}: {error}");
        }
    }

    #[test]
    fn a_bundle_is_told_from_foreign_models_and_knows_where_it_comes_from() {
        let text = "flavors:\n  curbside:\n    data: \"model.curb\"\n    sha256: \"ab12\"\n  python_function:\n    data: x\n    \
                    sha256: cd\nmodel_id: m-1\nrun_id: 'r1'\nsignature:\n  run_id: other\n";
        let expected = MlModel {
            flavor: "curbside",
            data: "model.curb",
            sha256: Some("ab12"),
            run_id: Some("r1"),
            model_id: Some("m-1"),
        };
        let found = MlModel::read(text).unwrap();
        assert_eq!(found, expected);
        assert!(found.is_bundle());
        let foreign = text.replace("curbside", "lightgbm").replace("model_id: m-1", "model_id: null");
        let found = MlModel::read(&foreign).unwrap();
        assert!(!found.is_bundle());
        assert_eq!((found.sha256, found.model_id, found.run_id), (None, None, Some("r1")));
    }
}
