//! One question about time answered in full: dates, clocks, derivation, law, and words for a letter. Stores nothing.

use crate::domain::law::calendar::Calendar;
use crate::domain::law::course::{Course, Right, RightStanding, Verdict};
use crate::domain::law::deadline::{Claim, Deadline};
use crate::domain::law::derivation::StepKind;
use crate::domain::law::regime::{Regime, RegimeId, Verified};
use crate::domain::law::remedy::RemedyStep;
use crate::domain::law::told::{Fault, Told};
use crate::domain::letter::{OwnRight, TimeFacts, TimeStands, letter_language};
use crate::domain::publication::clock_rows::{ClockRow, side_by_side};
use crate::domain::publication::dates::{KeyDate, body_name, key_dates, next_right};
use crate::domain::questions::Language;
use crate::mail::letters;
use chrono::{NaiveDate, TimeDelta};
use serde::Serialize;

/// What every answer ends with.
pub const CAUTION: &str = "Counted by published rules, each named. Not legal advice.";

/// The law by which was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LawFacts {
    /// Its id.
    pub id: RegimeId,
    /// Its name in English.
    pub name: String,
    /// Its name in its own language.
    pub local: String,
    /// How it is cited.
    pub citation: String,
    /// Where it can be read.
    pub url: String,
    /// How the main time limit was checked.
    pub verified: Verified,
    /// The zone in which its days begin and end.
    pub zone: String,
    /// Id and fingerprint of its rules.
    pub version: String,
}

/// Paragraphs for a letter in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetterText {
    /// The language.
    pub language: Language,
    /// The paragraphs.
    pub text: String,
    /// Why it is not in the language of the law, where it is not.
    pub instead: Option<String>,
}

/// The whole answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reckoning {
    /// The time by the law with its derivation, before any extension.
    #[serde(flatten)]
    pub deadline: Deadline,
    /// The law.
    pub law: LawFacts,
    /// The day on which the standings hold, in the zone of the law.
    pub today: NaiveDate,
    /// Every date, in order.
    pub dates: Vec<KeyDate>,
    /// The clocks side by side.
    pub clocks: Vec<ClockRow>,
    /// The whole course.
    pub course: Course,
    /// Words for a letter.
    pub letter: Vec<LetterText>,
    /// That it is no legal advice.
    pub caution: &'static str,
}

/// Answers a question about a law that is known.
pub fn reckon(
    (law, calendar): (&Regime, &Calendar),
    (told, today): (&Told, NaiveDate),
) -> Result<Reckoning, Fault> {
    let course = told.course(law, calendar, today)?;
    let Some(answer) = &course.answer else {
        // A course from a day of receipt always has the authority's clock; without one there is nothing to tell.
        let problem = crate::domain::law::told::Problem::NotADay {
            what: "received".to_owned(),
            found: told.received.clone(),
        };
        return Err(Fault { part: crate::domain::law::told::Part::Received, problem });
    };
    Ok(Reckoning {
        deadline: answer.deadline.clone(),
        law: LawFacts {
            id: law.id.clone(),
            name: law.law_en.clone(),
            local: law.law_local.clone(),
            citation: law.citation.clone(),
            url: law.url.clone(),
            verified: law.verified,
            zone: law.zone.to_string(),
            version: law.version.clone(),
        },
        today,
        dates: key_dates(&course),
        clocks: side_by_side(&course, today),
        letter: letter_texts(law, &course, (told, today)),
        course,
        caution: CAUTION,
    })
}

/// In the law's own language and in English; a language that we do not write is said.
pub fn letter_texts(law: &Regime, course: &Course, (told, today): (&Told, NaiveDate)) -> Vec<LetterText> {
    let own = letter_language(law.languages.first().map_or("en", String::as_str), &law.languages);
    let english = Language::English;
    let speaks_english = law.languages.iter().any(|tag| tag.starts_with("en"));
    let instead = (own == english && !speaks_english).then(|| {
        let wanted = law.languages.join(", ");
        format!("we do not write the language of this law yet ({wanted}): translate it before you send it")
    });
    let mut texts = Vec::new();
    for language in if own == english { vec![english] } else { vec![own, english] } {
        let facts = time_facts(law, course, (told, today), language);
        if let Some(text) = facts.and_then(|facts| letters::reckoning(&facts).ok()) {
            texts.push(LetterText { language, text, instead: instead.clone() });
        }
    }
    texts
}

fn time_facts(
    law: &Regime,
    course: &Course,
    (told, today): (&Told, NaiveDate),
    language: Language,
) -> Option<TimeFacts> {
    let answer = course.answer.as_ref()?;
    let words = law.letter.get(language.as_str());
    let cited = |kind| answer.deadline.steps.iter().find(|step| step.kind == kind)?.cite.clone();
    let own = next_right(course, today)
        .filter(|right| matches!(right.standing(today), RightStanding::Open { .. }))
        .filter(|right| right.trigger_on.is_some());
    let counted = |verdict: &Verdict| {
        matches!(verdict, Verdict::Measured(Claim::Lawful { .. } | Claim::Beyond { .. } | Claim::NoMaximum))
    };
    Some(TimeFacts {
        language,
        basis: words.map_or_else(|| law.citation.clone(), |words| words.basis.clone()),
        // The law's sentence tells today's figure; an older rule speaks by its provision alone.
        deadline: words.and_then(|words| words.deadline.clone()).filter(|_| {
            law.rule_on(told.received.trim().parse().unwrap_or(answer.deadline.start))
                .is_none_or(|rule| rule.until.is_none())
        }),
        rule: cited(StepKind::Rule)
            .or_else(|| cited(StepKind::NoFigure))
            .unwrap_or_else(|| law.response.src.clone()),
        received_on: told.received.trim().parse().unwrap_or(answer.deadline.start),
        due_on: answer.due_on,
        target: answer.deadline.is_target,
        extended: answer.claims.iter().any(|claim| counted(&claim.verdict)),
        stands: stands(course, today)?,
        own: own.map(own_right),
    })
}

fn own_right(right: &Right) -> OwnRight {
    let body = body_name(&right.body);
    OwnRight {
        step: right.step.as_str(),
        name: right.name.clone(),
        body: (right.step != RemedyStep::Notice && body != "the authority itself").then(|| body.to_owned()),
        last_on: right.last_on,
    }
}

fn stands(course: &Course, today: NaiveDate) -> Option<TimeStands> {
    let answer = course.answer.as_ref()?;
    if let Some(on) = answer.answered_on {
        return Some(TimeStands::Decided(on));
    }
    if let Some((since, _)) = answer.stands_still {
        return Some(TimeStands::StandsStill(since));
    }
    let Some(due) = answer.due_on else { return Some(TimeStands::NoDay) };
    Some(match (course.refused_by_silence(today), answer.late_letter_from) {
        (Some(due), _) => TimeStands::RefusedBySilence(due + TimeDelta::days(1)),
        (None, _) if today <= due => TimeStands::Running,
        (None, Some(from)) if from <= today => TimeStands::Late(due + TimeDelta::days(1)),
        (None, _) => TimeStands::Ended,
    })
}
