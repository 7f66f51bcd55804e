//! What a law says of silence and of a refusal, and what may come next, in general: no date is counted here.

use crate::domain::law::regime::Regime;
use crate::domain::law::rules::SilenceEffect;
use crate::domain::law::term::Term;
use crate::domain::request::Standing;
use crate::domain::request::state::Outcome;
use serde::Serialize;

/// A few sentences from the law's data, each with its provision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// What has happened in the eyes of the law.
    says: String,
    /// The ways from here, in their order.
    ways: Vec<Way>,
}

/// One way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Way {
    text: String,
    cite: String,
}

impl Remedy {
    /// For a request that is overdue or was refused, at least in part; none for others.
    pub fn of(law: &Regime, standing: &Standing, outcome: Option<Outcome>) -> Option<Self> {
        match outcome {
            None if standing.days_over > 0 => Some(after_silence(law)),
            Some(Outcome::Refused | Outcome::NeitherConfirmedNorDenied) => {
                Some(after_refusal(law, "A refusal can be challenged under this law."))
            }
            Some(Outcome::PartlyDisclosed) => {
                Some(after_refusal(law, "What was refused can be challenged under this law."))
            }
            _ => None,
        }
    }
}

fn after_silence(law: &Regime) -> Remedy {
    let says = match law.silence.effect {
        SilenceEffect::Refusal => "Under this law silence after the due day counts as a refusal",
        SilenceEffect::None => {
            "Under this law silence after the due day is no refusal: the answer stays owed"
        }
    };
    let appeal = &law.external_appeal;
    let when = match (&appeal.after_silence, appeal.file_within()) {
        (Some(when), _) => format!("; after silence: {}", plain(when)),
        (None, Some(term)) => within(Some(term)),
        (None, None) => String::new(),
    };
    let mut ways = Vec::new();
    if law.internal_review.exists && law.internal_review.mandatory == Some(true) {
        ways.push(review(law));
    }
    if appeal.exists {
        ways.push(complaint(law, &when));
    }
    if ways.is_empty() {
        ways.push(court(law, ""));
    }
    Remedy { says: format!("{says} ({}).", plain(&law.silence.src)), ways }
}

fn after_refusal(law: &Regime, says: &str) -> Remedy {
    let mut ways = Vec::new();
    if law.internal_review.exists {
        ways.push(review(law));
    }
    if law.external_appeal.exists {
        ways.push(complaint(law, &within(law.external_appeal.file_within())));
    }
    if ways.is_empty() {
        ways.push(court(law, &within(law.court.file_within())));
    }
    Remedy { says: says.to_owned(), ways }
}

fn review(law: &Regime) -> Way {
    let it = &law.internal_review;
    let (before, after) = match it.mandatory {
        Some(true) => ("first ", ""),
        Some(false) => ("", ", not needed for a complaint"),
        None => ("", ""),
    };
    let text = format!("{before}a second look by the authority itself{}{after}", within(it.request_within()));
    Way { text, cite: plain(&it.src).to_owned() }
}

fn complaint(law: &Regime, when: &str) -> Way {
    let it = &law.external_appeal;
    let body = plain(it.body.as_deref().unwrap_or("a commissioner"));
    Way { text: format!("a complaint to {body}{when}"), cite: plain(&it.src).to_owned() }
}

fn court(law: &Regime, when: &str) -> Way {
    let it = &law.court;
    Way { text: format!("court: {}{when}", plain(&it.name)), cite: plain(&it.src).to_owned() }
}

fn within(term: Option<Term>) -> String {
    term.map(|term| format!(", within {term}")).unwrap_or_default()
}

/// Prose of the data without its own full stop.
fn plain(text: &str) -> &str {
    text.trim().trim_end_matches('.')
}
