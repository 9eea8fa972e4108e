//! MLflow's model folders: which file in one is the model, as its `MLmodel` says.
//!
//! Only the three lines that say so are read, by their indentation: the rest of that YAML is about Python.

use crate::error::ImportError;

/// The file in a model folder that says what the others are.
pub const MLMODEL: &str = "MLmodel";

/// Flavours whose files are read here, and the key that names the file.
const FLAVORS: [(&str, &str); 3] = [("lightgbm", "data"), ("xgboost", "data"), ("sklearn", "pickled_model")];

/// The name of the model's file in the folder of an `MLmodel` with this text.
///
/// # Errors
///
/// [`ImportError`] with the line: where no flavour of [`FLAVORS`] is there, or its file is no plain file name.
pub fn data_of(mlmodel: &str) -> Result<&str, ImportError> {
    let mut path: [&str; 2] = [""; 2];
    let mut last = 0;
    for (index, line) in mlmodel.lines().enumerate() {
        last = index + 1;
        let depth = line.len() - line.trim_start_matches(' ').len();
        let Some((key, value)) = line.trim().split_once(':') else { continue };
        match depth {
            0 => path = [key, ""],
            2 => path[1] = key,
            4 if path[0] == "flavors" && FLAVORS.contains(&(path[1], key)) => {
                let name = value.trim().trim_matches(['\'', '"']);
                // A folder from elsewhere must not name a file elsewhere.
                if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', ':']) {
                    return Err(ImportError::new(last, key, "the name of a file in the same folder", name));
                }
                return Ok(name);
            }
            _ => {}
        }
    }
    let flavors = FLAVORS.map(|(flavor, _)| flavor).join(", ");
    let expected = format!("one of {flavors} with the file of its model: log the model with one of these flavours");
    Err(ImportError::new(last, "flavors", expected, "none of them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flavour_names_the_file() {
        let text = "flavors:\n  python_function:\n    data: other\n  xgboost:\n    code: null\n    data: model.ubj\n";
        assert_eq!(data_of(text).unwrap(), "model.ubj");
        assert_eq!(data_of(&text.replace("xgboost", "lightgbm")).unwrap(), "model.ubj");
        let wrapped =
            text.replace("xgboost", "sklearn").replace("    data: model.ubj", "    pickled_model: model.skops");
        assert_eq!(data_of(&wrapped).unwrap(), "model.skops");
        for (from, to, words) in [
            ("xgboost", "spark", "flavors: expected one of lightgbm, xgboost, sklearn"),
            ("xgboost", "sklearn", "flavors: expected one of lightgbm, xgboost, sklearn"),
            ("model.ubj", "../model.ubj", "line 6, data: expected the name of a file"),
            ("model.ubj", "/etc/model", "line 6, data: expected the name of a file"),
            ("model.ubj", "C:model", "line 6, data: expected the name of a file"),
            ("data: model.ubj", "data:", "line 6, data: expected the name of a file"),
            ("flavors:", "tastes:", "flavors: expected one of"),
        ] {
            let error = data_of(&text.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(words), "{to}: {error}");
        }
    }
}
