//! The body that is asked: its kind and whether it can be written to; e-mail addresses.

use crate::domain::words::words;

words! {
    /// What kind of body it is; the vocabulary of the register and of the bundles.
    pub enum AuthorityKind {
        /// A police force.
        Police = "police",
        /// A city or commune.
        Municipality = "municipality",
        /// A ministry or other national body.
        Ministry = "ministry",
        /// A transport body.
        Transport = "transport",
        /// A school or school authority.
        School = "school",
        /// A border guard.
        Border = "border",
        /// A body of the European Union.
        EuAgency = "eu_agency",
        /// A data protection or market surveillance authority.
        Regulator = "regulator",
        /// A company or club.
        Private = "private",
        /// Anything else.
        Other = "other",
    }
    expected "a kind of authority"
}

impl AuthorityKind {
    /// In plain English.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Police => "police",
            Self::Municipality => "municipality",
            Self::Ministry => "ministry",
            Self::Transport => "transport",
            Self::School => "school",
            Self::Border => "border guard",
            Self::EuAgency => "EU body",
            Self::Regulator => "regulator",
            Self::Private => "private body",
            Self::Other => "other body",
        }
    }
}

words! {
    /// Whether a letter can be written to an authority.
    pub enum AuthorityState {
        /// It has an address.
        Ready = "ready",
        /// Nobody has found an address yet, or the last one bounced.
        NeedsAddress = "needs_address",
        /// It is no more.
        Defunct = "defunct",
    }
    expected "a state of an authority"
}

/// An e-mail address that a letter may go to: ASCII, one `@`, no quoting, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

/// Not an address that we write to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an e-mail address such as `foi@city.example`, found `{0}`")]
pub struct NotAnAddress(pub String);

impl EmailAddress {
    /// The whole address, domain in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands after the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl std::str::FromStr for EmailAddress {
    type Err = NotAnAddress;

    /// The practical part of RFC 5321 §4.1.2: dot-string local part, host name with a dot.
    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let wrong = || NotAnAddress(text.to_owned());
        let trimmed = text.trim();
        let (local, domain) = trimmed.rsplit_once('@').ok_or_else(wrong)?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && local.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c))
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let label_ok = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let domain_ok = domain.len() <= 253
            && (domain.contains('.') || domain == "localhost")
            && domain.split('.').all(label_ok);
        if local_ok && domain_ok {
            Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
        } else {
            Err(wrong())
        }
    }
}

/// Schemes whose codes number a place: its city hall, its police and its school share them.
pub const PLACE_SCHEMES: &[&str] =
    &["lau", "nuts", "ags", "ars", "insee", "istat", "gss", "ine", "unlocode", "iso_3166", "geonames"];

/// Whether an identifier of this scheme names one body and no other.
pub fn names_one_body(scheme: &str) -> bool {
    !PLACE_SCHEMES.contains(&scheme)
}

/// Text folded for search: compatibility forms, no marks, lower case; the same on both databases.
pub fn fold(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfkd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// A readable address part of a name: ASCII letters, digits and hyphens; other scripts keep their letters.
pub fn slug(name: &str) -> String {
    let mut out = String::new();
    for c in fold(name).chars() {
        match c {
            'ß' => out.push_str("ss"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' => out.push('d'),
            'æ' => out.push_str("ae"),
            'ı' => out.push('i'),
            c if c.is_alphanumeric() => out.push(c),
            _ if !out.ends_with('-') && !out.is_empty() => out.push('-'),
            _ => {}
        }
    }
    let cut: String = out.trim_end_matches('-').chars().take(80).collect();
    cut.trim_end_matches('-').to_owned()
}
