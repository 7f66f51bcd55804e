//! What moved a clock and what was done about a refusal, in the words of the timeline.

use chrono::NaiveDate;

use crate::domain::law::regime::Regime;
use crate::domain::law::remedy::RemedyStep;
use crate::domain::publication::prose::{capital, long, open_end};
use crate::domain::publication::timeline::Tag;
use crate::domain::request::event::{Event, Moved};

/// A step of remedy as the pages call it, in the middle of a sentence.
pub const fn step_word(step: RemedyStep) -> &'static str {
    match step {
        RemedyStep::Notice => "notice of default",
        RemedyStep::Review => "review",
        RemedyStep::Complaint => "complaint",
        RemedyStep::Ombudsman => "complaint to the ombudsman",
        RemedyStep::Court => "court action",
    }
}

/// Heading, text and tag of an entry.
type Told = (String, String, Option<Tag>);

/// Heading, text and tag of such an event; none for any other.
pub fn told(event: &Event, law: &Regime) -> Option<Told> {
    let plain = |heading: &str, text: &str| Some((heading.to_owned(), text.to_owned(), None));
    match event {
        Event::ClarificationGiven { .. } => plain("Question answered", "We said what was meant."),
        Event::FeePaid { .. } => plain("Fee settled", "The money was paid, or the demand was dropped."),
        Event::ThirdPartyAsked { .. } => {
            plain("Third party heard", "The authority first asks somebody whose affairs the answer touches.")
        }
        Event::ThirdPartyAnswered { .. } => plain("Hearing ended", "The third party was heard."),
        Event::AnsweredInPart { .. } => {
            plain("Answered in part", "A part was answered; the rest is still owed, and the clock runs on.")
        }
        // Why is the desk's: a person wrote it without anybody looking for names in it.
        Event::StepRetracted { .. } => {
            plain("Corrected: a step was recorded by mistake", "What was recorded of it counts no more.")
        }
        Event::RefusedBySilence { .. } => {
            let text = format!(
                "The time passed without an answer: under this law that is a refusal ({}).",
                law.silence.src
            );
            Some(silent("Silence counts as a refusal".to_owned(), text))
        }
        Event::ClockMoved { due_on, why, .. } => Some(moved(*due_on, why)),
        event => remedy(event, law),
    }
}

fn silent(heading: String, text: String) -> Told {
    (heading, text, Some(Tag { glyph: "silent", words: "Refused by silence".to_owned() }))
}

fn moved(due_on: Option<NaiveDate>, why: &Moved) -> Told {
    let (heading, because) = match why {
        Moved::StandsStill { why } => ("The clock stands still", format!("Because {why}.")),
        Moved::Counted => ("The due day moved", "Counted anew from what happened.".to_owned()),
        Moved::DaysOff { what } => ("The due day moved", format!("The days off changed: {what}.")),
    };
    let now = due_on.map(|day| format!(" The due day is now {}.", long(day))).unwrap_or_default();
    (heading.to_owned(), format!("{because}{now}"), None)
}

fn remedy(event: &Event, law: &Regime) -> Option<Told> {
    let body = |step: RemedyStep| law.remedy(step).map_or("the body that hears it", |it| open_end(&it.body));
    Some(match event {
        Event::RemedyUsed { step, .. } => {
            let own = matches!(step, RemedyStep::Review | RemedyStep::Notice);
            let tag = Tag { glyph: if own { "review" } else { "complain" }, words: "Under way".to_owned() };
            (capital(step_word(*step)), format!("Sent to: {}.", body(*step)), Some(tag))
        }
        Event::RemedyRegistered { step, .. } => {
            (format!("{} registered", capital(step_word(*step))), format!("By: {}.", body(*step)), None)
        }
        Event::RemedyDecided { step, outcome, .. } => {
            let words = match outcome {
                Some(outcome) => format!("The request now stands: {}.", outcome.in_words()),
                None => "It changes nothing of how the request ended.".to_owned(),
            };
            (format!("{} decided", capital(step_word(*step))), words, None)
        }
        Event::RemedySilent { step, .. } => silent(
            format!("Silence on the {} counts as a refusal", step_word(*step)),
            "Its time passed without a decision.".to_owned(),
        ),
        Event::RightLapsed { step, on } => (
            format!("Time for {} over", step_word(*step)),
            format!("{} was the last day. It was not used, as far as was told here.", long(*on)),
            None,
        ),
        _ => return None,
    })
}
