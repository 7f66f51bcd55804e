//! Reads `questions.toml` and its translations into a catalogue, and says where they are wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::data::Error;
use crate::data::catalogue::file::{
    CatalogueFile, RawBundle, RawDisposition, RawGround, RawPhrasing, RawQuestion, RawShape, TranslationFile,
};
use crate::domain::authority::AuthorityKind;
use crate::domain::questions::{
    AnswerShape, AnswerType, Bundle, Catalogue, Disposition, DispositionRule, GroundLabel, Language,
    Phrasing, Question, RefusalGround, Statistic, Wording,
};

mod file;

/// The placeholders a wording may hold.
pub const PLACEHOLDERS: [&str; 4] = ["{from}", "{to}", "{units}", "{vendors}"];

const ENGLISH: &str = "questions.toml";

/// The catalogue we ship, checked.
pub fn load() -> Result<Catalogue, Error> {
    parse(
        include_str!("questions.toml"),
        &[
            (Language::German, include_str!("questions/de.toml")),
            (Language::French, include_str!("questions/fr.toml")),
            (Language::Italian, include_str!("questions/it.toml")),
            (Language::Greek, include_str!("questions/el.toml")),
        ],
    )
}

/// A catalogue from the text of `questions.toml` and of `questions/<lang>.toml`, checked.
pub fn parse(english: &str, translations: &[(Language, &str)]) -> Result<Catalogue, Error> {
    let file: CatalogueFile = read(ENGLISH, english)?;
    let source = Source { file: ENGLISH, text: english };
    let mut catalogue = Catalogue {
        questions: file.question.into_iter().map(|raw| source.question(raw)).collect::<Result<_, _>>()?,
        bundles: file.bundle.into_iter().map(|raw| source.bundle(raw)).collect::<Result<_, _>>()?,
        answer_types: file.answer_type.into_iter().map(|r| source.shape(r)).collect::<Result<_, _>>()?,
        dispositions: file
            .disposition
            .into_iter()
            .map(|r| source.disposition(r))
            .collect::<Result<_, _>>()?,
        grounds: file.refusal_ground.into_iter().map(|r| source.ground(r)).collect::<Result<_, _>>()?,
        statistics: file
            .statistic
            .into_iter()
            .map(|r| Statistic { key: r.key, formula: r.formula, survival: r.survival })
            .collect(),
    };
    check_lists(&source, &catalogue)?;
    for (language, text) in translations {
        translate(&mut catalogue, *language, text)?;
    }
    check_bundles(&source, &catalogue)?;
    for (language, text) in translations {
        let file = format!("questions/{language}.toml");
        check_translation(&Source { file: &file, text }, &catalogue, *language)?;
    }
    Ok(catalogue)
}

