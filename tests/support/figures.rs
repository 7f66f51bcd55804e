//! How well replies are read: the figures of one set of labelled mails, by language and by kind.

use crate::support::labelled::{Label, Labelled};
use askance::domain::incoming::delivery::Automatic;
use askance::domain::incoming::reading::{PeriodUnit, Reading};
use askance::domain::incoming::{Incoming, Knowledge, understand};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

/// Right ones among all that were asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Share {
    pub right: u32,
    pub of: u32,
}

impl Share {
    fn add(&mut self, right: bool) {
        self.right += u32::from(right);
        self.of += 1;
    }

    /// From 0 to 1; 1 where nothing was asked.
    pub fn value(self) -> f64 {
        if self.of == 0 { 1.0 } else { f64::from(self.right) / f64::from(self.of) }
    }
}

/// The figures of a set of labelled mails.
#[derive(Debug, Default)]
pub struct Figures {
    pub kind: Share,
    pub confident: Share,
    pub confident_right: Share,
    pub automatic: Share,
    pub reference: Share,
    pub new_due_on: Share,
    pub extension: Share,
    pub fee: Share,
    pub transferred_to: Share,
    pub own_text: Share,
    pub own_start: Share,
    pub evidence: Share,
    pub language: Share,
    pub by_language: BTreeMap<String, Share>,
    pub by_kind: BTreeMap<String, Share>,
    /// How often a kind (first) was read as another (second).
    pub confusions: BTreeMap<(String, String), u32>,
    /// Of each tenth of confidence, how many were right.
    pub calibration: BTreeMap<u32, Share>,
    /// Mails read as another kind than they are.
    pub misses: Vec<String>,
    provisions: (u32, u32, u32),
}

/// Reads a set of labelled mails and counts.
pub fn figures<'a>(set: impl IntoIterator<Item = &'a Labelled>, knowledge: &Knowledge) -> Figures {
    let mut figures = Figures::default();
    for labelled in set {
        figures.count(&labelled.label, &understand(&labelled.raw, knowledge));
    }
    figures
}

impl Figures {
    /// Counts one mail.
    pub fn count(&mut self, label: &Label, found: &Incoming) {
        let reading = &found.reading;
        self.count_kind(label, reading);
        let by_machine =
            matches!(found.automatic, Automatic::AutoReply | Automatic::Bounce | Automatic::Receipt);
        self.automatic.add(by_machine == label.automatic);
        self.count_facts(label, reading);
        if let Some(absent) = &label.quoted_text_absent {
            self.own_text.add(!low(&found.text).contains(&low(absent)));
        }
        if let Some(start) = &label.own_text_starts {
            let start: String = low(start).chars().take(40).collect();
            self.own_start.add(low(&found.text).contains(&start));
        }
        self.language.add(same_language(found.language.as_deref().unwrap_or_default(), &label.language));
        for evidence in &reading.evidence {
            self.evidence.add(stands_there(evidence, found));
        }
    }

    fn count_kind(&mut self, label: &Label, reading: &Reading) {
        let right = reading.kind.as_str() == label.kind;
        self.kind.add(right);
        self.by_language.entry(label.language.clone()).or_default().add(right);
        self.by_kind.entry(label.kind.clone()).or_default().add(right);
        *self.confusions.entry((label.kind.clone(), reading.kind.to_string())).or_default() += 1;
        let sure = reading.confidence >= 0.9;
        self.confident.add(sure);
        if sure {
            self.confident_right.add(right);
        }
        let tenth = (1..10).rev().find(|t| reading.confidence * 10.0 >= f64::from(*t)).unwrap_or(0);
        self.calibration.entry(tenth).or_default().add(right);
        if !right {
            let told = format!("{} {} {}", label.file, label.kind, reading.kind);
            self.misses.push(format!("{told} ({:.2})", reading.confidence));
        }
    }

    fn count_facts(&mut self, label: &Label, reading: &Reading) {
        if let Some(wanted) = &label.authority_reference {
            let (wanted, found) = (low(wanted), low(reading.reference.as_deref().unwrap_or_default()));
            let alike = !found.is_empty() && (wanted.contains(&found) || found.contains(&wanted));
            self.reference.add(alike && found.chars().count() < 2 * wanted.chars().count());
        }
        if let Some(wanted) = &label.new_due_on {
            self.new_due_on.add(reading.new_due_on.is_some_and(|day| day.to_string() == *wanted));
        }
        if let Some(wanted) = &label.extension {
            let unit = |unit| match unit {
                PeriodUnit::Days => "days",
                PeriodUnit::Weeks => "weeks",
                PeriodUnit::Months => "months",
                PeriodUnit::WorkingDays => "working_days",
            };
            let found = reading.extension.map(|p| (p.amount, unit(p.unit).to_owned()));
            self.extension.add(found == Some((wanted.amount, wanted.unit.clone())));
        }
        if let Some(wanted) = &label.fee {
            let found = reading.fee.as_ref();
            self.fee.add(found.is_some_and(|f| f.amount == wanted.amount && f.currency == wanted.currency));
        }
        if let Some(wanted) = &label.transferred_to {
            let found = low(reading.transferred_to.as_deref().unwrap_or_default());
            self.transferred_to
                .add(!found.is_empty() && (low(wanted).contains(&found) || found.contains(&low(wanted))));
        }
        self.count_provisions(label, reading);
    }

