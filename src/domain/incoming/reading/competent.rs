//! The body to which a request was passed on, by its name as it stands there.

use crate::domain::incoming::Knowledge;
use crate::domain::incoming::model::Class;
use crate::domain::incoming::phrases::List;
use crate::domain::incoming::reading::section::{Place, Prepared, Section};
use crate::domain::incoming::reading::{Evidence, Kind, Stated};
use crate::domain::incoming::text::{Word, fold};
use aho_corasick::AhoCorasick;
use std::collections::HashSet;
use std::sync::LazyLock;

/// From this likelihood on a sentence passes on by what the model hears.
const HEARD: f32 = 0.4;
/// A name has at most so many words.
const LONGEST: usize = 12;
/// How many words may stand between the capital that opens a name and the word for the body.
const OPENING: usize = 4;
/// The letterhead names the authority itself.
const LETTERHEAD: usize = 250;

/// Pieces of words for public bodies, folded, in all our languages; compounds and cases are found by them as well.
const BODIES: &str = "polic polit polis poliis poliz αστυνομ χωροφυλακ rendors ministe ministr miniszt υπουργ kozpont \
    igazgatos hivatal behord prasidi direkt direct direzion direcc direcc direcao diretor διευθυνσ αρχηγ υπηρεσ αρχη \
    prokurat prosecut procur fiscal staatsanw anklage aklagar syyttaja agenc agenz agentur agentsch inspekt \
    inspect urad urzad office ufficio officin oficina authorit autorit board service sluzb komend kommiss comis \
    komis institut ustav centr zentrum zentral kesku virasto laitos laitok amet tarnyb sardz sardze parvald valde \
    departament department departement council kommun gemeente municip comune commune mairie prefet prefect ravnatelj \
    ravnateljs uprav garda gardij jandarm gendarm guardia korpschef provinc landrat magistrat kanton douane dogan \
    carin zoll tullil tolletat letist letalis flughafen airport aeroport lentoas lufthavn luchthaven zeleznic verwaltung \
    administra forvaltning etat styrels verket myndighe tilsyn enhet sekretariat secretari delegac krajsk kancel \
    landesamt bundesamt amt oy gmbh ltd technolog teknolog teknik informat archiv arhiv registr register regie stad";

/// Small words within names: "of", "de la", "für", "prie".
const JOINERS: &str = "of for and the de del della dell di du des der den das fur van voor het i a e y et und og och ja do \
    da dos das pre pro prie pri za vid v w na in la le l d cu al ai ale din pentru για της των του και και από ot на за и z \
    zu zur te ter och för for till o si un ir";

/// Languages in whose names small letters follow the first word.
const SMALL: &[&str] = &[
    "bg", "cs", "el", "es", "et", "fi", "fr", "hr", "hu", "it", "lt", "lv", "mk", "pl", "pt", "ro", "sk",
    "sl", "sr",
];

/// The body named beside the words that pass a request on.
pub fn transferred_to(
    prepared: &Prepared<'_>,
    language: Option<&str>,
    knowledge: &Knowledge,
) -> Option<Stated<String>> {
    let small = language.is_some_and(|l| SMALL.contains(&l.split('-').next().unwrap_or(l)));
    let mut best: Option<(i32, Evidence)> = None;
    for section in prepared.sections.iter().filter(|s| s.place != Place::Subject) {
        let passing = passing(section);
        // What stands further from all that passes on cannot be what it was passed on to.
        let near = |word: &Word| passing.iter().any(|(sentence, _)| sentence.abs_diff(word.sentence) <= 2);
        let mut at = 0;
        while at < section.words.len() {
            if !section.words.get(at).is_some_and(near) {
                at += 1;
                continue;
            }
            let Some(name) = name_at(section, at, small, knowledge) else {
                at += 1;
                continue;
            };
            let score = score(section, &name, &passing);
            if score > 0 && best.as_ref().is_none_or(|(s, _)| score > *s) {
                let text = name.text(section).unwrap_or_default().to_owned();
                best = Some((score, Evidence { text, place: section.place.label() }));
            }
            at = name.end.max(at + 1);
        }
    }
    let (_, evidence) = best?;
    let value = evidence.text.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(Stated { value, evidence: Some(evidence) })
}

