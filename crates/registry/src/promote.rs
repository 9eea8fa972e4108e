//! From a version in the registry to weights that riders score with: storage first, then the registry's alias.
//!
//! Storage goes first because it is what hosts follow; whoever is stopped between the two has published, and doing it again finishes it.
//! Doing it twice changes nothing. No lock is needed over both: each act is whole by itself, and the second only says what the first did.

use curbside_publish::{BundleFile, Manifest, Publication, Published, publish};
use object_store::ObjectStore;
use serde::Serialize;

use crate::client::Client;
use crate::error::{RegistryError, RegistryErrorKind};
use crate::pull::{Origin, Puller};

/// What became of the registry's alias.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AliasMove {
    /// The registered model.
    pub model: String,
    /// The alias.
    pub alias: String,
    /// The version it stood on; `None` where there was no such alias.
    pub before: Option<String>,
    /// The version it stands on.
    pub after: String,
}

impl AliasMove {
    /// Whether it stood there already.
    pub fn is_unchanged(&self) -> bool {
        self.before.as_deref() == Some(&self.after)
    }
}

/// What a promotion did.
#[derive(Clone, Debug, PartialEq)]
pub struct Promoted {
    /// In storage.
    pub published: Published,
    /// In the registry; `None` for a model that is no version of a registered model.
    pub alias: Option<AliasMove>,
}

/// Publishes a pulled bundle, and lets the registry's alias of the same name stand on its version. What the origin knows of run,
/// model and version goes into the manifest.
///
/// # Errors
///
/// Those of [`publish`], after which the registry's alias was not touched; `PROMOTE_ALIAS` where storage has the new weights and the
/// registry's alias stands where it stood.
pub fn promote(
    puller: &Puller,
    store: &dyn ObjectStore,
    bundle: &BundleFile,
    origin: &Origin,
    publication: &Publication<'_>,
) -> Result<Promoted, RegistryError> {
    let publication = Publication {
        mlflow_run: origin.run_id.as_deref(),
        mlflow_model: origin.model.as_deref(),
        mlflow_model_version: origin.version.as_deref(),
        ..*publication
    };
    let published = publish(store, bundle, &publication)?;
    let (Some(model), Some(version)) = (&origin.model, &origin.version) else {
        return Ok(Promoted { published, alias: None });
    };
    let moved = puller.server().and_then(|client| move_alias(client, model, publication.alias, version));
    let alias = moved.map_err(|fault| behind(&published.manifest, (model, publication.alias, version), &fault))?;
    Ok(Promoted { published, alias: Some(alias) })
}

/// Lets an alias stand on a version, and says where it stood. One that stands there already is left alone.
///
/// # Errors
///
/// `REGISTRY_NOT_FOUND` for a model or a version that there is not, and every other kind.
pub fn move_alias(client: &Client, model: &str, alias: &str, version: &str) -> Result<AliasMove, RegistryError> {
    let before = match client.aliased_version(model, alias) {
        Ok(found) => Some(found.version),
        // No alias yet; of a model that there is not, setting it says so.
        Err(fault) if fault.kind() == RegistryErrorKind::NotFound => None,
        Err(fault) => return Err(fault),
    };
    if before.as_deref() != Some(version) {
        client.set_alias(model, alias, version)?;
    }
    Ok(AliasMove { model: model.to_owned(), alias: alias.to_owned(), before, after: version.to_owned() })
}

/// Lets the registry's alias follow a rollback: to the version that the manifest names, where it names one and a server is known.
///
/// # Errors
///
/// `PROMOTE_ALIAS` where storage has the earlier weights and the registry's alias stands where it stood.
pub fn take_back(puller: &Puller, manifest: &Manifest, alias: &str) -> Result<Option<AliasMove>, RegistryError> {
    let (Ok(client), Some(model), Some(version)) =
        (puller.server(), &manifest.mlflow_model, &manifest.mlflow_model_version)
    else {
        return Ok(None);
    };
    let moved = move_alias(client, model, alias, version);
    moved.map(Some).map_err(|fault| behind(manifest, (model, alias, version), &fault))
}

/// Storage has moved and the registry has not.
fn behind(manifest: &Manifest, (model, alias, version): (&str, &str, &str), fault: &RegistryError) -> RegistryError {
    let Manifest { name, sequence, .. } = manifest;
    let message = format!(
        "models/{name}/{alias}.json stands on version {version} of {model} as of sequence {sequence}, and riders get it; MLflow's \
         alias models:/{model}@{alias} was not moved: {fault}"
    );
    RegistryError::new(RegistryErrorKind::AliasBehind, message)
}