/// A file and its text, to say where something stands.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn error(&self, key: &str, field: &str, problem: impl ToString) -> Error {
        let at = self.text.lines().position(|line| {
            line == format!("key = \"{key}\"")
                || line == format!("[{key}]")
                || line == format!("[bundle.{key}]")
        });
        let key = if field.is_empty() { key.to_owned() } else { format!("{key}.{field}") };
        Error { file: self.file.to_owned(), line: at.map(|at| at + 1), key, problem: problem.to_string() }
    }

    fn word<T: FromStr<Err: ToString>>(&self, key: &str, field: &str, word: &str) -> Result<T, Error> {
        word.parse().map_err(|unknown: T::Err| self.error(key, field, unknown))
    }

    fn kinds(&self, key: &str, field: &str, words: &[String]) -> Result<Vec<AuthorityKind>, Error> {
        if words.is_empty() {
            return Err(self.error(key, field, "expected at least one kind of authority, found none"));
        }
        words.iter().map(|word| self.word(key, field, word)).collect()
    }

    fn phrasing(&self, key: &str, raw: RawPhrasing) -> Result<Phrasing, Error> {
        for (field, text) in [("text", &raw.text), ("document_wording", &raw.document_wording)] {
            if text.trim().is_empty() {
                return Err(self.error(key, field, "expected a wording, found an empty text"));
            }
            if let Some(wrong) = placeholders(text).into_iter().find(|found| !PLACEHOLDERS.contains(found)) {
                let allowed = PLACEHOLDERS.join(", ");
                return Err(self.error(key, field, format!("expected one of {allowed}, found `{wrong}`")));
            }
        }
        Ok(Phrasing { text: raw.text, document_wording: raw.document_wording })
    }

    fn question(&self, raw: RawQuestion) -> Result<Question, Error> {
        let key = raw.key;
        let english =
            self.phrasing(&key, RawPhrasing { text: raw.text, document_wording: raw.document_wording })?;
        let answer_type: AnswerType = self.word(&key, "answer_type", &raw.answer_type)?;
        let chooses = matches!(answer_type, AnswerType::Enum | AnswerType::MultiEnum);
        if chooses == raw.options.is_empty() {
            let problem = format!("expected options for `enum` and `multi_enum` only, found `{answer_type}`");
            return Err(self.error(&key, "options", problem));
        }
        if (answer_type == AnswerType::Table) == raw.columns.is_empty() {
            let problem = format!("expected columns for `table` only, found `{answer_type}`");
            return Err(self.error(&key, "columns", problem));
        }
        let date = |day: &String| {
            NaiveDate::from_str(day).map_err(|_| {
                self.error(&key, "applies_from", format!("expected a date as `2027-12-02`, found `{day}`"))
            })
        };
        Ok(Question {
            english,
            translations: BTreeMap::new(),
            applies_to: self.kinds(&key, "applies_to", &raw.applies_to)?,
            core: raw.core,
            answer_type,
            options: raw.options,
            columns: raw.columns,
            topic: raw.topic,
            applies_from: raw.applies_from.as_ref().map(date).transpose()?,
            applies_note: raw.applies_note,
            likely_ground: raw
                .likely_ground
                .map(|word| self.word(&key, "likely_ground", &word))
                .transpose()?,
            legal_hook: raw.legal_hook,
            scope_hint: raw.scope_hint,
            why_foi: raw.why_foi,
            precedent: raw.precedent,
            key,
        })
    }

    fn bundle(&self, raw: RawBundle) -> Result<Bundle, Error> {
        if raw.title.trim().is_empty() {
            return Err(self.error(&raw.key, "title", "expected a title, found an empty text"));
        }
        if raw.period_years == 0 {
            return Err(self.error(&raw.key, "period_years", "expected at least 1, found `0`"));
        }
        Ok(Bundle {
            for_authorities: self.kinds(&raw.key, "for_authorities", &raw.for_authorities)?,
            key: raw.key,
            title: raw.title,
            titles: BTreeMap::new(),
            questions: raw.questions,
            optional: raw.optional,
            period_years: raw.period_years,
            pattern: raw.pattern,
        })
    }

    fn shape(&self, raw: RawShape) -> Result<AnswerShape, Error> {
        let key = self.word(&raw.key, "key", &raw.key)?;
        Ok(AnswerShape { key, shape: raw.shape, publish: raw.publish, note: raw.note })
    }

    fn disposition(&self, raw: RawDisposition) -> Result<DispositionRule, Error> {
        let key = self.word(&raw.key, "key", &raw.key)?;
        let (is_final, counts_as_disclosed) = (raw.is_final, raw.counts_as_disclosed);
        Ok(DispositionRule { key, label: raw.label, is_final, counts_as_disclosed })
    }

    fn ground(&self, raw: RawGround) -> Result<GroundLabel, Error> {
        let key = self.word(&raw.key, "key", &raw.key)?;
        Ok(GroundLabel { key, label: raw.label, examples: raw.examples })
    }
}

/// Every word of a closed list has exactly one row, and no key stands twice.
fn check_lists(source: &Source<'_>, catalogue: &Catalogue) -> Result<(), Error> {
    let once = |list: &str, found: Vec<&str>, expected: Option<Vec<&str>>| {
        let distinct: BTreeSet<&str> = found.iter().copied().collect();
        if let Some(twice) = distinct.iter().find(|key| found.iter().filter(|other| other == key).count() > 1)
        {
            return Err(source.error(
                twice,
                "",
                format!("expected one `[[{list}]]` of this key, found several"),
            ));
        }
        match expected.into_iter().flatten().find(|word| !distinct.contains(word)) {
            Some(missing) => Err(source.error(list, missing, "expected a row for this word, found none")),
            None => Ok(()),
        }
    };
    once("question", catalogue.questions.iter().map(|q| q.key.as_str()).collect(), None)?;
    once("bundle", catalogue.bundles.iter().map(|b| b.key.as_str()).collect(), None)?;
    once("statistic", catalogue.statistics.iter().map(|s| s.key.as_str()).collect(), None)?;
    once(
        "answer_type",
        catalogue.answer_types.iter().map(|row| row.key.as_str()).collect(),
        Some(AnswerType::ALL.iter().map(|word| word.as_str()).collect()),
    )?;
    once(
        "disposition",
        catalogue.dispositions.iter().map(|row| row.key.as_str()).collect(),
        Some(Disposition::ALL.iter().map(|word| word.as_str()).collect()),
    )?;
    once(
        "refusal_ground",
        catalogue.grounds.iter().map(|row| row.key.as_str()).collect(),
        Some(RefusalGround::ALL.iter().map(|word| word.as_str()).collect()),
    )
}

