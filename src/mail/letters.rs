//! Templates of letters to subject and text.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use rust_embed::RustEmbed;

use crate::domain::letter::{Letter, LetterFacts, LetterKind, TimeFacts, written_date};

/// A letter is a page: more work than this is a mistake in its template.
const FUEL: u64 = 50_000;

/// The width that survives being quoted once or twice in a reply (RFC 3676 section 4.2).
const WIDTH: usize = 72;

/// A line of more octets is refused by mail servers (RFC 5322 section 2.1.1).
const MOST_OCTETS: usize = 998;

/// Words that look lost at the end of a line: they belong to what follows.
const BINDS_TO_NEXT: [&str; 23] = [
    "1er",
    "1º",
    "1η",
    "L.",
    "R.",
    "R.*",
    "§",
    "§§",
    "Art.",
    "art.",
    "Abs.",
    "Nr.",
    "Satz",
    "Article",
    "article",
    "articles",
    "Section",
    "section",
    "άρθρο",
    "άρθρου",
    "comma",
    "n°",
    "«",
];

/// Signs that French sets apart by a space: they belong to what stands before.
const BINDS_TO_PREVIOUS: [&str; 5] = [":", ";", "?", "!", "»"];

#[derive(RustEmbed)]
#[folder = "templates/letters"]
struct Templates;

/// Why a letter could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no template of that kind in that language.
    #[error("expected a template `templates/letters/{0}`, found none")]
    NoTemplate(String),
    /// The template names what the facts do not have, or is no template.
    #[error("template `templates/letters/{name}` failed")]
    Template {
        /// Language and kind.
        name: String,
        /// What the engine says.
        source: minijinja::Error,
    },
    /// The first line is not the subject.
    #[error("expected `Subject: ` at the start of `templates/letters/{name}`, found `{found}`")]
    NoSubject {
        /// Language and kind.
        name: String,
        /// The first line.
        found: String,
    },
}

/// Writes a letter: the template of its language and kind, filled with the facts, wrapped.
pub fn render(kind: LetterKind, facts: &LetterFacts) -> Result<Letter, Error> {
    let name = format!("{}/{}.txt", facts.language, kind.as_str());
    let text = filled(&name, values(kind, facts))?;
    let (first, body) = text.split_once('\n').unwrap_or((&text, ""));
    let Some(subject) = first.strip_prefix("Subject: ") else {
        return Err(Error::NoSubject { name, found: first.to_owned() });
    };
    Ok(Letter { subject: subject.trim().to_owned(), body: wrap(body) })
}

/// Writes the paragraphs of a letter that tell its time limit and where it stands, wrapped.
pub fn reckoning(facts: &TimeFacts) -> Result<String, Error> {
    let date = |day| written_date(day, facts.language);
    let own = facts.own.as_ref();
    let values = context! {
        basis => one_line(&facts.basis),
        deadline => facts.deadline.as_deref().map(one_line),
        rule => one_line(&facts.rule),
        received_on => date(facts.received_on),
        due_on => facts.due_on.map(date),
        target => facts.target,
        extended => facts.extended,
        stands => facts.stands.as_str(),
        stands_on => facts.stands.on().map(date),
        own_step => own.map(|own| own.step),
        own_name => own.and_then(|own| own.name.as_deref()).map(one_line),
        own_body => own.and_then(|own| own.body.as_deref()).map(one_line),
        own_last => own.and_then(|own| own.last_on).map(date),
    };
    filled(&format!("{}/reckoning.txt", facts.language), values).map(|text| wrap(&text))
}

fn filled(name: &str, values: minijinja::Value) -> Result<String, Error> {
    let source = Templates::get(name)
        .and_then(|file| String::from_utf8(file.data.into_owned()).ok())
        .ok_or_else(|| Error::NoTemplate(name.to_owned()))?;
    let text = engine().render_named_str(name, &source, values);
    text.map_err(|source| Error::Template { name: name.to_owned(), source })
}

