//! The day by which an answer is promised, among all days that a letter names.

use crate::domain::incoming::model::Class;
use crate::domain::incoming::phrases::{Hit, List};
use crate::domain::incoming::reading::dates::{Calendar, Dated, Wording};
use crate::domain::incoming::reading::section::{Prepared, Section};
use crate::domain::incoming::reading::{Evidence, Kind, Stated};
use crate::domain::incoming::text::Word;
use chrono::{NaiveDate, TimeDelta};
use std::ops::Range;

/// A promise lies at most so many days ahead.
const FARTHEST: i64 = 400;
/// How likely a sentence announces more time or an answer to come, to count as saying so.
const HEARD: f32 = 0.5;
/// The same where no phrase says so.
const ALONE: f32 = 0.65;
/// What a date must be worth: a word before it and one of giving an answer, or the like.
const ENOUGH: u32 = 3;
/// A date takes so many bytes.
const SHORTEST: usize = 5;
/// What it counts that the clause of the date says who gives the answer ("you will hear from us").
const PLAINLY: u32 = 3;
/// So many words may stand before a date in a clause that is nothing but the day ("no later than 5 pm on").
const LONE: usize = 6;
/// A clause has no more words than these on either side of its date.
const LONGEST_CLAUSE: usize = 60;
/// How many dates of a part of a letter are looked at.
const MOST_DATES: usize = 200;
/// What it counts against a date that its clause says what the requester must do.
const THEIRS: u32 = 3;
/// A phrase of this weight needs no other beside it.
const BY_ITSELF: f32 = 2.0;