/// Where a section passes on: the sentence, and the word if a phrase says so.
fn passing(section: &Section<'_>) -> Vec<(usize, Option<usize>)> {
    let hits = section.hits.iter().filter(|h| h.phrase.list == List::Transfer && !section.is_recited(h));
    let mut passing: Vec<(usize, Option<usize>)> =
        hits.map(|h| (section.sentence_of(h), Some(h.first))).collect();
    for words in section.sentences().filter(|words| words.len() > 2) {
        let Some(first) = words.first() else { continue };
        if section.likely(first.sentence).of(Class::Step(Kind::Transfer)) >= HEARD {
            passing.push((first.sentence, None));
        }
    }
    passing
}

/// A name, from its first word to the one after its last.
struct Name {
    start: usize,
    end: usize,
}

impl Name {
    fn text<'s>(&self, section: &'s Section<'_>) -> Option<&'s str> {
        let (first, last) = (section.words.get(self.start)?, section.words.get(self.end.checked_sub(1)?)?);
        // A quotation mark that was opened within is closed.
        let text = section.text.get(first.start..last.end)?;
        let after = section.text.get(last.end..)?.chars().next();
        let open = text.contains(['„', '«', '“']) && after.is_some_and(|c| matches!(c, '“' | '»' | '”'));
        let end = if open { last.end + after.map_or(0, char::len_utf8) } else { last.end };
        section.text.get(first.start..end)
    }
}

/// The name whose word for the body stands at `at`.
fn name_at(section: &Section<'_>, at: usize, small: bool, knowledge: &Knowledge) -> Option<Name> {
    let word = section.words.get(at).filter(|w| is_body(&w.folded))?;
    let start = opening(section, at, knowledge)?;
    let mut end = at + 1;
    let mut lower = 0;
    while end - start < LONGEST {
        let Some(next) = section.words.get(end).filter(|w| w.sentence == word.sentence) else { break };
        if !joined(section, end) {
            break;
        }
        if next.capital || next.folded.bytes().all(|b| b.is_ascii_digit()) {
            end += 1;
            continue;
        }
        let joins = is_joiner(&next.folded);
        if joins {
            let Some(reach) = beyond_joiners(section, end, small) else { break };
            end = reach;
            continue;
        }
        let stop = !knowledge.phrasebook.languages_of(&next.folded).is_empty();
        if !small || stop || lower >= 2 || !looks_bent(&next.folded) {
            break;
        }
        lower += 1;
        end += 1;
    }
    Some(Name { start, end })
}

/// Whether nothing but a blank, a quotation mark or a dash parts a word from the one before it.
fn joined(section: &Section<'_>, at: usize) -> bool {
    let (Some(before), Some(word)) =
        (at.checked_sub(1).and_then(|i| section.words.get(i)), section.words.get(at))
    else {
        return false;
    };
    let between = section.text.get(before.end..word.start).unwrap_or_default();
    !between.contains("\n\n")
        && between.chars().all(|c| {
            c.is_whitespace() || matches!(c, '„' | '“' | '«' | '"' | '’' | '\'' | '-' | '–' | '/' | '&')
        })
}

/// The first word of the name: the nearest capital before or at the word for the body.
fn opening(section: &Section<'_>, at: usize, knowledge: &Knowledge) -> Option<usize> {
    let word = section.words.get(at)?;
    let mut start = None;
    if word.capital {
        start = Some(at);
    }
    for back in 1..=OPENING {
        let Some(i) = at.checked_sub(back) else { break };
        let Some(before) = section.words.get(i).filter(|w| w.sentence == word.sentence) else { break };
        if !joined(section, i + 1) {
            break;
        }
        let small_word = !knowledge.phrasebook.languages_of(&before.folded).is_empty();
        let opens =
            i.checked_sub(1).and_then(|j| section.words.get(j)).is_none_or(|w| w.sentence != before.sentence);
        if before.capital && !small_word && !opens {
            start = Some(i);
        } else if before.capital || start.is_some() || (small_word && !is_joiner(&before.folded)) {
            break;
        }
    }
    start
}

