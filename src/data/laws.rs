//! The access laws and the calendars they count by, read once at start.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::data::Error;
use crate::data::holidays::{self, Calendars, Overlay};
use crate::data::located::{parse, wrong};
use crate::domain::law::calendar::{Calendar, OneOff};
use crate::domain::law::check::check;
use crate::domain::law::regime::{Regime, RegimeId};

#[derive(rust_embed::Embed)]
#[folder = "src/data/regimes"]
struct RegimeFiles;

#[derive(rust_embed::Embed)]
#[folder = "src/data/holidays"]
struct HolidayFiles;

const OVERLAYS: &str = "overlays.toml";

/// All access laws, each with its calendar.
#[derive(Debug, Clone)]
pub struct Laws {
    regimes: BTreeMap<RegimeId, Regime>,
    calendars: Calendars,
    overlays: Vec<Overlay>,
    /// Never used by a law that was loaded; makes `calendar_of` total.
    no_calendar: Arc<Calendar>,
}

impl Laws {
    /// Reads and checks the files that come with the program.
    pub fn load() -> Result<Self, Error> {
        let holidays = texts::<HolidayFiles>("holidays")?;
        let regimes = texts::<RegimeFiles>("regimes")?;
        Self::read(&regimes, &holidays)
    }

    /// Reads and checks files given as name below `src/data/` and text.
    pub fn read(regimes: &[(String, String)], holidays: &[(String, String)]) -> Result<Self, Error> {
        let (calendars, overlays) = calendars(holidays)?;
        let mut laws = BTreeMap::new();
        for (file, text) in regimes {
            let mut law = regime(file, text)?;
            let Some(calendar) = calendars.get(&law.holiday_calendar) else {
                let problem =
                    format!("expected a calendar of src/data/holidays, found `{}`", law.holiday_calendar);
                return Err(wrong(file, text, "holiday_calendar", problem));
            };
            law.zone = calendar.zone();
            if let Some(other) = laws.insert(law.id.clone(), law) {
                return Err(wrong(
                    file,
                    text,
                    "id",
                    format!("expected an id of its own, found `{}` again", other.id),
                ));
            }
        }
        let never = (chrono::NaiveDate::MAX, chrono::NaiveDate::MIN);
        let no_calendar = Arc::new(Calendar::new("", chrono_tz::Tz::UTC, never, []));
        Ok(Self { regimes: laws, calendars, overlays, no_calendar })
    }

    /// All laws by id.
    pub fn regimes(&self) -> impl Iterator<Item = &Regime> {
        self.regimes.values()
    }

    /// A law by id.
    pub fn regime(&self, id: &RegimeId) -> Option<&Regime> {
        self.regimes.get(id)
    }

    /// The calendar by which a law counts; for a law that was not loaded here and names an unknown one, a
    /// calendar that knows no day, so that every date is an error and none a guess.
    pub fn calendar_of(&self, regime: &Regime) -> &Calendar {
        self.calendar(&regime.holiday_calendar).unwrap_or(&self.no_calendar)
    }

    /// The same, to be kept.
    pub fn shared_calendar_of(&self, regime: &Regime) -> Arc<Calendar> {
        Arc::clone(self.calendars.get(&regime.holiday_calendar).unwrap_or(&self.no_calendar))
    }

    /// The calendars in which a day off of a place holds: its own, those of the parts of a country, and those of the
    /// statutes that take over the days of any of these.
    pub fn reached_by(&self, place: &str) -> BTreeSet<&str> {
        let own = |id: &&str| *id == place || (country_of(id) == place && !self.is_overlay(id));
        let mut reached: BTreeSet<&str> = self.calendars.keys().map(String::as_str).filter(own).collect();
        for overlay in &self.overlays {
            if overlay.union.iter().any(|part| reached.contains(part.as_str())) {
                reached.insert(&overlay.id);
            }
        }
        reached
    }

    /// Whether a calendar is that of a statute and not of a place.
    pub fn is_overlay(&self, id: &str) -> bool {
        self.overlays.iter().any(|overlay| overlay.id == id)
    }

    /// The calendars that are other ones after what was ordered for single days, each with its place. A statute that
    /// takes over the days of several places loses one only where none of them keeps it.
    pub fn with_days_off(&self, days: &[(String, OneOff)]) -> Calendars {
        if days.is_empty() {
            return Calendars::new();
        }
        // What is said of a part holds over what is said of its country.
        let said_of = |place: &str| {
            days.iter().filter(move |(of, _)| of == place).map(|(_, day)| day).collect::<Vec<_>>()
        };
        let mut all = self.calendars.clone();
        let mut changed = BTreeSet::new();
        for (id, calendar) in self.calendars.iter().filter(|(id, _)| !self.is_overlay(id)) {
            let country = country_of(id);
            let mut said = if country == id { Vec::new() } else { said_of(country) };
            said.extend(said_of(id));
            if !said.is_empty() {
                all.insert(id.clone(), Arc::new(calendar.with_days_off(said)));
                changed.insert(id.clone());
            }
        }
        for overlay in &self.overlays {
            let said = said_of(&overlay.id);
            if said.is_empty() && !overlay.union.iter().any(|part| changed.contains(part)) {
                continue;
            }
            if let Some(calendar) = overlay.over(&all) {
                all.insert(overlay.id.clone(), Arc::new(calendar.with_days_off(said)));
                changed.insert(overlay.id.clone());
            }
        }
        all.retain(|id, _| changed.contains(id));
        all
    }