/// A bundle names known questions, and has something to ask of each kind of body it is meant for.
fn check_bundles(source: &Source<'_>, catalogue: &Catalogue) -> Result<(), Error> {
    for bundle in &catalogue.bundles {
        if bundle.questions.is_empty() {
            return Err(source.error(&bundle.key, "questions", "expected at least one question, found none"));
        }
        for (field, keys) in [("questions", &bundle.questions), ("optional", &bundle.optional)] {
            if let Some(unknown) = keys.iter().find(|key| catalogue.question(key).is_none()) {
                let problem = format!("expected the key of a question, found `{unknown}`");
                return Err(source.error(&bundle.key, field, problem));
            }
        }
        let core = catalogue.core_of(bundle);
        for kind in &bundle.for_authorities {
            if !core.iter().any(|question| question.applies_to.contains(kind)) {
                let problem = format!("expected a core question that applies to `{kind}`, found none");
                return Err(source.error(&bundle.key, "for_authorities", problem));
            }
        }
    }
    Ok(())
}

/// Puts one language's wordings beside the English ones.
fn translate(catalogue: &mut Catalogue, language: Language, text: &str) -> Result<(), Error> {
    let file = format!("questions/{language}.toml");
    let raw: TranslationFile = read(&file, text)?;
    let source = Source { file: &file, text };
    for (key, title) in raw.bundle {
        let Some(bundle) = catalogue.bundles.iter_mut().find(|bundle| bundle.key == key) else {
            return Err(source.error(&key, "", "expected the key of a bundle in questions.toml"));
        };
        bundle.titles.insert(language, title.title);
    }
    for (key, wording) in raw.question {
        let phrasing = source.phrasing(&key, wording)?;
        let Some(question) = catalogue.questions.iter_mut().find(|question| question.key == key) else {
            return Err(source.error(&key, "", "expected the key of a question in questions.toml"));
        };
        question.translations.insert(language, phrasing);
    }
    Ok(())
}

/// What letters need in a language: each bundle's title, and each of its core questions in both wordings.
fn check_translation(source: &Source<'_>, catalogue: &Catalogue, language: Language) -> Result<(), Error> {
    for bundle in &catalogue.bundles {
        if bundle.titles.get(&language).is_none_or(|title| title.trim().is_empty()) {
            return Err(source.error(&bundle.key, "title", "expected a title of this bundle, found none"));
        }
        if let Some(missing) = catalogue.core_of(bundle).iter().find(|q| q.phrasing(language).is_none()) {
            return Err(source.error(
                &missing.key,
                "text",
                "expected a wording of this core question, found none",
            ));
        }
    }
    for question in &catalogue.questions {
        let Some(phrasing) = question.phrasing(language) else { continue };
        for (field, wording) in [("text", Wording::Answers), ("document_wording", Wording::Documents)] {
            let expected = placeholders(question.english.in_wording(wording));
            let found = placeholders(phrasing.in_wording(wording));
            if expected != found {
                let problem =
                    format!("expected the placeholders {expected:?} as in English, found {found:?}");
                return Err(source.error(&question.key, field, problem));
            }
        }
    }
    Ok(())
}

/// What stands in braces, braces included; an unclosed brace runs to the end.
fn placeholders(text: &str) -> BTreeSet<&str> {
    let mut found: BTreeSet<&str> = text
        .match_indices('{')
        .filter_map(|(start, _)| {
            let rest = text.get(start..)?;
            rest.find('}').map_or(Some(rest), |end| rest.get(..=end))
        })
        .collect();
    if text.matches('}').count() > text.matches('{').count() {
        found.insert("}");
    }
    found
}

fn read<T: for<'de> Deserialize<'de>>(file: &str, text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|wrong| Error {
        file: file.to_owned(),
        line: wrong
            .span()
            .and_then(|span| text.get(..span.start))
            .map(|before| before.matches('\n').count() + 1),
        key: "toml".to_owned(),
        problem: wrong.message().to_owned(),
    })
}
