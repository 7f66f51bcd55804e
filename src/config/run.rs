//! How the service is watched while it runs.

use std::net::SocketAddr;

use crate::config::{Error, Raw, Secret, known, wrong};

/// The settings of watching. The default: figures for this machine only, log lines as text.
#[derive(Debug, Clone, Default)]
pub struct RunSettings {
    /// Who knows it may read `/metrics`.
    pub metrics_token: Option<Secret>,
    /// Where a process that serves no pages tells how it is; none: nowhere.
    pub health_listen: Option<SocketAddr>,
    /// How log lines are written.
    pub log_format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The settings as written, checked.
pub(crate) fn of(raw: &Raw) -> Result<RunSettings, Error> {
    let token = raw.metrics_token.as_deref().map(|token| {
        let sound = token.len() >= 20 && token.bytes().all(|b| b.is_ascii_graphic());
        let expected = known::expected("metrics_token").unwrap_or_default();
        let wrong = || Error::of("metrics_token", None, format!("expected {expected}"));
        if sound { Ok(Secret::new(token.as_bytes().to_vec())) } else { Err(wrong()) }
    });
    Ok(RunSettings {
        metrics_token: token.transpose()?,
        health_listen: raw
            .health_listen
            .as_deref()
            .map(|address| address.parse().map_err(|_| wrong("health_listen", address)))
            .transpose()?,
        log_format: match raw.log_format.as_str() {
            "text" => LogFormat::Text,
            "json" => LogFormat::Json,
            other => return Err(wrong("log_format", other)),
        },
    })
}