    /// A calendar by place, as `DE-SN`.
    pub fn calendar(&self, place: &str) -> Option<&Calendar> {
        self.calendars.get(place).map(|it| &**it)
    }

    /// All calendars by place.
    pub fn calendars(&self) -> impl Iterator<Item = &Calendar> {
        self.calendars.values().map(|it| &**it)
    }

    /// The ids that look most like one that is not known, nearest first.
    pub fn near(&self, id: &str) -> Vec<&RegimeId> {
        let id = id.to_lowercase();
        let mut near: Vec<(usize, &RegimeId)> = self
            .regimes
            .keys()
            .map(|known| (distance(&id, known.as_str()), known))
            .filter(|(far, known)| *far <= 2 || shares_word(&id, known.as_str()))
            .collect();
        near.sort();
        near.into_iter().map(|(_, known)| known).take(5).collect()
    }
}

/// Reads and checks one law; its calendar is checked with all others.
pub fn regime(file: &str, text: &str) -> Result<Regime, Error> {
    let mut law: Regime = parse(file, text)?;
    // A kept copy may have keys that are gone, so the type takes any; what the type has not taken is unknown here.
    let taken = serde_json::to_value(&law).unwrap_or_default();
    if let Some(key) = unknown_key(&parse(file, text)?, &taken) {
        return Err(wrong(file, text, &key, "expected a key of a law, found one that none has"));
    }
    if !law.version.is_empty() {
        return Err(wrong(file, text, "version", "expected none: it is made from the file"));
    }
    let stem = file.rsplit('/').next().and_then(|name| name.strip_suffix(".toml")).unwrap_or(file);
    if law.id.as_str() != stem {
        return Err(wrong(
            file,
            text,
            "id",
            format!("expected the name of the file `{stem}`, found `{}`", law.id),
        ));
    }
    check(&law).map_err(|flaw| wrong(file, text, &flaw.key, flaw.problem))?;
    let print = HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
    law.version = format!("{}@{}", law.id, print.get(..8).unwrap_or(&print));
    Ok(law)
}

/// The first key, dotted, that `said` has and `taken` has not.
fn unknown_key(said: &Value, taken: &Value) -> Option<String> {
    match (said, taken) {
        (Value::Object(said), Value::Object(taken)) => said.iter().find_map(|(key, value)| {
            let Some(known) = taken.get(key) else { return Some(key.clone()) };
            unknown_key(value, known).map(|inner| format!("{key}.{inner}"))
        }),
        (Value::Array(said), Value::Array(taken)) => {
            said.iter().zip(taken).find_map(|(value, known)| unknown_key(value, known))
        }
        _ => None,
    }
}

fn country_of(place: &str) -> &str {
    place.split_once('-').map_or(place, |(country, _)| country)
}

fn calendars(files: &[(String, String)]) -> Result<(Calendars, Vec<Overlay>), Error> {
    let (overlay, countries): (Vec<_>, Vec<_>) = files.iter().partition(|(file, _)| file.ends_with(OVERLAYS));
    let mut all = Calendars::new();
    for (file, text) in countries {
        add(&mut all, holidays::country(file, text)?, (file, text))?;
    }
    let mut overlays = Vec::new();
    for (file, text) in overlay {
        let (read, made): (Vec<_>, Vec<_>) = holidays::overlays(file, text, &all)?.into_iter().unzip();
        add(&mut all, made, (file, text))?;
        overlays.extend(read);
    }
    Ok((all, overlays))
}

fn add(all: &mut Calendars, new: Vec<Calendar>, (file, text): (&str, &str)) -> Result<(), Error> {
    for calendar in new {
        let place = calendar.place().to_owned();
        if all.insert(place.clone(), Arc::new(calendar)).is_some() {
            return Err(wrong(
                file,
                text,
                "places",
                format!("expected each place once, found `{place}` again"),
            ));
        }
    }
    Ok(())
}

fn texts<F: rust_embed::RustEmbed>(folder: &str) -> Result<Vec<(String, String)>, Error> {
    let toml = F::iter().filter(|name| name.ends_with(".toml"));
    toml.map(|name| {
        let file = format!("{folder}/{name}");
        let bytes = F::get(&name).map(|found| found.data.into_owned()).unwrap_or_default();
        let text = String::from_utf8(bytes).map_err(|e| Error {
            file: file.clone(),
            line: None,
            key: "the file".to_owned(),
            problem: format!("expected UTF-8, found other bytes after byte {}", e.utf8_error().valid_up_to()),
        })?;
        Ok((file, text))
    })
    .collect()
}

/// A part such as `foia` of `uk-foia` that a known id also has, beside the country.
fn shares_word(wanted: &str, known: &str) -> bool {
    let words = |id: &str| id.split('-').map(str::to_owned).collect::<Vec<_>>();
    let (wanted, known) = (words(wanted), words(known));
    wanted.iter().any(|w| w.len() >= 2 && known.contains(w))
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let swap = at(&row, j) + usize::from(x != *y);
            next.push(swap.min(at(&row, j + 1) + 1).min(at(&next, j) + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
