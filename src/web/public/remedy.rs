//! What a law says of silence and of a refusal, and what may come next, in general: no date is counted here.

use crate::domain::law::regime::Regime;
use crate::domain::law::remedy::{After, Remedy as LawRemedy};
use crate::domain::law::rules::SilenceEffect;
use crate::domain::request::Standing;
use crate::domain::request::state::Outcome;
use crate::web::public::law::step_name;
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
    let ways = ways(law, After::Silence);
    Remedy { says: format!("{says} ({}).", plain(&law.silence.src)), ways }
}

fn after_refusal(law: &Regime, says: &str) -> Remedy {
    Remedy { says: says.to_owned(), ways: ways(law, After::Decision) }
}

/// What this opens at once, in the order of the law.
fn ways(law: &Regime, after: After) -> Vec<Way> {
    let opened = |it: &LawRemedy| {
        let way = it.ways.iter().find(|way| way.of.is_none() && way.after == after)?;
        let within = way.within().map(|term| format!(", within {term}")).unwrap_or_default();
        let text = format!("{}: {}{within}", step_name(it.step).to_lowercase(), plain(&it.body));
        Some(Way { text, cite: plain(&way.src).to_owned() })
    };
    law.remedies.iter().filter_map(opened).collect()
}

/// Prose of the data without its own full stop.
fn plain(text: &str) -> &str {
    text.trim().trim_end_matches('.')
}
