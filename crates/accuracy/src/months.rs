//! The trip files of a folder, by month.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use curbside_evaluate::{Months, Within, file_name, read};
use curbside_tlc::MonthName;

/// How the files of whole months of green taxis begin.
const GREEN: &str = "green_tripdata_";

/// The green months of a folder.
#[derive(Clone, Debug)]
pub(crate) struct Archive {
    files: BTreeMap<MonthName, PathBuf>,
}

impl Archive {
    /// Lists a folder; of two files of one month the Parquet file counts.
    ///
    /// # Errors
    /// When it cannot be listed, or holds no month.
    pub(crate) fn open(folder: &Path) -> Result<Archive> {
        let listing = std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
        let mut paths = listing.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
        // A Parquet file comes last and stays.
        paths.sort_by_key(|path| (path.extension().is_some_and(|ending| ending == "parquet"), path.clone()));
        let green = paths.into_iter().filter(|path| file_name(path).starts_with(GREEN));
        let files: BTreeMap<MonthName, PathBuf> =
            green.filter_map(|path| Some((MonthName::from_file_name(&path)?, path))).collect();
        if files.is_empty() {
            bail!(
                "{}: expected files such as {GREEN}2021-01.parquet, found none: name their folder in CURBSIDE_DATA",
                folder.display()
            );
        }
        Ok(Archive { files })
    }

    /// The months in order.
    pub(crate) fn months(&self) -> impl Iterator<Item = MonthName> {
        self.files.keys().copied()
    }

    /// Whether there is a month.
    pub(crate) fn has(&self, month: MonthName) -> bool {
        self.files.contains_key(&month)
    }

    /// The files of months.
    ///
    /// # Errors
    /// Names the first one that is missing.
    pub(crate) fn paths(&self, months: &[MonthName]) -> Result<Vec<PathBuf>> {
        let path = |month: &MonthName| {
            let path = self.files.get(month).cloned();
            path.with_context(|| {
                format!("{GREEN}{month} is missing: the document needs it, in the folder of CURBSIDE_DATA")
            })
        };
        months.iter().map(path).collect()
    }

    /// The rides of one month.
    ///
    /// # Errors
    /// When its file is missing, cannot be read or is no month.
    pub(crate) fn read(&self, month: MonthName, within: Within) -> Result<Months> {
        Ok(read(&self.paths(&[month])?, within, &mut |_| ())?)
    }
}

/// Months by their names.
///
/// # Errors
/// For a text that names none.
pub(crate) fn named(names: &[&str]) -> Result<Vec<MonthName>> {
    names.iter().map(|name| Ok(name.parse()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_one_file_and_others_are_none() {
        let folder = std::env::temp_dir().join(format!("curbside-accuracy-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        assert!(Archive::open(&folder).unwrap_err().to_string().contains("found none"));
        for name in [
            "green_tripdata_2021-02.parquet",
            "green_tripdata_2021-02.csv.gz",
            "green_tripdata_2020-12.csv",
            "README.md",
            "yellow_tripdata_2021-01.parquet",
        ] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let archive = Archive::open(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let months = named(&["2020-12", "2021-02"]).unwrap();
        assert_eq!(archive.months().collect::<Vec<_>>(), months);
        let names: Vec<String> = archive.paths(&months).unwrap().iter().map(|path| file_name(path)).collect();
        assert_eq!(names, ["green_tripdata_2020-12.csv", "green_tripdata_2021-02.parquet"]);
        let missing = archive.paths(&named(&["2021-01"]).unwrap()).unwrap_err().to_string();
        assert!(missing.starts_with("green_tripdata_2021-01 is missing"), "{missing}");
    }
}
