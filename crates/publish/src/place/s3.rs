//! A bucket by the S3 protocol.

use std::net::IpAddr;
use std::time::Duration;

use ::url::{Host, Url};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use super::{StoreSettings, StoreUrl};
use crate::error::{PublishError, PublishErrorKind};

pub(super) fn open(place: &StoreUrl, bucket: &str, settings: &StoreSettings) -> Result<AmazonS3, PublishError> {
    let (id, secret) = settings.keys(place)?;
    // Whoever embeds this may have chosen a provider already: either does.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let plain_http = match &settings.endpoint {
        Some(endpoint) => check_endpoint(place, endpoint, settings.allow_http)?,
        None => false,
    };
    let client = ClientOptions::new()
        .with_allow_http(plain_http)
        .with_connect_timeout(settings.connect_timeout)
        .with_timeout(settings.request_timeout);
    let retry = RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        max_retries: 4,
        retry_timeout: settings.retry_timeout,
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(settings.region.as_deref().unwrap_or("us-east-1"))
        .with_access_key_id(id)
        .with_secret_access_key(secret)
        .with_client_options(client)
        .with_retry(retry)
        // One request an object: not every store knows the other one.
        .with_disable_bulk_delete(true);
    if let Some(token) = &settings.session_token {
        builder = builder.with_token(token);
    }
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    builder.build().map_err(|fault| super::store_error(&place.to_string(), &fault))
}

/// Whether the endpoint is without TLS, which only this machine's may be unless it is asked for.
fn check_endpoint(place: &StoreUrl, endpoint: &str, allow_http: bool) -> Result<bool, PublishError> {
    let refused = |found: &str| {
        let message = format!("{place}: expected an endpoint https://HOST[:PORT], found {found}");
        Err(PublishError::new(PublishErrorKind::StoreUrl, message))
    };
    let Ok(url) = Url::parse(endpoint) else { return refused("an address that cannot be read") };
    if !url.username().is_empty() || url.password().is_some() {
        return refused("one with a user's name in it: keys come from the environment");
    }
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => return refused("an address without a host"),
    };
    match url.scheme() {
        "https" => Ok(false),
        "http" if is_here || allow_http => Ok(true),
        "http" => {
            refused(&format!("{endpoint:?}, which would send everything in the clear (AWS_ALLOW_HTTP=true permits it)"))
        }
        scheme => refused(&format!("the scheme {scheme:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_unless_asked_for() {
        let place = StoreUrl::parse("s3://weights").unwrap();
        let rows = [
            ("http://127.0.0.1:3900", false, Ok(true)),
            ("http://[::1]:3900", false, Ok(true)),
            ("http://localhost:3900", false, Ok(true)),
            ("https://s3.example.com", false, Ok(false)),
            ("http://s3.example.com", true, Ok(true)),
            ("http://s3.example.com", false, Err("AWS_ALLOW_HTTP=true")),
            ("http://127.0.0.1.example.com", false, Err("AWS_ALLOW_HTTP=true")),
            ("https://id:topsecret@s3.example.com", false, Err("a user's name")),
            ("s3.example.com", false, Err("cannot be read")),
            ("ftp://localhost", true, Err("the scheme")),
        ];
        for (endpoint, allow, expected) in rows {
            match (check_endpoint(&place, endpoint, allow), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{endpoint}"),
                (Err(fault), Err(part)) => {
                    assert_eq!(fault.code(), "STORE_URL");
                    let text = fault.to_string();
                    assert!(text.contains(part) && !text.contains("topsecret"), "{endpoint}: {text}");
                }
                (found, _) => panic!("{endpoint}: {found:?}"),
            }
        }
    }

    #[test]
    fn no_keys_are_told_by_the_variables_that_would_hold_them() {
        let place = StoreUrl::parse("s3://weights").unwrap();
        let fault = open(&place, "weights", &StoreSettings::default()).unwrap_err();
        assert_eq!(fault.code(), "STORE_CREDENTIALS");
        assert!(fault.to_string().contains("expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"), "{fault}");
    }
}
