//! How a store is reached, and by whose keys. Only here is the environment read; secrets leave by no `Debug` and no message.

use std::fmt;
use std::time::Duration;

use super::StoreUrl;
use crate::error::{PublishError, PublishErrorKind};

/// Endpoint, region and keys of a bucket. A folder needs none of them.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreSettings {
    pub(crate) endpoint: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) access_key_id: Option<String>,
    pub(crate) secret_access_key: Option<String>,
    pub(crate) session_token: Option<String>,
    pub(crate) allow_http: bool,
    /// Longest wait for a connection.
    pub(crate) connect_timeout: Duration,
    /// Longest wait for one whole request, which may carry a large blob.
    pub(crate) request_timeout: Duration,
    /// No request is begun again once this has passed.
    pub(crate) retry_timeout: Duration,
}

impl Default for StoreSettings {
    fn default() -> StoreSettings {
        StoreSettings {
            endpoint: None,
            region: None,
            access_key_id: None,
            secret_access_key: None,
            session_token: None,
            allow_http: false,
            connect_timeout: Duration::from_secs(3),
            request_timeout: Duration::from_mins(2),
            retry_timeout: Duration::from_secs(6),
        }
    }
}

impl StoreSettings {
    /// What the environment says of a place: for S3 `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` (else Amazon's own),
    /// `AWS_REGION` or `AWS_DEFAULT_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; for R2
    /// `R2_ACCOUNT_ID` or `R2_ENDPOINT_URL`, `R2_ACCESS_KEY_ID` and `R2_SECRET_ACCESS_KEY`, else the same keys as S3.
    /// `AWS_ALLOW_HTTP=true` permits an endpoint without TLS that is not this machine.
    ///
    /// # Errors
    ///
    /// `STORE_URL` for an R2 bucket of which no variable says the account.
    pub fn from_env(place: &StoreUrl) -> Result<StoreSettings, PublishError> {
        StoreSettings::from_variables(place, &|name| std::env::var(name).ok())
    }

    /// The same from anything that knows variables by their names. Empty ones are as good as absent.
    ///
    /// # Errors
    ///
    /// As [`from_env`](StoreSettings::from_env).
    pub fn from_variables(
        place: &StoreUrl,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<StoreSettings, PublishError> {
        let first = |names: &[&str]| {
            let found = names.iter().find_map(|name| variable(name).filter(|value| !value.trim().is_empty()));
            found.map(|value| value.trim().to_owned())
        };
        let mut settings = StoreSettings {
            endpoint: first(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]),
            region: first(&["AWS_REGION", "AWS_DEFAULT_REGION"]),
            access_key_id: first(&["AWS_ACCESS_KEY_ID"]),
            secret_access_key: first(&["AWS_SECRET_ACCESS_KEY"]),
            session_token: first(&["AWS_SESSION_TOKEN"]),
            allow_http: first(&["AWS_ALLOW_HTTP"]).is_some_and(|value| matches!(value.as_str(), "1" | "true")),
            ..StoreSettings::default()
        };
        if let StoreUrl::R2 { .. } = place {
            let account =
                first(&["R2_ACCOUNT_ID"]).map(|account| format!("https://{account}.r2.cloudflarestorage.com"));
            settings.endpoint = first(&["R2_ENDPOINT_URL"]).or(account);
            settings.region = Some("auto".to_owned());
            if settings.endpoint.is_none() {
                let message =
                    format!("{place}: expected R2_ACCOUNT_ID or R2_ENDPOINT_URL in the environment, found neither");
                return Err(PublishError::new(PublishErrorKind::StoreUrl, message));
            }
            if let Some(id) = first(&["R2_ACCESS_KEY_ID"]) {
                settings.access_key_id = Some(id);
                settings.secret_access_key = first(&["R2_SECRET_ACCESS_KEY"]);
                settings.session_token = None;
            }
        }
        Ok(settings)
    }

