//! What an authority told of more time and what the law says of it, in one sentence.

use chrono::NaiveDate;

use crate::domain::law::claim::Claim;
use crate::domain::law::course::{Extended, Verdict};
use crate::domain::law::derivation::{Step, StepKind, in_words};
use crate::domain::law::regime::Regime;

/// The sentence, with the provision on extensions of the rule under which the request was received.
pub(super) fn told(claim: &Extended, law: &Regime, received: NaiveDate) -> Step {
    let told_on = in_words(claim.told_on);
    let told = match claim.until {
        Some(until) => format!("told on {told_on}: it needs until {}", in_words(until)),
        None => format!("told on {told_on}: it needs more time"),
    };
    let says = match &claim.verdict {
        Verdict::ToldLate { by } => {
            format!("too late, the last day to say so was {}: it moves nothing", in_words(*by))
        }
        Verdict::Measured(Claim::Lawful { .. }) => "within what the law allows".to_owned(),
        Verdict::Measured(Claim::Beyond { until, .. }) => {
            format!("the law allows at most {}, which counts", in_words(*until))
        }
        Verdict::Measured(Claim::NotAllowed) => "the law knows no extension: it moves nothing".to_owned(),
        Verdict::Measured(Claim::NoMaximum) => "the law gives no figure to measure it by".to_owned(),
    };
    let src = law.rule_on(received).map_or(&law.extension.src, |rule| &rule.extension.src);
    Step::new(StepKind::Claimed, format!("{told}; {says}")).on(claim.told_on).cite(Some(src))
}
