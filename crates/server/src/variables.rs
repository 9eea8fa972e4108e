//! Values by option, by environment variable, or by a file that a variable names; an empty one is as good as none.

use std::env;
use std::fs;
use std::path::PathBuf;

use crate::refusal::Refusal;

/// A secret is some keys or tokens; a larger file is another file.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// The environment, or what a test says instead.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The environment of this process. What is no text is not nothing: tokens that were left out would leave the service open.
pub(crate) fn of_process(name: &str) -> Option<String> {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// One setting, and what it is called when it is refused.
#[derive(Debug)]
pub(crate) struct Given {
    /// Option and variable.
    pub(crate) field: String,
    /// Without space around it; never empty.
    pub(crate) value: String,
}

/// What the option says, else the variable.
pub(crate) fn given(option: &str, said: Option<&str>, variable: &str, environment: Environment<'_>) -> Option<Given> {
    let said = said.map(str::to_owned).or_else(|| environment(variable))?;
    let value = said.trim().to_owned();
    (!value.is_empty()).then(|| Given { field: format!("{option} ({variable})"), value })
}

/// A secret from its variable, from the file that `NAME_FILE` names, or from systemd's credential of that name.
///
/// # Errors
/// When two of them say something, or the file cannot be read.
pub(crate) fn secret(name: &str, environment: Environment<'_>) -> Result<Option<String>, Refusal> {
    let file_variable = format!("{name}_FILE");
    let direct = environment(name).filter(|value| !value.trim().is_empty());
    let named = environment(&file_variable).filter(|value| !value.trim().is_empty()).map(PathBuf::from);
    let credential = environment("CREDENTIALS_DIRECTORY").map(|folder| PathBuf::from(folder).join(name));
    let credential = credential.filter(|file| file.is_file());
    if [direct.is_some(), named.is_some(), credential.is_some()].into_iter().filter(|says| *says).count() > 1 {
        let expected = format!("{name}, {file_variable} or systemd's credential {name}, one of them");
        return Err(Refusal::new(name, expected, "two of them or more", "take the others away"));
    }
    let Some(file) = named.or(credential) else {
        return Ok(direct.map(|value| value.trim().to_owned()));
    };
    let refuse = |found: String| {
        Refusal::new(
            &file_variable,
            "a file of text that the server may read",
            found,
            format!("check {}", file.display()),
        )
    };
    let length = fs::metadata(&file).map_err(|error| refuse(error.to_string()))?.len();
    if length > MAX_SECRET_BYTES {
        return Err(refuse(format!("{length} bytes")));
    }
    let text = fs::read_to_string(&file).map_err(|error| refuse(error.to_string()))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(refuse("nothing in it".to_owned()));
    }
    if text.contains('\0') {
        // No environment can hold it, so no process could be started.
        return Err(refuse("a zero byte in it".to_owned()));
    }
    Ok(Some(text.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::fs;

    use super::{given, secret};

    #[test]
    fn the_option_comes_before_the_variable_and_nothing_is_none() {
        let environment = |name: &str| (name == "CURBSIDE_LISTEN").then(|| " 0.0.0.0:80 ".to_owned());
        let value = |said| given("--listen", said, "CURBSIDE_LISTEN", &environment).map(|given| given.value);
        assert_eq!(value(Some("[::]:1")).unwrap(), "[::]:1");
        assert_eq!(value(None).unwrap(), "0.0.0.0:80");
        assert!(given("--model", None, "MODEL_NAME", &environment).is_none());
        assert!(given("--model", Some("  "), "MODEL_NAME", &environment).is_none());
    }

    #[test]
    fn a_secret_comes_from_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("API_TOKENS");
        fs::write(&file, "from-file\n").unwrap();
        let path = file.to_str().unwrap().to_owned();
        let within = folder.path().to_str().unwrap().to_owned();
        let read = |known: &[(&str, &str)]| {
            let known: Vec<(String, String)> =
                known.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            secret("API_TOKENS", &|name| known.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
        };
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&[("API_TOKENS", "direct")]).unwrap().unwrap(), "direct");
        assert_eq!(read(&[("API_TOKENS_FILE", &path)]).unwrap().unwrap(), "from-file");
        assert_eq!(read(&[("CREDENTIALS_DIRECTORY", &within)]).unwrap().unwrap(), "from-file");
        for two in [
            [("API_TOKENS", "a"), ("API_TOKENS_FILE", &path)],
            [("API_TOKENS", "a"), ("CREDENTIALS_DIRECTORY", &within)],
        ] {
            assert_eq!(read(&two).unwrap_err().found, "two of them or more");
        }
        let missing = read(&[("API_TOKENS_FILE", "/nowhere/at/all")]).unwrap_err();
        assert_eq!(missing.field, "API_TOKENS_FILE");
        fs::write(&file, " \n").unwrap();
        assert_eq!(read(&[("API_TOKENS_FILE", &path)]).unwrap_err().found, "nothing in it");
        fs::write(&file, "a\0b").unwrap();
        assert_eq!(read(&[("API_TOKENS_FILE", &path)]).unwrap_err().found, "a zero byte in it");
    }
}
