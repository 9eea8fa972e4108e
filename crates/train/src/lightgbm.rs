//! LightGBM behind a safe face: the only unsafe code of the trainer.
//!
//! Made directly on the C interface, because the safe wrapper that exists drops `categorical_feature` on its way to the
//! dataset. Every call's status is checked, every length is checked before a pointer is passed, and handles are freed
//! exactly once, in `drop`.

#![allow(unsafe_code, reason = "a C interface; each block states its invariant")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fmt;
use std::ptr;
use std::rc::Rc;

use lightgbm3_sys as sys;
use ndarray::ArrayView2;

/// What LightGBM refused, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LightGbmError(String);

impl fmt::Display for LightGbmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LightGBM: {}", self.0)
    }
}

impl std::error::Error for LightGbmError {}

/// Turns a status into an error with LightGBM's own message.
fn check(status: c_int) -> Result<(), LightGbmError> {
    if status == 0 {
        return Ok(());
    }
    // SAFETY: the pointer is to a thread-local, NUL-terminated buffer inside LightGBM that outlives this copy.
    let message = unsafe { CStr::from_ptr(sys::LGBM_GetLastError()) };
    Err(LightGbmError(message.to_string_lossy().into_owned()))
}

fn text(value: &str) -> Result<CString, LightGbmError> {
    CString::new(value).map_err(|_| LightGbmError(format!("expected no NUL in {value:?}")))
}

fn count<T: TryFrom<usize>>(length: usize) -> Result<T, LightGbmError> {
    T::try_from(length).map_err(|_| LightGbmError(format!("expected lengths that LightGBM can count, found {length}")))
}

/// LightGBM's number for a type of element.
fn element(kind: u32) -> Result<c_int, LightGbmError> {
    c_int::try_from(kind).map_err(|_| LightGbmError(format!("expected a type number, found {kind}")))
}

/// The values of a matrix, row after row.
fn row_major<'a>(matrix: &'a ArrayView2<'_, f64>) -> Result<&'a [f64], LightGbmError> {
    matrix.as_slice().ok_or_else(|| LightGbmError("expected a matrix in row-major order".to_owned()))
}

/// Rows binned for training.
#[derive(Debug)]
pub(crate) struct Dataset {
    handle: sys::DatasetHandle,
}

impl Dataset {
    /// Bins a matrix: one row a ride, one column a name; a label and a weight a row.
    ///
    /// `parameters` is LightGBM's `key=value key=value`, `categorical_feature` among them. With a `reference`, the rows are
    /// binned as that dataset's were, which a validation set must be.
    ///
    /// # Errors
    ///
    /// [`LightGbmError`] for lengths that differ and for what LightGBM refuses.
    pub(crate) fn new(
        matrix: &ArrayView2<'_, f64>,
        names: &[String],
        labels: &[f32],
        weights: &[f32],
        parameters: &str,
        reference: Option<&Dataset>,
    ) -> Result<Dataset, LightGbmError> {
        let (rows, columns) = matrix.dim();
        if labels.len() != rows || weights.len() != rows || names.len() != columns {
            let found = format!("{} labels, {} weights, {} names", labels.len(), weights.len(), names.len());
            return Err(LightGbmError(format!(
                "expected {rows} labels and weights and {columns} names, found {found}"
            )));
        }
        let values = row_major(matrix)?;
        let parameters = text(parameters)?;
        let mut handle: sys::DatasetHandle = ptr::null_mut();
        // SAFETY: `values` holds rows * columns doubles in row-major order and LightGBM copies them before it returns; the
        // parameters are NUL-terminated; the reference, where given, is a live handle; `handle` is a place to write one.
        check(unsafe {
            sys::LGBM_DatasetCreateFromMat(
                values.as_ptr().cast::<c_void>(),
                element(sys::C_API_DTYPE_FLOAT64)?,
                count(rows)?,
                count(columns)?,
                1,
                parameters.as_ptr(),
                reference.map_or(ptr::null_mut(), |dataset| dataset.handle),
                &raw mut handle,
            )
        })?;
        // From here on `drop` frees the handle, also when a step below fails.
        let dataset = Dataset { handle };
        dataset.set_field("label", labels)?;
        dataset.set_field("weight", weights)?;
        dataset.set_names(names)?;
        Ok(dataset)
    }

