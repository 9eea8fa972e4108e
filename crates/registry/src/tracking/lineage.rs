//! Where the code stands and who runs it, as `MLflow`'s own tags say it.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::records::Pair;
use crate::settings::Environment;

/// Tags of a run that `source`, such as `curbside train`, makes from a folder: the user, the commit of the repository around
/// the folder where there is one, whether something there is not committed, and the version of this build.
pub fn lineage(source: &str, folder: &Path, variable: Environment<'_>) -> Vec<Pair> {
    let mut tags = vec![
        Pair::new("mlflow.source.name", source),
        Pair::new("mlflow.source.type", "LOCAL"),
        Pair::new("curbside.version", env!("CARGO_PKG_VERSION")),
    ];
    if let Some(user) = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| variable(name)) {
        tags.push(Pair::new("mlflow.user", user));
    }
    if let Some(commit) = git(folder, &["rev-parse", "--verify", "HEAD"]) {
        tags.push(Pair::new("mlflow.source.git.commit", commit));
        let changed =
            git(folder, &["status", "--porcelain", "--untracked-files=no"]).is_some_and(|text| !text.is_empty());
        tags.push(Pair::new("mlflow.git.dirty", changed.to_string()));
    }
    tags
}

/// What git says of a folder; `None` where there is no git or no repository.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_says_its_commit_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let user = |name: &str| (name == "LOGNAME").then(|| "someone".to_owned());
        let tags = lineage("curbside train", folder.path(), &user);
        assert_eq!(Pair::find(&tags, "mlflow.source.name"), Some("curbside train"));
        assert_eq!(Pair::find(&tags, "mlflow.user"), Some("someone"));
        assert_eq!(Pair::find(&tags, "mlflow.source.git.commit"), None);
        let run = |arguments: &[&str]| git(folder.path(), arguments).unwrap();
        run(&["init", "-q"]);
        let author = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
        run(&[&author[..], &["commit", "-q", "--allow-empty", "-m", "first"]].concat());
        let tags = lineage("curbside train", folder.path(), &user);
        let commit = Pair::find(&tags, "mlflow.source.git.commit").unwrap();
        assert!(commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{commit}");
        assert_eq!(Pair::find(&tags, "mlflow.git.dirty"), Some("false"));
    }
}