    /// With another endpoint, such as `http://127.0.0.1:3900`.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> StoreSettings {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// With another region.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<String>) -> StoreSettings {
        self.region = Some(region.into());
        self
    }

    /// With other keys, and no session's token.
    #[must_use]
    pub fn with_keys(mut self, id: impl Into<String>, secret: impl Into<String>) -> StoreSettings {
        self.access_key_id = Some(id.into());
        self.secret_access_key = Some(secret.into());
        self.session_token = None;
        self
    }

    /// The endpoint, where one is set.
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// The id and the secret, or which variable is missing.
    #[cfg(any(feature = "s3", test))]
    pub(crate) fn keys(&self, place: &StoreUrl) -> Result<(&str, &str), PublishError> {
        let (id, secret) = match place {
            StoreUrl::R2 { .. } => {
                ("R2_ACCESS_KEY_ID (or AWS_ACCESS_KEY_ID)", "R2_SECRET_ACCESS_KEY (or AWS_SECRET_ACCESS_KEY)")
            }
            StoreUrl::S3 { .. } | StoreUrl::Folder(_) => ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        };
        let missing = match (&self.access_key_id, &self.secret_access_key) {
            (Some(id), Some(secret)) => return Ok((id, secret)),
            (None, None) => format!("{id} and {secret}"),
            (None, Some(_)) => id.to_owned(),
            (Some(_), None) => secret.to_owned(),
        };
        let message = format!("{place}: expected {missing} in the environment, found nothing there");
        Err(PublishError::new(PublishErrorKind::StoreCredentials, message))
    }
}

impl fmt::Debug for StoreSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = |secret: &Option<String>| if secret.is_some() { "given, not shown" } else { "none" };
        f.debug_struct("StoreSettings")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key_id", &given(&self.access_key_id))
            .field("secret_access_key", &given(&self.secret_access_key))
            .field("session_token", &given(&self.session_token))
            .field("allow_http", &self.allow_http)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(place: &str, variables: &[(&str, &str)]) -> Result<StoreSettings, PublishError> {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        StoreSettings::from_variables(&StoreUrl::parse(place).unwrap(), &variable)
    }

    #[test]
    fn each_store_has_its_own_variables_and_the_nearer_ones_win() {
        let aws =
            [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_ENDPOINT_URL", "https://all")];
        let found = settings("s3://weights", &aws).unwrap();
        assert_eq!(
            (found.endpoint(), found.keys(&StoreUrl::parse("s3://weights").unwrap()).unwrap()),
            (Some("https://all"), ("id", "secret"))
        );
        let nearer = settings(
            "s3://weights",
            &[aws.as_slice(), &[("AWS_ENDPOINT_URL_S3", "https://s3"), ("AWS_REGION", " ")]].concat(),
        );
        assert_eq!(
            (nearer.as_ref().unwrap().endpoint(), &nearer.as_ref().unwrap().region),
            (Some("https://s3"), &None)
        );

        let r2 = settings("r2://weights", &[aws.as_slice(), &[("R2_ACCOUNT_ID", "acc")]].concat()).unwrap();
        assert_eq!(r2.endpoint(), Some("https://acc.r2.cloudflarestorage.com"), "never the endpoint of another store");
        assert_eq!((r2.region.as_deref(), r2.access_key_id.as_deref()), (Some("auto"), Some("id")));
        let own = [("R2_ACCOUNT_ID", "acc"), ("R2_ACCESS_KEY_ID", "r2"), ("AWS_SESSION_TOKEN", "t")];
        let r2 = settings("r2://weights", &[aws.as_slice(), &own].concat()).unwrap();
        let missing = r2.keys(&StoreUrl::parse("r2://weights").unwrap()).unwrap_err();
        assert_eq!(missing.code(), "STORE_CREDENTIALS", "an id is never paired with the secret of another");
        assert!(missing.to_string().contains("expected R2_SECRET_ACCESS_KEY"), "{missing}");
        assert_eq!(settings("r2://weights", &aws).unwrap_err().code(), "STORE_URL");
    }

    #[test]
    fn secrets_are_in_no_debug_output() {
        let found = settings(
            "s3://weights",
            &[("AWS_ACCESS_KEY_ID", "GKid"), ("AWS_SECRET_ACCESS_KEY", "s3cret"), ("AWS_SESSION_TOKEN", "t0ken")],
        );
        let text = format!("{found:?}");
        assert!(!text.contains("GKid") && !text.contains("s3cret") && !text.contains("t0ken"), "{text}");
        assert!(text.contains("given, not shown"), "{text}");
    }
}
