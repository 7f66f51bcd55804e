//! What the settings name besides the database and the blobs: a mail server, a key for signatures, own templates.

use crate::config::{self, Config};
use crate::mail::signing::Signer;
use crate::mail::smtp_url::SmtpServer;
use crate::service;
use crate::web::page::{Pages, Setup};

/// What signs letters and notices, if the settings name a key.
pub fn signer_of(config: &Config) -> Result<Option<Signer>, config::Error> {
    let file = config.mail.dkim.as_ref().map(|dkim| dkim.file.display().to_string());
    service::signer_of(config)
        .map_err(|error| config::Error::of("dkim_key", file.as_deref(), error.to_string()))
}

/// The mail server that letters go to, if one is set.
pub fn server_of(config: &Config) -> Result<Option<SmtpServer>, config::Error> {
    let Some(url) = &config.smtp_url else { return Ok(None) };
    // The value may hold a password, so it is not shown.
    let wrong = |problem: String| config::Error::of("smtp_url", None, problem);
    let server = SmtpServer::from_url(url).map_err(|e| wrong(e.to_string()))?;
    if server.exposes_password() {
        return Err(wrong(
            "would send a password in the clear; use `smtps://` or `smtp+starttls://`".to_owned(),
        ));
    }
    Ok(Some(server))
}

/// How many templates there are; an error where one of the operator's own cannot be used.
pub fn templates_of(config: &Config) -> Result<usize, config::Error> {
    let Some(folder) = &config.templates_dir else { return Ok(0) };
    let setup =
        Setup { public_url: String::new(), demonstration: false, templates_dir: Some(folder.clone()) };
    Pages::new(&setup).parse_all().map_err(|problem| {
        let problem = format!("expected templates that can be used, found: {problem}");
        config::Error::of("templates_dir", Some(&folder.display().to_string()), problem)
    })
}
