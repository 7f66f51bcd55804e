//! Provisions that a reply cites for what it does, each with its law and what it protects there.

use crate::domain::incoming::model::Class;
use crate::domain::incoming::phrases::{Hit, List};
use crate::domain::incoming::reading::citing::{Citation, cited};
use crate::domain::incoming::reading::section::{Prepared, Section};
use crate::domain::incoming::reading::{Ground, Kind};
use crate::domain::law::citation::{Cut, Index};
use crate::domain::law::regime::RegimeId;

/// How many provisions are kept.
const MOST: usize = 12;
/// From this likelihood on a sentence carries the step by what the model hears.
const HEARD: f32 = 0.4;

/// Provisions of the sentences that carry the reply's own step.
pub fn grounds(prepared: &Prepared<'_>, kind: Kind, language: Option<&str>, index: &Index) -> Vec<Ground> {
    if matches!(kind, Kind::Automatic | Kind::Bounce) {
        return Vec::new();
    }
    let cuts: Vec<Cut<'_>> = prepared.sections.iter().map(|section| Cut::of(&section.text)).collect();
    let sections = prepared.sections.iter().zip(&cuts);
    let found: Vec<(&Section<'_>, Vec<Citation>)> =
        sections.map(|(section, cut)| (section, cited(section, cut, index))).collect();
    if found.iter().all(|(_, cited)| cited.is_empty()) {
        return Vec::new();
    }
    let home = home(&cuts, language, index);
    let mut grounds: Vec<Ground> = Vec::new();
    for wanted in [Near::Text, Near::Step, Near::Recital] {
        for (section, cited) in &found {
            let step = Step { section, kind };
            for citation in cited.iter().filter(|c| step.near(c.sentence) >= wanted) {
                let Some(ground) = ground(section, citation, &home, index) else { continue };
                if grounds.len() < MOST && !grounds.iter().any(|g| g.cite == ground.cite) {
                    grounds.push(ground);
                }
            }
        }
        if !grounds.is_empty() {
            break;
        }
    }
    grounds
}

/// How near a sentence is to what the reply does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Near {
    /// It recites rules or remedies.
    Recital,
    /// It is of the letter's own text.
    Text,
    /// It carries the step or stands beside a sentence that does.
    Step,
}

struct Step<'s, 'b> {
    section: &'s Section<'b>,
    kind: Kind,
}

impl Step<'_, '_> {
    fn near(&self, sentence: usize) -> Near {
        if self.section.is_recital(sentence) && !self.says(sentence) {
            return Near::Recital;
        }
        let around = sentence.saturating_sub(2)..=sentence + 2;
        let near = around.into_iter().filter(|s| self.says(*s)).any(|said| match said.abs_diff(sentence) {
            0 | 1 => true,
            // A refusal goes on for some sentences, each with the provision for its own part.
            _ => matches!(self.kind, Kind::Refusal | Kind::Partial),
        });
        if near { Near::Step } else { Near::Text }
    }

    /// Whether a sentence carries the step: a phrase of the kind, or by what the model hears.
    fn says(&self, sentence: usize) -> bool {
        let speaks = |hit: &Hit<'_>| {
            hit.phrase.list.as_str() == self.kind.as_str()
                || (self.kind == Kind::Partial && matches!(hit.phrase.list, List::Refusal | List::Full))
        };
        let section = self.section;
        let hit = section
            .hits
            .iter()
            .any(|h| section.sentence_of(h) == sentence && speaks(h) && !section.is_recited(h));
        hit || (!section.is_recital(sentence) && self.heard(sentence))
    }

    fn heard(&self, sentence: usize) -> bool {
        if self.section.words_of(sentence).len() < 3 {
            return false;
        }
        let likely = self.section.likely(sentence);
        let also = if self.kind == Kind::Partial { likely.of(Class::Step(Kind::Refusal)) } else { 0.0 };
        likely.of(Class::Step(self.kind)) + also >= HEARD
    }
}

/// Access laws under which the letter answers, as far as it tells: those it names most, else its country's.
fn home(cuts: &[Cut<'_>], language: Option<&str>, index: &Index) -> Vec<RegimeId> {
    let named: Vec<Vec<RegimeId>> = cuts.iter().flat_map(|cut| index.laws_named(cut)).collect();
    let mut counted: Vec<(usize, &RegimeId)> = Vec::new();
    for law in named.iter().flatten() {
        match counted.iter_mut().find(|(_, known)| *known == law) {
            Some((count, _)) => *count += 1,
            None => counted.push((1, law)),
        }
    }
    let most = counted.iter().map(|(count, _)| *count).max();
    let laws: Vec<RegimeId> =
        counted.iter().filter(|(count, _)| Some(*count) == most).map(|(_, law)| (*law).clone()).collect();
    if !laws.is_empty() {
        return laws;
    }
    country_of(language).map(|country| index.laws_of(country)).unwrap_or_default()
}

/// The country of a language that is official in one country of those we know.
fn country_of(language: Option<&str>) -> Option<&'static str> {
    Some(match language?.split('-').next()? {
        "bg" => "BG",
        "cs" => "CZ",
        "da" => "DK",
        "et" => "EE",
        "fi" => "FI",
        "hr" => "HR",
        "hu" => "HU",
        "lt" => "LT",
        "lv" => "LV",
        "mk" => "MK",
        "nb" | "nn" | "no" => "NO",
        "pl" => "PL",
        "pt" => "PT",
        "ro" => "RO",
        "sk" => "SK",
        "sl" => "SI",
        "sr" => "RS",
        "sv" => "SE",
        _ => return None,
    })
}

fn ground(section: &Section<'_>, citation: &Citation, home: &[RegimeId], index: &Index) -> Option<Ground> {
    let written = section.text.get(citation.start..citation.end)?;
    let cite =
        written.trim_end_matches([',', ' ', '\n', ';']).split_whitespace().collect::<Vec<_>>().join(" ");
    let cite = without_full_stop(cite);
    // A name that several laws share means the one under which the letter answers.
    let both: Vec<&RegimeId> = citation.laws.iter().filter(|law| home.contains(law)).collect();
    let laws: Vec<&RegimeId> = match (citation.named, both.is_empty()) {
        (true, false) => both,
        (true, true) => citation.laws.iter().collect(),
        (false, _) => home.iter().collect(),
    };
    let regime = if let [one] = laws.as_slice() { Some(one.as_str().to_owned()) } else { None };
    let mut kinds = laws.iter().map(|law| index.protects(&citation.parts, law));
    let first = kinds.next().flatten();
    let category = first.filter(|first| kinds.all(|kind| kind == Some(*first))).map(str::to_owned);
    Some(Ground { cite, regime, category })
}

/// A full stop that ends the sentence is no part of what is cited; one that shortens a word is (`Sb.`, `k.p.a.`).
fn without_full_stop(mut cite: String) -> String {
    let long = cite
        .strip_suffix('.')
        .and_then(|c| c.rsplit(|c: char| !c.is_alphabetic()).next())
        .map(|w| w.chars().count());
    if long.is_some_and(|letters| letters > 3) {
        cite.pop();
    }
    cite
}