    fn set_field(&self, name: &str, values: &[f32]) -> Result<(), LightGbmError> {
        let name = text(name)?;
        // SAFETY: the handle is live; `values` holds as many floats as are said, and LightGBM copies them.
        check(unsafe {
            sys::LGBM_DatasetSetField(
                self.handle,
                name.as_ptr(),
                values.as_ptr().cast::<c_void>(),
                count(values.len())?,
                element(sys::C_API_DTYPE_FLOAT32)?,
            )
        })
    }

    fn set_names(&self, names: &[String]) -> Result<(), LightGbmError> {
        let names = names.iter().map(|name| text(name)).collect::<Result<Vec<CString>, _>>()?;
        let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
        // SAFETY: the handle is live; `pointers` are as many NUL-terminated texts as are said, kept by `names` until after
        // the call, in which LightGBM copies them.
        check(unsafe { sys::LGBM_DatasetSetFeatureNames(self.handle, pointers.as_mut_ptr(), count(pointers.len())?) })
    }
}

impl Drop for Dataset {
    fn drop(&mut self) {
        // SAFETY: the handle came from LGBM_DatasetCreateFromMat and is freed only here. A failure to free says nothing that
        // could be acted on.
        let _ = unsafe { sys::LGBM_DatasetFree(self.handle) };
    }
}

/// Trees in the making.
#[derive(Debug)]
pub(crate) struct Booster {
    handle: sys::BoosterHandle,
    columns: usize,
    /// LightGBM keeps pointers into them.
    _datasets: Vec<Rc<Dataset>>,
}

impl Booster {
    /// Begins boosting on `train`, measuring on `valid` where there is one.
    ///
    /// # Errors
    ///
    /// [`LightGbmError`] for parameters that LightGBM refuses.
    pub(crate) fn new(
        train: &Rc<Dataset>,
        valid: Option<&Rc<Dataset>>,
        columns: usize,
        parameters: &str,
    ) -> Result<Booster, LightGbmError> {
        let parameters = text(parameters)?;
        let mut handle: sys::BoosterHandle = ptr::null_mut();
        // SAFETY: the dataset's handle is live and kept so by `_datasets`; the parameters are NUL-terminated; `handle` is a
        // place to write one.
        check(unsafe { sys::LGBM_BoosterCreate(train.handle, parameters.as_ptr(), &raw mut handle) })?;
        let mut datasets = vec![Rc::clone(train)];
        datasets.extend(valid.map(Rc::clone));
        let booster = Booster { handle, columns, _datasets: datasets };
        if let Some(valid) = valid {
            // SAFETY: both handles are live, the dataset's is kept so by `_datasets`.
            check(unsafe { sys::LGBM_BoosterAddValidData(booster.handle, valid.handle) })?;
        }
        Ok(booster)
    }

    /// Adds a tree; `false` when no split was worth making.
    ///
    /// # Errors
    ///
    /// [`LightGbmError`], in LightGBM's words.
    pub(crate) fn update(&mut self) -> Result<bool, LightGbmError> {
        let mut finished: c_int = 0;
        // SAFETY: the handle is live and borrowed mutably; `finished` is a place to write an int.
        check(unsafe { sys::LGBM_BoosterUpdateOneIter(self.handle, &raw mut finished) })?;
        Ok(finished == 0)
    }

    /// The first metric on the validation set.
    ///
    /// # Errors
    ///
    /// [`LightGbmError`] when there is no validation set or no metric.
    pub(crate) fn validation_metric(&self) -> Result<f64, LightGbmError> {
        let mut metrics: c_int = 0;
        // SAFETY: the handle is live; `metrics` is a place to write an int.
        check(unsafe { sys::LGBM_BoosterGetEvalCounts(self.handle, &raw mut metrics) })?;
        let mut values = vec![0.0; usize::try_from(metrics).unwrap_or(0)];
        let mut written: c_int = 0;
        // SAFETY: the handle is live; `values` has room for as many doubles as LightGBM has just counted.
        check(unsafe { sys::LGBM_BoosterGetEval(self.handle, 1, &raw mut written, values.as_mut_ptr()) })?;
        values.first().copied().ok_or_else(|| LightGbmError("expected a metric, found none".to_owned()))
    }