    fn count_provisions(&mut self, label: &Label, reading: &Reading) {
        let numbers = |cites: &[String]| cites.iter().map(|c| numbers_of(c)).collect::<BTreeSet<_>>();
        let (wanted, other) = (numbers(&label.grounds), numbers(&label.cited_other));
        let found: BTreeSet<String> = reading.grounds.iter().map(|g| numbers_of(&g.cite)).collect();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.provisions.0 += count(wanted.intersection(&found).count());
        if !wanted.is_empty() {
            self.provisions.1 +=
                count(found.iter().filter(|f| !wanted.contains(*f) && !other.contains(*f)).count());
        }
        self.provisions.2 += count(wanted.difference(&found).count());
    }

    /// F1 of the provisions on which replies rest.
    pub fn provisions_f1(&self) -> f64 {
        let (right, wrong, missing) = self.provisions;
        if right + wrong + missing == 0 {
            return 1.0;
        }
        f64::from(2 * right) / f64::from(2 * right + wrong + missing)
    }

    /// F1 averaged over kinds, each kind weighing the same.
    pub fn kind_macro_f1(&self) -> f64 {
        let kinds: BTreeSet<&String> = self.confusions.keys().map(|(wanted, _)| wanted).collect();
        let count = |pick: &dyn Fn(&(String, String)) -> bool| -> f64 {
            self.confusions.iter().filter(|(pair, _)| pick(pair)).map(|(_, n)| f64::from(*n)).sum()
        };
        let one = |kind: &&String| {
            let right = count(&|(a, b)| a == *kind && b == *kind);
            let (said, are) = (count(&|(_, b)| b == *kind), count(&|(a, _)| a == *kind));
            2.0 * right / (said + are)
        };
        kinds.iter().map(one).sum::<f64>() / f64::from(u32::try_from(kinds.len()).unwrap_or(1).max(1))
    }

    /// Each figure with its name and the bar it is to reach.
    pub fn table(&self) -> Vec<(&'static str, f64, f64, u32)> {
        vec![
            ("kind accuracy", self.kind.value(), 0.90, self.kind.of),
            ("kind macro-F1", self.kind_macro_f1(), 0.88, self.kind.of),
            ("precision at 0.9", self.confident_right.value(), 0.98, self.confident_right.of),
            ("share at 0.9", self.confident.value(), 0.60, self.confident.of),
            ("automatic", self.automatic.value(), 0.97, self.automatic.of),
            ("file number", self.reference.value(), 0.85, self.reference.of),
            ("promised date", self.new_due_on.value(), 0.85, self.new_due_on.of),
            ("provisions F1", self.provisions_f1(), 0.85, self.provisions.0 + self.provisions.2),
            ("fee", self.fee.value(), 0.90, self.fee.of),
            ("nothing quoted", self.own_text.value(), 0.97, self.own_text.of),
            ("own start", self.own_start.value(), 0.95, self.own_start.of),
            ("evidence exact", self.evidence.value(), 1.0, self.evidence.of),
            ("language", self.language.value(), 0.97, self.language.of),
            ("extension", self.extension.value(), 0.0, self.extension.of),
            ("passed on to", self.transferred_to.value(), 0.0, self.transferred_to.of),
        ]
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value, bar, of) in self.table() {
            let mark = if value + 1e-9 < bar { "  below its bar" } else { "" };
            writeln!(f, "  {name:<18}{value:.3}  bar {bar:.2}  of {of}{mark}")?;
        }
        let shares = |map: &BTreeMap<String, Share>| {
            map.iter().fold(String::new(), |mut out, (name, share)| {
                let _ = write!(out, " {name} {}/{}", share.right, share.of);
                out
            })
        };
        writeln!(f, "  by language     {}", shares(&self.by_language))?;
        writeln!(f, "  by kind         {}", shares(&self.by_kind))?;
        let tenths = self.calibration.iter().fold(String::new(), |mut out, (tenth, share)| {
            let _ = write!(out, " 0.{tenth}: {}/{}", share.right, share.of);
            out
        });
        writeln!(f, "  right by confidence{tenths}")
    }
}

fn stands_there(evidence: &askance::domain::incoming::reading::Evidence, found: &Incoming) -> bool {
    let source = match evidence.place.split_once(':') {
        Some(("attachment", name)) => {
            let named = found.attachments.iter().filter(|a| a.name == name);
            return named.filter_map(|a| a.text.as_deref()).any(|text| text.contains(&evidence.text));
        }
        _ if evidence.place == "subject" => &found.subject,
        _ => &found.text,
    };
    source.contains(&evidence.text)
}

/// Provisions compare by their numbers, as `tests/replies/README.md` says.
fn numbers_of(cite: &str) -> String {
    let lower = cite.to_lowercase();
    let mut numbers: Vec<String> = Vec::new();
    let mut open: Option<String> = None;
    for c in lower.chars() {
        match (&mut open, c.is_ascii_digit()) {
            (Some(number), true) => number.push(c),
            (None, true) => open = Some(c.to_string()),
            (Some(_), false) => {
                let mut number = open.take().unwrap_or_default();
                if c.is_ascii_lowercase() {
                    number.push(c);
                }
                numbers.push(number);
            }
            (None, false) => {}
        }
    }
    numbers.extend(open);
    numbers.join("/")
}

fn same_language(found: &str, wanted: &str) -> bool {
    let base = |tag: &str| tag.split('-').next().unwrap_or_default().to_owned();
    let norwegian = |tag: &str| matches!(tag, "no" | "nb" | "nn");
    base(found) == base(wanted) || (norwegian(&base(found)) && norwegian(&base(wanted)))
}

/// White space collapsed, one kind of apostrophe, lower case.
fn low(text: &str) -> String {
    let one = text.replace('\u{a0}', " ").replace('’', "'").to_lowercase();
    one.split_whitespace().collect::<Vec<_>>().join(" ")
}
