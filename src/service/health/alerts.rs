//! The administrator is told by mail what is not well, once for each thing and hour, and again when it is over.

use crate::config::Config;
use crate::domain::authority::EmailAddress;
use crate::mail::alert;
use crate::mail::smtp_url::{Error as UrlError, SmtpServer};
use crate::mail::transport::{Dispatch, Transport};
use crate::service::Context;
use crate::service::health::Finding;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// What passes sooner is not worth a mail.
const LASTS: Duration = Duration::from_secs(20);
/// The same thing is told no more often.
const QUIET: Duration = Duration::from_secs(3600);
/// What lasts is told again after this.
const AGAIN: Duration = Duration::from_secs(24 * 3600);
/// A mail server gets no more time for an alert, in each of its phases.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The way by which the administrator is told.
#[derive(Debug, Clone)]
pub struct Route {
    /// To whom.
    pub to: EmailAddress,
    /// By which mail server.
    pub transport: Transport,
    /// Our name in Message-IDs.
    pub domain: String,
}

impl Route {
    /// By the second mail server if one is set, else by the one that letters take; none: nobody is told.
    pub fn of(config: &Config) -> Result<Option<Self>, UrlError> {
        let Some(to) = config.mail.admin_email.clone() else { return Ok(None) };
        let second =
            config.mail.alert_smtp_url.as_ref().map(|url| String::from_utf8_lossy(url.bytes()).into_owned());
        let Some(url) = second.or_else(|| config.smtp_url.clone()) else { return Ok(None) };
        let server = SmtpServer::from_url(&url)?.with_timeout(TIMEOUT);
        Ok(Some(Self { to, transport: Transport::Smtp(server), domain: config.reply_domain.clone() }))
    }

    /// Sends one mail; whether a server took it. What the server says may name an address, so it is not repeated.
    pub fn tell(&self, ctx: &Context, telling: &Telling) -> Result<(), &'static str> {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|_| "the machine gave no random bytes")?;
        let id = format!("{}@{}", data_encoding::HEXLOWER.encode(&random), self.domain);
        let mail = alert::write(self.to.as_str(), (&telling.subject, &telling.body), (&id, ctx.clock.now()));
        // What is wrong may be the key: then it is told without a signature.
        let mail = ctx.signed(mail.clone()).unwrap_or(mail);
        // Sender and recipient are the same, so that a bounce comes to who can do something about it.
        match self.transport.send(self.to.as_str(), self.to.as_str(), &mail, &mut || Ok(())) {
            Dispatch::Accepted { .. } => Ok(()),
            Dispatch::Deferred { .. } => {
                Err("the alert could not be handed to its mail server; it is tried again")
            }
            Dispatch::Unknown { .. } => {
                Err("the mail server may or may not have taken the alert; it is tried again")
            }
            Dispatch::Refused { .. } => Err("the mail server refused the alert; look at `admin_email`"),
        }
    }
}

/// A mail to be sent, and what it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub body: String,
    begun: Vec<&'static str>,
    over: Vec<&'static str>,
}

/// One thing that is or was not well.
#[derive(Debug, Clone)]
struct Known {
    since: Duration,
    what: String,
    is_there: bool,
    told_at: Option<Duration>,
    says_it_is_there: bool,
}

/// What the administrator knows. It is kept in memory: a service that starts anew tells anew.
#[derive(Debug, Default)]
pub struct Alerts {
    known: BTreeMap<&'static str, Known>,
}

impl Alerts {
    /// Takes a look's findings; what is to be told now, if anything. `age` is that of the process: no clock that
    /// somebody sets makes it tell twice.
    pub fn look(&mut self, findings: &[Finding], age: Duration) -> Option<Telling> {
        for finding in findings {
            let fresh = Known {
                since: age,
                what: String::new(),
                is_there: false,
                told_at: None,
                says_it_is_there: false,
            };
            let known = self.known.entry(finding.finding).or_insert(fresh);
            if !known.is_there {
                (known.is_there, known.since) = (true, age);
                tracing::error!(finding = finding.finding, level = finding.level.as_str(), "not well");
            }
            known.what.clone_from(&finding.what);
        }
        for (name, known) in &mut self.known {
            if known.is_there && !findings.iter().any(|finding| finding.finding == *name) {
                (known.is_there, known.since) = (false, age);
                tracing::info!(finding = name, "well again");
            }
        }
        let lasts = |known: &Known| age.saturating_sub(known.since) >= LASTS;
        let quiet_for = |known: &Known| known.told_at.map_or(Duration::MAX, |at| age.saturating_sub(at));
        let begun: Vec<_> = (self.known.iter())
            .filter(|(_, known)| known.is_there && lasts(known))
            .filter(|(_, known)| quiet_for(known) >= if known.says_it_is_there { AGAIN } else { QUIET })
            .collect();
        let over: Vec<_> = (self.known.iter())
            .filter(|(_, known)| !known.is_there && known.says_it_is_there && lasts(known))
            .collect();
        if begun.is_empty() && over.is_empty() {
            return None;
        }
        Some(telling(&begun, &over))
    }

    /// Remembers that a server took the mail; what was not taken is told at the next look.
    pub fn told(&mut self, telling: &Telling, age: Duration) {
        for name in &telling.begun {
            if let Some(known) = self.known.get_mut(name) {
                (known.told_at, known.says_it_is_there) = (Some(age), true);
            }
        }
        for name in &telling.over {
            if let Some(known) = self.known.get_mut(name) {
                known.says_it_is_there = false;
            }
        }
    }
}

fn telling(begun: &[(&&'static str, &Known)], over: &[(&&'static str, &Known)]) -> Telling {
    let names = |of: &[(&&'static str, &Known)]| of.iter().map(|(name, _)| **name).collect::<Vec<_>>();
    let (begun_names, over_names) = (names(begun), names(over));
    let subject = if begun.is_empty() {
        format!("Askance: over: {}", over_names.join(", "))
    } else {
        format!("Askance: not well: {}", begun_names.join(", "))
    };
    // Writing into a string never fails.
    let mut body = String::new();
    for (name, known) in begun {
        let _ = write!(body, "{name}\n{}\n\n", known.what);
    }
    for (name, _) in over {
        let _ = write!(body, "{name}\nThis is over.\n\n");
    }
    body += "All that is not well at this moment is listed at /healthz.\n";
    Telling { subject, body, begun: begun_names, over: over_names }
}