    /// Predictions of the first `trees` trees, one a row.
    ///
    /// # Errors
    ///
    /// [`LightGbmError`] for a matrix of other columns.
    pub(crate) fn predict(&self, matrix: &ArrayView2<'_, f64>, trees: usize) -> Result<Vec<f64>, LightGbmError> {
        let (rows, columns) = matrix.dim();
        if columns != self.columns {
            return Err(LightGbmError(format!("expected {} columns, found {columns}", self.columns)));
        }
        let values = row_major(matrix)?;
        let parameters = text("num_threads=1 verbosity=-1")?;
        let mut predictions = vec![0.0; rows];
        let mut written: i64 = 0;
        // SAFETY: the handle is live; `values` holds rows * columns doubles in row-major order; a regression gives one number
        // a row, which `predictions` has room for.
        check(unsafe {
            sys::LGBM_BoosterPredictForMat(
                self.handle,
                values.as_ptr().cast::<c_void>(),
                element(sys::C_API_DTYPE_FLOAT64)?,
                count(rows)?,
                count(columns)?,
                1,
                element(sys::C_API_PREDICT_NORMAL)?,
                0,
                count(trees)?,
                parameters.as_ptr(),
                &raw mut written,
                predictions.as_mut_ptr(),
            )
        })?;
        Ok(predictions)
    }

    /// What each column's splits gained in all, in the order of the columns: the drop of the squared error that they brought.
    ///
    /// # Errors
    ///
    /// [`LightGbmError`], in LightGBM's words.
    pub(crate) fn gains(&self) -> Result<Vec<f64>, LightGbmError> {
        let mut gains = vec![0.0; self.columns];
        // SAFETY: the handle is live; the dataset had `columns` columns, so LightGBM writes as many doubles; 0 trees is all.
        check(unsafe {
            sys::LGBM_BoosterFeatureImportance(
                self.handle,
                0,
                element(sys::C_API_FEATURE_IMPORTANCE_GAIN)?,
                gains.as_mut_ptr(),
            )
        })?;
        Ok(gains)
    }

    /// The model in LightGBM's text format.
    ///
    /// # Errors
    ///
    /// [`LightGbmError`], in LightGBM's words.
    pub(crate) fn to_text(&self) -> Result<String, LightGbmError> {
        let gain = element(sys::C_API_FEATURE_IMPORTANCE_GAIN)?;
        let mut buffer: Vec<u8> = Vec::new();
        let mut needed: i64 = 0;
        // Twice at most: once to learn the length, once to fetch.
        for _ in 0..2 {
            // SAFETY: the handle is live; LightGBM writes at most the bytes that `buffer` has, and says how many it needs.
            check(unsafe {
                sys::LGBM_BoosterSaveModelToString(
                    self.handle,
                    0,
                    -1,
                    gain,
                    count(buffer.len())?,
                    &raw mut needed,
                    buffer.as_mut_ptr().cast::<c_char>(),
                )
            })?;
            let length = usize::try_from(needed).unwrap_or(0);
            if length <= buffer.len() {
                buffer.truncate(length);
                break;
            }
            buffer.resize(length, 0);
        }
        while buffer.last() == Some(&0) {
            buffer.pop();
        }
        String::from_utf8(buffer).map_err(|_| LightGbmError("expected its model to be UTF-8".to_owned()))
    }
}

