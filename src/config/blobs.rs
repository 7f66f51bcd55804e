//! Where raw mail and attachments are kept: a folder of this machine, or a bucket with a folder for what is under way.

use crate::config::{Error, Raw, Secret, wrong};
use std::path::PathBuf;
use url::{Host, Url};

/// A bucket of an S3-compatible object store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketSettings {
    /// `https://host:port`, or `http://` on this machine; no path.
    pub endpoint: String,
    /// The bucket.
    pub bucket: String,
    /// What each name in it begins with; empty, or ending in a slash.
    pub prefix: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The name of the key.
    pub access_key: String,
    /// The key.
    pub secret_key: Secret,
}

/// The folder of blobs (or of the spool alone) and the bucket, if there is one.
pub(super) fn of(raw: &Raw) -> Result<(PathBuf, Option<BucketSettings>), Error> {
    if let Some(folder) = raw.blob_url.strip_prefix("file://").filter(|folder| !folder.is_empty()) {
        let unused = [
            ("spool_dir", raw.spool_dir.is_some()),
            ("s3_access_key", raw.s3_access_key.is_some()),
            ("s3_secret_key", raw.s3_secret_key.is_some()),
        ];
        return match unused.into_iter().find(|(_, given)| *given) {
            Some((key, _)) => Err(Error::of(key, None, "is for a `blob_url` that begins with `s3://` only")),
            None => Ok((PathBuf::from(folder), None)),
        };
    }
    let Some(url) = raw.blob_url.starts_with("s3://").then(|| Url::parse(&raw.blob_url).ok()).flatten()
    else {
        // Somebody may have written a key into it.
        let shown = if raw.blob_url.contains('@') { "…" } else { &raw.blob_url };
        return Err(wrong("blob_url", shown));
    };
    let folder = raw.spool_dir.clone().unwrap_or_else(|| PathBuf::from("spool"));
    Ok((folder, Some(bucket(raw, &url)?)))
}

fn bucket(raw: &Raw, url: &Url) -> Result<BucketSettings, Error> {
    let bad = |problem: &str| Error::of("blob_url", None, problem);
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("addresses stand in logs; keys belong into `s3_access_key` and `s3_secret_key`"));
    }
    let name = url.host_str().unwrap_or_default();
    let letter = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'.' | b'-');
    if url.port().is_some() || !(3..=63).contains(&name.len()) || !name.bytes().all(letter) {
        return Err(bad(
            "expected `s3://bucket/prefix`, the bucket in small letters, digits, dots and hyphens",
        ));
    }
    let prefix = url.path().trim_matches('/');
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
    let fine = |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain);
    if !prefix.is_empty() && !prefix.split('/').all(fine) {
        return Err(bad("expected a prefix of letters, digits, hyphens and slashes"));
    }
    let (mut endpoint, mut region) = (None, "us-east-1".to_owned());
    for (name, value) in url.query_pairs() {
        match &*name {
            "endpoint" => endpoint = Some(value.into_owned()),
            "region" if !value.is_empty() && value.bytes().all(plain) => region = value.into_owned(),
            _ => {
                return Err(bad("expected nothing behind `?` but `endpoint=https://host` and `region=name`"));
            }
        }
    }
    let endpoint = origin(&endpoint.unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com")))?;
    let key = |name: &str, value: &Option<String>| {
        let value = value.as_deref().map(str::trim).filter(|value| !value.is_empty());
        value.map(str::to_owned).ok_or_else(|| Error::of(name, None, "is needed with `s3://` in `blob_url`"))
    };
    let access_key = key("s3_access_key", &raw.s3_access_key)?;
    if !access_key.bytes().all(|c| c.is_ascii_graphic() && !matches!(c, b'/' | b',')) {
        return Err(Error::of("s3_access_key", None, "expected the name of a key, without blanks"));
    }
    Ok(BucketSettings {
        endpoint,
        bucket: name.to_owned(),
        prefix: if prefix.is_empty() { String::new() } else { format!("{prefix}/") },
        region,
        access_key,
        secret_key: Secret::new(key("s3_secret_key", &raw.s3_secret_key)?.into_bytes()),
    })
}

/// Scheme, host and port. Mail crosses no network in the clear.
fn origin(endpoint: &str) -> Result<String, Error> {
    let bad = |problem: &str| Error::of("blob_url", None, problem);
    let url = Url::parse(endpoint).map_err(|_| bad("expected `endpoint=https://host`"))?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !bare || !url.username().is_empty() || url.password().is_some() {
        return Err(bad(
            "expected an `endpoint` of scheme, host and port alone, such as `https://s3.example`",
        ));
    }
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if here => {}
        _ => {
            return Err(bad(
                "private mail would cross a network in the clear; expected an `endpoint` with `https://` \
                 (`http://` only to this machine)",
            ));
        }
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}
