//! The settings as they are written, before anything is said about them, and what is usual.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The keys as written; `Config` is what became of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Raw {
    pub(super) database_url: String,
    pub(super) blob_url: String,
    pub(super) spool_dir: Option<PathBuf>,
    pub(super) s3_access_key: Option<String>,
    pub(super) s3_secret_key: Option<String>,
    pub(super) public_url: Option<String>,
    pub(super) files_url: Option<String>,
    pub(super) reply_domain: Option<String>,
    pub(super) smtp_url: Option<String>,
    pub(super) lmtp_listen: Option<String>,
    pub(super) clock: String,
    pub(super) secret_key: Option<String>,
    pub(super) undo_minutes: u32,
    pub(super) templates_dir: Option<PathBuf>,
    pub(super) smtp_listen: Option<String>,
    pub(super) unknown_recipients: String,
    pub(super) imap_url: Option<String>,
    pub(super) imap_moved_to: String,
    pub(super) admin_email: Option<String>,
    pub(super) alert_smtp_url: Option<String>,
    pub(super) dns: String,
    pub(super) authserv_id: Option<String>,
    pub(super) arc_sealers: String,
    pub(super) dkim_selector: Option<String>,
    pub(super) dkim_key: Option<PathBuf>,
    pub(super) letters_per_minute: u32,
    pub(super) repeat_unknown_hours: u32,
    pub(super) keep_set_aside_days: u32,
    pub(super) metrics_token: Option<String>,
    pub(super) health_listen: Option<String>,
    pub(super) log_format: String,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            database_url: "sqlite://askance.db".to_owned(),
            blob_url: "file://blobs".to_owned(),
            spool_dir: None,
            s3_access_key: None,
            s3_secret_key: None,
            public_url: None,
            files_url: None,
            reply_domain: None,
            smtp_url: None,
            lmtp_listen: None,
            clock: "system".to_owned(),
            secret_key: None,
            undo_minutes: 10,
            templates_dir: None,
            smtp_listen: None,
            unknown_recipients: "keep".to_owned(),
            imap_url: None,
            imap_moved_to: "Askance".to_owned(),
            admin_email: None,
            alert_smtp_url: None,
            dns: "system".to_owned(),
            authserv_id: None,
            arc_sealers: String::new(),
            dkim_selector: None,
            dkim_key: None,
            letters_per_minute: 30,
            repeat_unknown_hours: 0,
            keep_set_aside_days: 180,
            metrics_token: None,
            health_listen: None,
            log_format: "text".to_owned(),
        }
    }
}