impl Drop for Booster {
    fn drop(&mut self) {
        // SAFETY: the handle came from LGBM_BoosterCreate and is freed only here, before the datasets are. A failure to free
        // says nothing that could be acted on.
        let _ = unsafe { sys::LGBM_BoosterFree(self.handle) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    /// 400 rows of a category (0 to 9) and a number, and a label that both decide.
    fn rows() -> (Array2<f64>, Vec<f32>) {
        let matrix = Array2::from_shape_fn((400, 2), |(row, column)| {
            let row = u32::try_from(row).unwrap();
            f64::from(if column == 0 { row % 10 } else { row * 37 % 101 })
        });
        let odd = [3.0, 7.0, 8.0];
        let label = |row: ndarray::ArrayView1<'_, f64>| if odd.contains(&row[0]) { 20.0 } else { 10.0 } + row[1] / 10.0;
        let labels = matrix.rows().into_iter().map(|row| curbside::num::nearest_f32(label(row))).collect();
        (matrix, labels)
    }

    fn names() -> Vec<String> {
        ["zone", "miles"].map(str::to_owned).to_vec()
    }

    fn trained(parameters: &str) -> Booster {
        let (matrix, labels) = rows();
        let weights = vec![1.0; labels.len()];
        let dataset = Dataset::new(&matrix.view(), &names(), &labels, &weights, parameters, None).unwrap();
        let mut booster = Booster::new(&Rc::new(dataset), None, 2, parameters).unwrap();
        for _ in 0..5 {
            assert!(booster.update().unwrap());
        }
        booster
    }

    const PARAMETERS: &str = "objective=regression num_leaves=7 learning_rate=0.375 min_data_in_leaf=3 deterministic=true \
                              force_row_wise=true num_threads=1 seed=11 verbosity=-1";

    #[test]
    fn parameters_and_categories_arrive() {
        let with = trained(&format!("{PARAMETERS} categorical_feature=0")).to_text().unwrap();
        for expected in ["\nfeature_names=zone miles\n", "[learning_rate: 0.375]", "[num_leaves: 7]", "[seed: 11]"] {
            assert!(with.contains(expected), "{expected:?} is not in\n{with}");
        }
        assert!(with.contains("[deterministic: 1]") && with.contains("[num_threads: 1]"), "{with}");
        // Sets of categories, and the column's values as a list of categories rather than as a range.
        assert!(with.contains("\ncat_threshold=") && !with.contains("feature_infos=["), "{with}");
        let without = trained(PARAMETERS).to_text().unwrap();
        assert!(!without.contains("\ncat_threshold="), "{without}");
    }

    #[test]
    fn two_runs_give_the_same_text() {
        assert_eq!(trained(PARAMETERS).to_text().unwrap(), trained(PARAMETERS).to_text().unwrap());
    }

    #[test]
    fn gains_are_those_of_the_model_s_text() {
        let booster = trained(&format!("{PARAMETERS} categorical_feature=0"));
        let (gains, text) = (booster.gains().unwrap(), booster.to_text().unwrap());
        // The text lists them in whole numbers.
        let listed: Vec<f64> = ["\nzone=", "\nmiles="]
            .iter()
            .map(|name| text.split(name).nth(1).unwrap().lines().next().unwrap().parse().unwrap())
            .collect();
        assert!(gains.iter().all(|gain| *gain > 0.0), "{gains:?}");
        for (gain, listed) in gains.iter().zip(listed) {
            assert!((gain - listed).abs() < 1.0, "{gains:?}, {listed} in the text");
        }
    }

    #[test]
    fn what_lightgbm_refuses_is_an_error_in_its_words() {
        let (matrix, labels) = rows();
        let weights = vec![1.0; labels.len()];
        let make = |labels: &[f32], parameters: &str| {
            Dataset::new(&matrix.view(), &names(), labels, &weights, parameters, None).map(|_| ())
        };
        assert!(make(&labels, PARAMETERS).is_ok());
        assert!(make(&labels[1..], PARAMETERS).unwrap_err().to_string().contains("399 labels"));
        assert!(make(&labels, "max_bin=-5 verbosity=-1").unwrap_err().to_string().contains("max_bin"));
        assert!(make(&labels, "a\0b").is_err());
        let booster = trained(PARAMETERS);
        assert!(booster.predict(&Array2::zeros((3, 5)).view(), 5).unwrap_err().to_string().contains("found 5"));
        assert!(booster.validation_metric().is_err(), "there is no validation set");
    }
}