fn engine() -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(FUEL));
    engine
}

/// The facts as the templates name them. Whatever a person may have typed goes through [`one_line`].
fn values(kind: LetterKind, facts: &LetterFacts) -> minijinja::Value {
    let date = |day| written_date(day, facts.language);
    let (sent_on, due_on) = match kind {
        LetterKind::Request => (None, None),
        LetterKind::Reminder(overdue) => (Some(date(overdue.sent_on)), overdue.due_on.map(date)),
    };
    context! {
        authority_name => one_line(&facts.authority_name),
        salutation => facts.salutation.as_deref().map(one_line),
        wording => facts.wording.as_str(),
        law => one_line(&facts.law),
        basis => one_line(&facts.basis),
        deadline => facts.deadline.as_deref().map(one_line),
        topic => one_line(&facts.topic),
        questions => facts.questions.iter().map(|asked| one_line(&asked.text)).collect::<Vec<_>>(),
        from => date(facts.period.from()),
        to => date(facts.period.to()),
        person => one_line(&facts.signed_as.person),
        group => facts.signed_as.group.as_deref().map(one_line),
        reply_address => one_line(&facts.reply_address),
        reference => one_line(&facts.reference),
        written_on => date(facts.written_on),
        sent_on,
        due_on,
    }
}

/// A value as one line of visible text: line ends and control signs, also those that turn the writing
/// direction, become blanks, so that a name can neither forge a header nor a paragraph.
fn one_line(value: &str) -> String {
    let blanked: String = value.chars().map(|sign| if is_control(sign) { ' ' } else { sign }).collect();
    blanked.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn is_control(sign: char) -> bool {
    sign.is_control()
        || matches!(sign, '\u{2028}' | '\u{2029}' | '\u{200E}' | '\u{200F}' | '\u{FEFF}')
        || ('\u{202A}'..='\u{202E}').contains(&sign)
        || ('\u{2066}'..='\u{2069}').contains(&sign)
}

/// Wraps each line as a paragraph of its own; the second line of `12. …` stands under the first word.
fn wrap(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut blank = true;
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() {
            if !blank {
                out.push('\n');
            }
            blank = true;
            continue;
        }
        blank = false;
        for wrapped in wrap_paragraph(line) {
            out.push_str(&wrapped);
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn wrap_paragraph(line: &str) -> Vec<String> {
    let hang = " ".repeat(number_width(line));
    let mut lines = Vec::new();
    let mut current = String::new();
    let mut fresh = true;
    for word in words(line) {
        let fits = current.chars().count() + 1 + word.chars().count() <= WIDTH;
        if fresh {
            current.push_str(&word);
        } else if fits {
            current.push(' ');
            current.push_str(&word);
        } else {
            lines.push(std::mem::replace(&mut current, format!("{hang}{word}")));
        }
        fresh = false;
    }
    lines.push(current);
    lines
}

/// The words of a line, those that belong together joined; only what no server takes is broken.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut bound = false;
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        let joined = bound || BINDS_TO_PREVIOUS.contains(&word);
        bound = BINDS_TO_NEXT.contains(&word);
        match words.last_mut() {
            Some(last) if joined && last.len() + word.len() < MOST_OCTETS / 2 => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.extend(pieces(word)),
        }
    }
    words
}

/// A word in pieces that a line of [`MOST_OCTETS`] can hold beside an indent; nearly always one.
fn pieces(word: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for sign in word.chars() {
        match pieces.last_mut() {
            Some(last) if last.len() + sign.len_utf8() <= MOST_OCTETS - 16 => last.push(sign),
            _ => pieces.push(sign.to_string()),
        }
    }
    pieces
}

/// How far `12. ` reaches at the start of a line; 0 where no number stands.
fn number_width(line: &str) -> usize {
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    let numbered = (1..=3).contains(&digits) && line.get(digits..).is_some_and(|rest| rest.starts_with(". "));
    if numbered { digits + 2 } else { 0 }
}
