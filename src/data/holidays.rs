//! The calendars of all places: generated country files and the overlays of statutes.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use chrono_tz::Tz;
use serde::Deserialize;

use crate::data::Error;
use crate::data::located::{parse, wrong};
use crate::domain::law::calendar::{Calendar, Holiday, easter_sunday};

/// All calendars by id.
pub type Calendars = BTreeMap<String, Arc<Calendar>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CountryFile {
    country: String,
    zone: Tz,
    #[expect(dead_code, reason = "read by people: where the days come from")]
    source: String,
    first_year: i32,
    last_year: i32,
    places: Vec<String>,
    #[serde(rename = "holiday")]
    holidays: Vec<HolidayRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidayRule {
    name: String,
    /// The places that keep it; empty: all of the file.
    #[serde(default, rename = "in")]
    places: Vec<String>,
    #[serde(default)]
    every: Vec<Yearly>,
    #[serde(default)]
    on: Vec<NaiveDate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Yearly {
    day: MonthDay,
    first: Option<i32>,
    last: Option<i32>,
}

/// `MM-DD`; 29 February is left out of other years.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct MonthDay {
    month: u32,
    day: u32,
}

impl MonthDay {
    fn of(self, year: i32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year, self.month, self.day)
    }
}

impl TryFrom<String> for MonthDay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts = text.split_once('-').and_then(|(m, d)| Some((m.parse().ok()?, d.parse().ok()?)));
        parts
            .map(|(month, day)| Self { month, day })
            .filter(|it| it.of(2024).is_some())
            .ok_or_else(|| format!("expected a day of the year as `12-24`, found `{text}`"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OverlayFile {
    #[serde(rename = "calendar")]
    calendars: Vec<Overlay>,
}

/// A calendar that a statute makes of others, as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlay {
    /// Its id, as `GB-ANY-PART`.
    pub id: String,
    /// The places whose days are taken over.
    #[serde(default)]
    pub union: Vec<String>,
    zone: Option<Tz>,
    src: String,
    caveat: Option<String>,
    #[serde(default, rename = "day")]
    days: Vec<OverlayDay>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct OverlayDay {
    name: String,
    every: Option<MonthDay>,
    easter: Option<i16>,
    friday_between: Option<(MonthDay, MonthDay)>,
    #[serde(default)]
    on: Vec<NaiveDate>,
}

/// The calendars of one generated file: the country's and those of its parts.
pub fn country(file: &str, text: &str) -> Result<Vec<Calendar>, Error> {
    let it: CountryFile = parse(file, text)?;
    let span = span(it.first_year, it.last_year)
        .ok_or_else(|| wrong(file, text, "last_year", "expected a year not before `first_year`"))?;
    let mut days: BTreeMap<&str, Vec<Holiday>> = it.places.iter().map(|p| (p.as_str(), Vec::new())).collect();
    if !days.contains_key(it.country.as_str()) {
        return Err(wrong(file, text, "places", format!("expected `{}` among the places", it.country)));
    }
    for rule in &it.holidays {
        let all = dates(rule, (it.first_year, it.last_year));
        let places = if rule.places.is_empty() { &it.places } else { &rule.places };
        for place in places {
            let Some(known) = days.get_mut(place.as_str()) else {
                let problem = format!("expected a place of the file, found `{place}` for `{}`", rule.name);
                return Err(wrong(file, text, "holiday.in", problem));
            };
            known.extend(all.iter().map(|on| Holiday { on: *on, name: rule.name.clone() }));
        }
    }
    Ok(days.into_iter().map(|(place, days)| Calendar::new(place, it.zone, span, days)).collect())
}

fn span(first: i32, last: i32) -> Option<(NaiveDate, NaiveDate)> {
    let span = (NaiveDate::from_ymd_opt(first, 1, 1)?, NaiveDate::from_ymd_opt(last, 12, 31)?);
    (span.0 <= span.1).then_some(span)
}

fn dates(rule: &HolidayRule, (first, last): (i32, i32)) -> Vec<NaiveDate> {
    let yearly = rule.every.iter().flat_map(|y| {
        let years = y.first.unwrap_or(first).max(first)..=y.last.unwrap_or(last).min(last);
        years.filter_map(|year| y.day.of(year))
    });
    yearly.chain(rule.on.iter().copied()).collect()
}

/// The calendars of statutes, made from those of the countries; each with what it is made of.
pub fn overlays(file: &str, text: &str, known: &Calendars) -> Result<Vec<(Overlay, Calendar)>, Error> {
    let it: OverlayFile = parse(file, text)?;
    let made = it.calendars.into_iter().map(|overlay| {
        if overlay.src.trim().is_empty() {
            let problem = format!("expected a source for `{}`", overlay.id);
            return Err(wrong(file, text, "calendar.src", problem));
        }
        if let Some(place) = overlay.union.iter().find(|place| !known.contains_key(*place)) {
            let problem =
                format!("expected a place with a holiday file, found `{place}` in `{}`", overlay.id);
            return Err(wrong(file, text, "calendar.union", problem));
        }
        let Some(calendar) = overlay.over(known) else {
            let problem =
                format!("expected a zone or a place in the union of `{}`, found neither", overlay.id);
            return Err(wrong(file, text, "calendar.zone", problem));
        };
        Ok((overlay, calendar))
    });
    made.collect()
}

impl Overlay {
    /// The calendar over those of its places; none without a zone.
    pub fn over(&self, known: &Calendars) -> Option<Calendar> {
        let parts: Vec<&Calendar> =
            self.union.iter().filter_map(|place| known.get(place)).map(|it| &**it).collect();
        let zone = self.zone.or_else(|| parts.first().map(|part| part.zone()))?;
        let whole = known.values().next().map_or((NaiveDate::MIN, NaiveDate::MAX), |it| it.span());
        let span = parts.iter().map(|p| p.span()).fold(whole, |a, b| (a.0.max(b.0), a.1.min(b.1)));
        // What the statute adds comes first and gives the day its name.
        let mut days: Vec<Holiday> = Vec::new();
        for day in &self.days {
            let found = (span.0.year()..=span.1.year()).flat_map(|year| in_year(day, year));
            days.extend(found.map(|on| Holiday { on, name: day.name.clone() }));
        }
        let added: std::collections::BTreeSet<NaiveDate> = days.iter().map(|d| d.on).collect();
        days.extend(united(&parts).into_iter().filter(|d| !added.contains(&d.on)));
        Some(Calendar::new(&self.id, zone, span, days).with_caveat(self.caveat.clone()))
    }
}

/// The days of several places; one that not all of them keep is shown with those that do.
fn united(parts: &[&Calendar]) -> Vec<Holiday> {
    let mut kept: BTreeMap<(NaiveDate, &str), Vec<&str>> = BTreeMap::new();
    for part in parts {
        let code = part.place().rsplit('-').next().unwrap_or_default();
        for holiday in part.holidays() {
            for name in holiday.name.split("; ") {
                kept.entry((holiday.on, name)).or_default().push(code);
            }
        }
    }
    let shown = |name: &str, codes: &[&str]| {
        if codes.len() == parts.len() { name.to_owned() } else { format!("{name} ({})", codes.join(", ")) }
    };
    kept.into_iter().map(|((on, name), codes)| Holiday { on, name: shown(name, &codes) }).collect()
}

fn in_year(day: &OverlayDay, year: i32) -> Vec<NaiveDate> {
    let fixed = day.every.and_then(|it| it.of(year));
    let easter = day.easter.zip(easter_sunday(year)).and_then(|(offset, sunday)| {
        let by = Days::new(u64::from(offset.unsigned_abs()));
        if offset < 0 { sunday.checked_sub_days(by) } else { sunday.checked_add_days(by) }
    });
    let friday = day.friday_between.and_then(|(from, to)| {
        let (from, to) = (from.of(year)?, to.of(year)?);
        from.iter_days().take_while(|d| *d <= to).find(|d| d.weekday() == Weekday::Fri)
    });
    let once = day.on.iter().copied().filter(|d| d.year() == year);
    [fixed, easter, friday].into_iter().flatten().chain(once).collect()
}
