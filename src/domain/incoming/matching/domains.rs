//! Whether a sender writes from where an authority writes, by the public-suffix list.

use serde::{Deserialize, Serialize};

/// Where a domain of an authority is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// An address or website in the register.
    Register,
    /// The sender of a reply that a person settled.
    Reply,
}

/// A host from which an authority is known to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Lower case.
    pub host: String,
    /// Its address there, where the register has one.
    pub address: Option<String>,
    /// Where it is known from.
    pub source: Source,
    /// Whether other authorities write from under the same registrable domain.
    pub shared: bool,
}

impl Known {
    /// The address of an authority in the register.
    pub fn of_address(address: &str, shared: bool) -> Option<Self> {
        let (_, host) = address.rsplit_once('@')?;
        let (host, address) = (host_of(host), Some(address.trim().to_lowercase()));
        Some(Self { host, address, source: Source::Register, shared })
    }
}

/// How a sender is related to an authority, closest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kin {
    /// The very address is in the register.
    Address,
    /// The same host or one below it.
    Host,
    /// The same registrable domain, which no other authority shares.
    Sibling,
    /// A domain from which a reply was settled before; a clue, but nobody entered it in the register.
    Seen,
    /// None of these.
    Stranger,
}

impl Kin {
    /// Whether it is the authority's by the register.
    pub fn is_own(self) -> bool {
        self <= Self::Sibling
    }
}

/// Mailboxes that anybody can have; never the domain of an authority.
#[rustfmt::skip]
const FREEMAIL: &[&str] = &[
    "163.com", "abv.bg", "aol.com", "arcor.de", "atlas.cz", "azet.sk", "bigpond.com", "bluewin.ch",
    "bol.com.br", "btinternet.com", "centrum.cz", "centrum.sk", "citromail.hu", "eircom.net", "email.cz",
    "email.de", "fastmail.com", "fastmail.fm", "free.fr", "freemail.hu", "freenet.de", "gmail.com",
    "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.eu", "gmx.fr", "gmx.net", "googlemail.com", "hey.com",
    "hotmail.be", "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.es", "hotmail.fr", "hotmail.gr",
    "hotmail.it", "hotmail.nl", "hushmail.com", "icloud.com", "in.gr", "inbox.lt", "inbox.lv", "interia.pl",
    "kpnmail.nl", "laposte.net", "libero.it", "live.com", "live.de", "live.fr", "live.it", "live.nl",
    "luukku.com", "mac.com", "mail.bg", "mail.com", "mail.de", "mail.ee", "mail.ru", "mailbox.org",
    "me.com", "msn.com", "net.hr", "neuf.fr", "o2.pl", "onet.eu", "onet.pl", "op.pl", "orange.fr",
    "otenet.gr", "outlook.at", "outlook.com", "outlook.de", "outlook.es", "outlook.fr", "outlook.it",
    "planet.nl", "pobox.sk", "post.cz", "posteo.de", "posteo.net", "proton.me", "protonmail.ch",
    "protonmail.com", "qq.com", "rambler.ru", "riseup.net", "sapo.pt", "seznam.cz", "sfr.fr", "sky.com",
    "skynet.be", "spamgourmet.com", "stny.rr.com", "suomi24.fi", "t-online.de", "talktalk.net",
    "telenet.be", "telia.com", "tin.it", "tiscali.it", "tuta.io", "tutanota.com", "tutanota.de", "ukr.net",
    "virgilio.it", "virginmedia.com", "wanadoo.fr", "web.de", "wp.pl", "xs4all.nl", "yahoo.co.uk",
    "yahoo.com", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.gr", "yahoo.ie", "yahoo.it", "yahoo.ro",
    "yandex.com", "yandex.ru", "ymail.com", "ziggo.nl", "zoho.com",
];

