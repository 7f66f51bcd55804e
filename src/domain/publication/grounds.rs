//! The grounds of a refusal in words: what each protects, and which do not belong to the law of the request.

use crate::domain::law::citation::{Index, Verdict};
use crate::domain::law::regime::Regime;
use crate::domain::publication::redaction::{Private, redact};
use crate::domain::request::event::Ground;

/// The law of a request with what citations mean.
#[derive(Debug, Clone, Copy)]
pub struct Cites<'a> {
    /// All citations that are known.
    pub index: &'a Index,
    /// The law of the request.
    pub law: &'a Regime,
}

impl Cites<'_> {
    /// A ground as cited, with what it protects, or that it is none of this law.
    pub fn told(&self, cite: &str) -> String {
        match self.index.ground(cite, self.law) {
            Verdict::Ground(ground) => format!("{cite} ({})", plain(&ground.label)),
            verdict if verdict.is_foreign() => {
                format!("{cite} (not a provision of {})", self.index.short(self.law))
            }
            _ => cite.to_owned(),
        }
    }

    /// What a ground is, for who reads the reply at the desk.
    pub fn meaning(&self, cite: &str) -> Option<String> {
        match self.index.ground(cite, self.law) {
            Verdict::Ground(ground) => {
                let (kind, label) = (words(&ground.kind), plain(&ground.label));
                Some(if label.starts_with(&kind) { label.to_owned() } else { format!("{kind}: {label}") })
            }
            Verdict::OneOf { grounds } => {
                let labels: Vec<&str> = grounds.iter().map(|ground| plain(&ground.label)).collect();
                Some(format!("one of: {}", labels.join("; ")))
            }
            Verdict::Known => Some(format!("in {}, but no ground we list", self.index.short(self.law))),
            _ => None,
        }
    }

    /// That a ground does not belong to the law of the request, and what to do.
    pub fn warning(&self, cite: &str) -> Option<String> {
        let short = self.index.short(self.law);
        let of = match self.index.ground(cite, self.law) {
            Verdict::OtherLaw { regime: Some(_), name } if name != short => format!(" but of {name}"),
            verdict if verdict.is_foreign() => String::new(),
            _ => return None,
        };
        Some(format!(
            "{cite} is not a provision of {short}{of}; check whether the reply names a ground of this law"
        ))
    }
}

/// The grounds of a decision as the public reads them: none where it gives all, nor while its letter is not public.
pub fn sentence(cites: &Cites<'_>, grounds: &[Ground], (refuses, published): (bool, bool)) -> String {
    // What was settled is redacted already; what a rule recorded by itself is not.
    let private = Private { names: &[], reply_address: "" };
    let told: Vec<String> = grounds.iter().map(|ground| cites.told(&redact(&ground.cite, private))).collect();
    match (refuses, told.is_empty()) {
        (false, _) => String::new(),
        _ if !published => "The letter with its grounds is not public.".to_owned(),
        (true, true) => "Ground: none given.".to_owned(),
        (true, false) => format!("Ground: {}.", told.join("; ").trim_end_matches('.')),
    }
}

/// A label without what those who keep the data tell each other.
fn plain(label: &str) -> &str {
    match label.rsplit_once(" (") {
        Some((before, note)) if note.contains("unconfirmed") => before,
        _ => label,
    }
}

fn words(kind: &str) -> String {
    kind.replace('_', " ")
}