/// The day by which the authority promises its answer.
pub fn promised(prepared: &Prepared<'_>, kind: Kind, calendar: &Calendar<'_>) -> Option<Stated<NaiveDate>> {
    if matches!(kind, Kind::Automatic | Kind::Bounce) {
        return None;
    }
    // A letter that does something else promises more rarely, and names more days.
    let open = matches!(
        kind,
        Kind::Extension | Kind::Acknowledgement | Kind::Transfer | Kind::Partial | Kind::Other
    );
    let enough = if open { ENOUGH } else { ENOUGH + 1 };
    let wording = calendar.wording();
    let mut best: Option<(u32, &Section<'_>, Dated)> = None;
    for section in &prepared.sections {
        for dated in calendar.dates(&section.text, &section.words).into_iter().take(MOST_DATES) {
            let score = promise(section, &dated, kind, (calendar.sent_on(), &wording));
            let better =
                best.as_ref().is_none_or(|(s, _, d)| score > *s || (score == *s && dated.day > d.day));
            if score >= enough && better {
                best = Some((score, section, dated));
            }
        }
    }
    let (_, section, dated) = best?;
    let at = section.words.partition_point(|w| w.end <= dated.start);
    let sentence = section.words.get(at)?.sentence;
    let evidence = section
        .sentence_text(sentence)
        .map(|text| Evidence { text: text.to_owned(), place: section.place.label() });
    Some(Stated { value: dated.day, evidence })
}

/// How strongly a date is tied to a promise: a cue beside it, an answer or more time in its sentence.
fn promise(
    section: &Section<'_>,
    dated: &Dated,
    kind: Kind,
    (sent_on, wording): (Option<NaiveDate>, &Wording),
) -> u32 {
    let index = section.words.partition_point(|w| w.end <= dated.start);
    let after = section.words.partition_point(|w| w.start < dated.end.max(dated.start + SHORTEST));
    let Some(word) = section.words.get(index) else { return 0 };
    let sentence = word.sentence;
    if sent_on.is_some_and(|s| dated.day <= s || dated.day > s + TimeDelta::days(FARTHEST))
        || is_law(section, index)
    {
        return 0;
    }
    let (mut cue, mut answer, mut extension, mut burden, mut asks) = (0, 0, 0, 0, 0);
    let mut plainly = false;
    for hit in section.hits.iter().filter(|h| section.sentence_of(h) == sentence) {
        let end = hit.first + hit.count;
        let by_itself = hit.phrase.weight >= BY_ITSELF;
        match hit.phrase.list {
            List::Due if by_itself && end <= index && index - end <= 3 => cue = ENOUGH + 1,
            // Languages that put the cue after the date (Finnish "mennessä", Hungarian "-ig") stand close as well.
            List::Due if end <= index && index - end <= 3 => cue = cue.max(2),
            List::Due if hit.first >= index && hit.first.saturating_sub(after) <= 2 => cue = cue.max(2),
            List::Due if hit.first >= after && hit.first - after <= 4 => cue = cue.max(1),
            List::DueWeak if end <= index && index - end <= 1 => cue = cue.max(1),
            List::DueWeak if hit.first >= after && hit.first - after <= 2 => cue = cue.max(1),
            List::Extension => extension = 2,
            List::Answer if by_itself && shares_clause(section, hit, index..after) => plainly = true,
            List::Answer => answer = 2,
            List::Clarification | List::Fee => burden = 1,
            List::Payment => burden = burden.max(1),
            _ => {}
        }
    }
    let row = is_row(section, &(index..after));
    if row {
        cue = cue.max(2);
    }
    match if cue >= 2 { given(section, index..after, row, wording) } else { Given::Nothing } {
        Given::Plainly => plainly = true,
        Given::Likely => answer = answer.max(1),
        Given::Asked if extension == 0 && kind != Kind::Extension => asks = THEIRS,
        Given::Asked | Given::Nothing => {}
    }
    let likely = section.likely(sentence);
    let heard = likely.of(Class::Step(Kind::Extension)) + likely.of(Class::Step(Kind::Acknowledgement));
    let asked = likely.of(Class::Step(Kind::Clarification)) + likely.of(Class::Step(Kind::Fee));
    let given = if plainly { PLAINLY } else { answer };
    // What no phrase says must be heard the more surely.
    let least = if given.max(extension) == 0 { ALONE } else { HEARD };
    let said = given.max(extension) + u32::from(heard >= least);
    // A date in a sentence that asks or charges is rather the requester's, unless the clause says who does what.
    let theirs = if plainly {
        0
    } else {
        u32::from(extension == 0) * (2 * burden) + asks.max(2 * u32::from(asked >= HEARD))
    };
    let unsure = !dated.plain && (cue < 2 || said == 0);
    // Who asks or charges names days by which the requester must act.
    let demands = matches!(kind, Kind::Clarification | Kind::Fee) && !plainly && extension == 0;
    if unsure || demands || (cue == 0 && said < ENOUGH) { 0 } else { (cue + said).saturating_sub(theirs) }
}

/// What the clause of a date says of giving an answer.
enum Given {
    /// Who gives it.
    Plainly,
    /// That one is given.
    Likely,
    /// What the requester must or may do.
    Asked,
    Nothing,
}

/// What the clause of a date says: a verb of giving an answer, with the authority as who does it or the requester as
/// who has it, and nothing that the requester must do.
fn given(section: &Section<'_>, date: Range<usize>, row: bool, wording: &Wording) -> Given {
    let clause = if row { line(section, date.start) } else { clause(section, date) };
    let says = |list: List, words: &Range<usize>| section.own(list, words.clone()).next().is_some();
    // "If we hear nothing by …"
    let limit = |at: usize| {
        let mut limits = section.hits.iter().filter(|h| matches!(h.phrase.list, List::Due | List::DueWeak));
        limits.any(|h| (h.first..h.first + h.count).contains(&at))
    };
    let mut words = section.words.iter().enumerate().take(clause.end).skip(clause.start);
    let denied = words.any(|(at, w)| wording.negations.contains(w.folded.as_str()) && !limit(at));
    let sentence = section.words.get(clause.start).map_or(0, |w| w.sentence);
    let supposed = section.hits.iter().any(|h| {
        h.phrase.list == List::Recital
            && clause.contains(&h.first)
            && !wording.negations.iter().any(|n| h.phrase.says(n))
    });
    let expected = says(List::Expected, &clause);
    if says(List::Theirs, &clause) && !expected {
        return Given::Asked;
    }
    if !(expected || says(List::Giving, &clause)) || denied || supposed {
        return Given::Nothing;
    }
    let acts = |words: &Range<usize>| {
        let ends = |w: &Word| {
            wording.endings.iter().any(|e| w.folded.len() > e.len() + 1 && w.folded.ends_with(e.as_str()))
        };
        says(List::Ours, words) || section.words.get(words.clone()).unwrap_or_default().iter().any(ends)
    };
    // What is inserted may part the verb from who acts.
    let whole = section.words.partition_point(|w| w.sentence < sentence)
        ..section.words.partition_point(|w| w.sentence <= sentence);
    if row || expected || acts(&clause) || (acts(&whole) && !says(List::Theirs, &whole)) {
        Given::Plainly
    } else {
        Given::Likely
    }
}

/// The words of the clause in which a date stands. A comma that sets off a day of the week ends none, and a clause that
/// has only the day and the words before it goes on with the one before.
fn clause(section: &Section<'_>, date: Range<usize>) -> Range<usize> {
    let parts = |first: usize| {
        let (Some(a), Some(b)) = (section.words.get(first), section.words.get(first + 1)) else {
            return true;
        };
        let gap = section.text.get(a.end..b.start).unwrap_or_default();
        a.sentence != b.sentence || gap.contains([',', ';', ':', '(', ')', '–'])
    };
    let back = |from: usize| (0..from).rev().find(|at| parts(*at)).map_or(0, |at| at + 1);
    let mut from = back(date.start);
    let lone = |from: usize| {
        let before = section.words.get(from..date.start).unwrap_or_default();
        let cued = section.hits.iter().any(|h| {
            matches!(h.phrase.list, List::Due | List::DueWeak) && h.first == from && h.first < date.start
        });
        before.len() <= LONE && (cued || before.len() <= 1)
    };
    for _ in 0..2 {
        let same = from > 0
            && section.words.get(from - 1).zip(section.words.get(from)).is_some_and(|(a, b)| {
                a.sentence == b.sentence
                    && section.text.get(a.end..b.start).is_some_and(|gap| !gap.contains([';', ':']))
            });
        if same && lone(from) {
            from = back(from - 1);
        }
    }
    let last = date.end.max(date.start + 1) - 1;
    let to = (last..section.words.len()).find(|at| parts(*at)).map_or(section.words.len(), |at| at + 1);
    from.max(date.start.saturating_sub(LONGEST_CLAUSE))..to.min(date.end.saturating_add(LONGEST_CLAUSE))
}

/// Whether a date is set off on its line by leaders or blanks, or ends a line of columns, as in a table of what happens
/// when.
fn is_row(section: &Section<'_>, date: &Range<usize>) -> bool {
    let line = line(section, date.start);
    let gaps = section.words.get(line.start..(date.start + 1).min(section.words.len())).unwrap_or_default();
    let wide = |first: &Word, second: &Word| {
        let gap = section.text.get(first.end..second.start).unwrap_or_default();
        !gap.contains('\n') && (gap.contains("  ") || gap.contains("..") || gap.contains('\t'))
    };
    let columns = |pairs: &[Word]| matches!(pairs, [first, second] if wide(first, second));
    gaps.windows(2).next_back().is_some_and(columns) || (date.end == line.end && gaps.windows(2).any(columns))
}

/// The words of the line of a word.
fn line(section: &Section<'_>, at: usize) -> Range<usize> {
    let Some(word) = section.words.get(at) else { return at..at };
    let start = section.text.get(..word.start).and_then(|t| t.rfind('\n')).map_or(0, |n| n + 1);
    let rest = section.text.get(word.start..).and_then(|t| t.find('\n'));
    let end = rest.map_or(section.text.len(), |n| word.start + n);
    section.words.partition_point(|w| w.start < start)..section.words.partition_point(|w| w.start < end)
}

/// Whether the date that starts at a word is that of a law, which has its number before it ("n.º 26/2016, de 22 de
/// agosto", "č. 106/1999").
fn is_law(section: &Section<'_>, date: usize) -> bool {
    section.words.get(date.saturating_sub(2)..date).unwrap_or_default().iter().any(|word| {
        let slashed = section.text.get(..word.start).is_some_and(|before| before.ends_with('/'));
        slashed && word.folded.len() == 4 && word.folded.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Whether a phrase stands in the clause of the date, whose words are given: no comma between them but one that sets
/// off a day of the week ("you will hear from us by Friday, 3 July").
fn shares_clause(section: &Section<'_>, hit: &Hit<'_>, date: Range<usize>) -> bool {
    let end = hit.first + hit.count;
    let (from, to) = if end <= date.start { (end, date.start) } else { (date.end, hit.first) };
    let Some(between) = section.words.get(from.saturating_sub(1)..(to + 1).min(section.words.len())) else {
        return true;
    };
    let weekday = if end <= date.start { 2 } else { 0 };
    let far = between.len().saturating_sub(1 + weekday);
    between.windows(2).take(far).all(|pair| {
        let [first, second] = pair else { return true };
        let gap = section.text.get(first.end..second.start).unwrap_or_default();
        !gap.contains([',', ';', ':', '('])
    })
}
