//! What the name system says of a mail domain of ours: the key of our signatures, SPF, DMARC, and who takes its mail.

use crate::domain::incoming::matching::domains::registrable;
use crate::mail::authenticity::names::Asking;
use crate::mail::authenticity::{Names, runtime};
use futures_util::future::join;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::{RData, RecordType};

/// Most of one text that is looked at.
const MOST: usize = 4_096;

/// What came of one look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// What is there; empty = there is none.
    Found(Vec<String>),
    /// No name server answered in time.
    Silent,
}

impl Answer {
    /// The texts that begin with a version, as each kind of record does.
    fn of_version(self, version: &str) -> Self {
        let is_one = |text: &String| {
            let (Some(start), Some(rest)) = (text.get(..version.len()), text.get(version.len()..)) else {
                return false;
            };
            start.eq_ignore_ascii_case(version) && !rest.starts_with(|c: char| c.is_ascii_alphanumeric())
        };
        match self {
            Self::Found(texts) => Self::Found(texts.into_iter().filter(is_one).collect()),
            Self::Silent => Self::Silent,
        }
    }
}

/// What the world can read of a mail domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// The texts under the name of our key, where we sign.
    pub key: Option<Answer>,
    /// The SPF records (RFC 7208 §3.1).
    pub spf: Answer,
    /// The DMARC records, of the domain or else of its organisation (RFC 7489 §6.6.3).
    pub dmarc: Answer,
    /// The mail servers that take its mail.
    pub servers: Answer,
}

/// Looks a mail domain up, as those do to whom it writes; `key`: the name of our key. All together it takes seconds at
/// most.
pub fn look_up(domain: &str, key: Option<&str>, names: Names) -> std::io::Result<Records> {
    runtime()?.block_on(async {
        let asking = Asking::new(names)?;
        let key = async {
            match key {
                Some(name) => Some(texts(&asking, name).await),
                None => None,
            }
        };
        let mail = join(texts(&asking, domain), ask(&asking, domain, RecordType::MX));
        let (key, (dmarc, (spf, servers))) = join(key, join(dmarc(&asking, domain), mail)).await;
        Ok(Records { key, spf: spf.of_version("v=spf1"), dmarc, servers })
    })
}

async fn dmarc(asking: &Asking, domain: &str) -> Answer {
    let own = texts(asking, &format!("_dmarc.{domain}")).await.of_version("v=DMARC1");
    match registrable(domain) {
        Some(whole) if own == Answer::Found(Vec::new()) && whole != domain => {
            texts(asking, &format!("_dmarc.{whole}")).await.of_version("v=DMARC1")
        }
        _ => own,
    }
}

async fn texts(asking: &Asking, name: &str) -> Answer {
    ask(asking, name, RecordType::TXT).await
}

async fn ask(asking: &Asking, name: &str, kind: RecordType) -> Answer {
    // With the dot it is the whole name, whatever this machine would add to it.
    let answer = asking.within(asking.authenticator.resolver().lookup(format!("{name}."), kind)).await;
    match answer {
        Some(Ok(answer)) => {
            Answer::Found(answer.answers().iter().filter_map(|one| read(&one.data)).collect())
        }
        Some(Err(error)) if is_none(&error) => Answer::Found(Vec::new()),
        Some(Err(_)) | None => Answer::Silent,
    }
}

/// That the name or the kind of record is not there is an answer too.
fn is_none(error: &NetError) -> bool {
    error.is_no_records_found() || error.is_nx_domain()
}

fn read(data: &RData) -> Option<String> {
    match data {
        RData::TXT(text) => {
            let bytes: Vec<u8> = text.txt_data.iter().flat_map(|piece| piece.iter().copied()).collect();
            let bytes = bytes.get(..MOST.min(bytes.len())).unwrap_or_default();
            Some(String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control()).collect())
        }
        // A single dot: the domain takes no mail (RFC 7505).
        RData::MX(mx) => {
            let host = mx.exchange.to_ascii().to_lowercase();
            Some(host.trim_end_matches('.').to_owned())
        }
        _ => None,
    }
}