/// Where the words end that small joining words lead to; none if they lead out of the name.
fn beyond_joiners(section: &Section<'_>, from: usize, small: bool) -> Option<usize> {
    let mut at = from;
    while section.words.get(at).is_some_and(|w| is_joiner(&w.folded) && !w.capital) {
        at += 1;
        if at > from + 2 || !joined(section, at) {
            return None;
        }
    }
    let next: &Word = section.words.get(at)?;
    let leads = next.capital
        || is_body(&next.folded)
        || (small && looks_bent(&next.folded) && next.folded.chars().count() > 4);
    leads.then_some(at + 1)
}

fn is_body(folded: &str) -> bool {
    /// Short pieces are whole words, long ones stand anywhere in one.
    static PIECES: LazyLock<(Vec<String>, Option<AhoCorasick>)> = LazyLock::new(|| {
        let folded = BODIES.split_whitespace().map(fold);
        let (short, long): (Vec<_>, Vec<_>) = folded.partition(|piece| piece.chars().count() <= 4);
        (short, AhoCorasick::new(long).ok())
    });
    let (short, long) = &*PIECES;
    long.as_ref().is_some_and(|long| long.is_match(folded))
        || folded.ends_with("amt")
        || short.iter().any(|piece| piece == folded)
}

fn is_joiner(folded: &str) -> bool {
    static FOLDED: LazyLock<HashSet<String>> =
        LazyLock::new(|| JOINERS.split_whitespace().map(fold).collect());
    FOLDED.contains(folded)
}

/// Whether a small word can be an adjective or a genitive of a name; finite verbs mostly end otherwise.
fn looks_bent(folded: &str) -> bool {
    const VERBS: &[&str] = &[
        "uje", "at", "li", "la", "lo", "il", "ejo", "ite", "amo", "emo", "ame", "eme", "uji", "ajo", "avo",
        "owi", "ono", "ano", "eno", "eta", "ata", "nt", "ont", "ait", "era", "rait", "uta", "ava",
    ];
    folded.chars().count() > 2 && !VERBS.iter().any(|end| folded.ends_with(end))
}

/// How much speaks for a name: the request is passed on in its sentence or beside it, and it is not the sender's own.
fn score(section: &Section<'_>, name: &Name, passing: &[(usize, Option<usize>)]) -> i32 {
    let (Some(first), Some(last)) = (section.words.get(name.start), section.words.get(name.end - 1)) else {
        return 0;
    };
    let near = passing
        .iter()
        .map(|(sentence, hit)| match (sentence.abs_diff(first.sentence), hit) {
            (0, Some(at)) => 8 + i32::from(name.start >= *at) - i32::from(name.start.abs_diff(*at) > 15),
            (0, None) => 7,
            (1, _) => 4,
            _ => 0,
        })
        .max()
        .unwrap_or(0);
    if near == 0 {
        return 0;
    }
    let words = i32::try_from(name.end - name.start).unwrap_or(0).min(3);
    let head = last.end <= LETTERHEAD && section.place == Place::Body && first.sentence == 0;
    let text = name.text(section).map(fold).unwrap_or_default();
    let letterhead: String = section.text.chars().take(LETTERHEAD).collect();
    let own = first.start > LETTERHEAD && fold(&letterhead).contains(&text);
    let own = own || section.is_below_closing(first) || is_ours(section, name);
    near + words - if own || head { 6 } else { 0 }
}

/// "Our ministry", "this department": the word before says that it is the sender's.
fn is_ours(section: &Section<'_>, name: &Name) -> bool {
    const OURS: &[&str] = &[
        "this", "our", "unser", "unsere", "unserer", "dieses", "diese", "notre", "nostro", "nostra",
        "questo", "nuestro", "esta", "este", "nas", "nase", "naseho", "nasz", "tutejszy", "onze", "ons",
        "dit", "deze", "vores", "vart", "var", "vår", "dette", "tato", "toto", "tento", "ova", "ovo", "ovaj",
        "ta", "tale", "desta", "deste", "cette", "ce",
    ];
    let before = name.start.checked_sub(1).and_then(|i| section.words.get(i));
    before.is_some_and(|w| OURS.contains(&w.folded.as_str()))
}