/// Where pages of anybody stand, and domains under which a state keeps all its bodies: the same one says nothing.
#[rustfmt::skip]
const ROOFS: &[&str] = &[
    "admin.ch", "baden-wuerttemberg.de", "bayern.de", "belgium.be", "berlin.de", "brandenburg.de",
    "bremen.de", "bund.de", "bwl.de", "europa.eu", "facebook.com", "fgov.be", "github.io", "google.com",
    "etat.lu", "gov.bg", "gov.cz", "gov.hr", "gov.hu", "gov.lv", "gov.ro", "gov.si", "gov.sk", "gov.wales",
    "government.bg", "government.gr",
    "hamburg.de", "hessen.de", "instagram.com", "landsh.de", "mv-regierung.de", "niedersachsen.de",
    "nrw.de", "overheid.nl", "public.lu", "rlp.de", "saarland.de", "sachsen-anhalt.de", "sachsen.de", "thueringen.de", "twitter.com",
    "vlaanderen.be", "wallonie.be", "x.com", "youtube.com", "zh.ch",
];

/// A host as it is compared: lower case, without a last point.
pub fn host_of(host: &str) -> String {
    host.trim().trim_matches(['.', '>', '<']).to_lowercase()
}

/// The domain that somebody registered: of `a.b.example.co.uk` it is `example.co.uk`.
pub fn registrable(host: &str) -> Option<String> {
    let host = host_of(host);
    psl::domain_str(&host).map(str::to_owned)
}

/// Whether anybody can have a mailbox there.
pub fn is_freemail(host: &str) -> bool {
    let host = host_of(host);
    FREEMAIL
        .iter()
        .any(|mail| host == *mail || host.strip_suffix(mail).is_some_and(|rest| rest.ends_with('.')))
}

/// Whether a domain is one roof over many.
pub fn is_roof(domain: &str) -> bool {
    ROOFS.contains(&domain)
}

/// The host of a website, without `www.`; none where anybody can have pages.
pub fn host_of_website(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?;
    let host = host_of(authority.split(':').next()?);
    let host = host.strip_prefix("www.").unwrap_or(&host).to_owned();
    let free = !host.contains('.') || is_roof(&host) || is_freemail(&host);
    (!free && registrable(&host).is_some_and(|domain| domain == host || !is_page_host(&domain)))
        .then_some(host)
}

fn is_page_host(domain: &str) -> bool {
    ["facebook.com", "google.com", "github.io", "instagram.com", "twitter.com", "youtube.com"]
        .contains(&domain)
}

/// A host and every host above it up to the registrable domain.
pub fn above(host: &str) -> Vec<String> {
    let host = host_of(host);
    let Some(top) = registrable(&host) else { return vec![host] };
    let mut found = Vec::new();
    let mut rest = host.as_str();
    while rest.len() >= top.len() && found.len() < 10 {
        found.push(rest.to_owned());
        rest = rest.split_once('.').map_or("", |(_, above)| above);
    }
    found
}

/// How the sender of a mail is related to an authority.
pub fn kin(from: Option<&str>, known: &[Known]) -> Kin {
    let Some(from) = from.map(|from| from.trim().to_lowercase()) else { return Kin::Stranger };
    let Some((_, host)) = from.rsplit_once('@') else { return Kin::Stranger };
    let host = host_of(host);
    known.iter().map(|known| one_kin(&from, &host, known)).min().unwrap_or(Kin::Stranger)
}

fn one_kin(from: &str, host: &str, known: &Known) -> Kin {
    if known.address.as_deref() == Some(from) {
        return Kin::Address;
    }
    if host.is_empty() || is_freemail(host) || is_freemail(&known.host) {
        return Kin::Stranger;
    }
    let Some(top) = registrable(&known.host) else { return Kin::Stranger };
    let shared = known.shared || is_roof(&top);
    let below = host.strip_suffix(known.host.as_str()).is_some_and(|rest| rest.ends_with('.'));
    // Below a roof that many share stands everybody.
    let same = host == known.host || (below && !(shared && known.host == top));
    match known.source {
        Source::Register if same => Kin::Host,
        Source::Register if !shared && registrable(host).as_deref() == Some(top.as_str()) => Kin::Sibling,
        Source::Reply if same => Kin::Seen,
        Source::Register | Source::Reply => Kin::Stranger,
    }
}
