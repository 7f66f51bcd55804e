//! The part of a state whose body an authority is, and what the number of its place tells of that.

use crate::domain::authority::AuthorityKind;
use serde::{Deserialize, Serialize};

/// A part of a state by ISO 3166-2, as `DE-HE`; the code of the state alone, as `DE`, says that the body is the whole
/// state's: federal, national, or across its parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Part(String);

/// Not the shape of a part's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a part of a country as `DE-HE`, or `DE` for a body of the whole state, found `{0}`")]
pub struct NotAPart(pub String);

impl Part {
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code of its state.
    pub fn country(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// Whether it is the whole state.
    pub fn is_whole(&self) -> bool {
        !self.0.contains('-')
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Part {
    type Err = NotAPart;

    fn from_str(text: &str) -> Result<Self, NotAPart> {
        let (country, part) =
            text.split_once('-').map_or((text, None), |(country, part)| (country, Some(part)));
        let state = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        let named = |part: &str| {
            (1..=3).contains(&part.len())
                && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        if state && part.is_none_or(named) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAPart(text.to_owned()))
        }
    }
}

impl TryFrom<String> for Part {
    type Error = NotAPart;

    fn try_from(text: String) -> Result<Self, NotAPart> {
        text.parse()
    }
}

impl From<Part> for String {
    fn from(part: Part) -> Self {
        part.0
    }
}

/// The German Länder by the first two digits of the municipality key (AGS, ARS).
const AGS: &[(&str, &str)] = &[
    ("01", "DE-SH"),
    ("02", "DE-HH"),
    ("03", "DE-NI"),
    ("04", "DE-HB"),
    ("05", "DE-NW"),
    ("06", "DE-HE"),
    ("07", "DE-RP"),
    ("08", "DE-BW"),
    ("09", "DE-BY"),
    ("10", "DE-SL"),
    ("11", "DE-BE"),
    ("12", "DE-BB"),
    ("13", "DE-MV"),
    ("14", "DE-SN"),
    ("15", "DE-ST"),
    ("16", "DE-TH"),
];

/// The Belgian regions by the arrondissement in the NIS code; the provinces 1, 3, 4, 7 are Flemish, 5, 6, 8, 9 Walloon.
const NIS: &[(&str, &str)] = &[
    ("1", "BE-VLG"),
    ("21", "BE-BRU"),
    ("23", "BE-VLG"),
    ("24", "BE-VLG"),
    ("25", "BE-WAL"),
    ("3", "BE-VLG"),
    ("4", "BE-VLG"),
    ("5", "BE-WAL"),
    ("6", "BE-WAL"),
    ("7", "BE-VLG"),
    ("8", "BE-WAL"),
    ("9", "BE-WAL"),
];

/// The nations of the United Kingdom by the first letter of the GSS code.
const GSS: &[(&str, &str)] = &[("E", "GB-ENG"), ("N", "GB-NIR"), ("S", "GB-SCT"), ("W", "GB-WLS")];

/// By the start of the NUTS code (2024; `UK` 2016 and `TL`, its successor).
#[rustfmt::skip]
const NUTS: &[(&str, &str)] = &[
    ("BE1", "BE-BRU"), ("BE2", "BE-VLG"), ("BE3", "BE-WAL"),
    ("CH011", "CH-VD"), ("CH012", "CH-VS"), ("CH013", "CH-GE"), ("CH021", "CH-BE"), ("CH022", "CH-FR"),
    ("CH023", "CH-SO"), ("CH024", "CH-NE"), ("CH025", "CH-JU"), ("CH031", "CH-BS"), ("CH032", "CH-BL"),
    ("CH033", "CH-AG"), ("CH040", "CH-ZH"), ("CH051", "CH-GL"), ("CH052", "CH-SH"), ("CH053", "CH-AR"),
    ("CH054", "CH-AI"), ("CH055", "CH-SG"), ("CH056", "CH-GR"), ("CH057", "CH-TG"), ("CH061", "CH-LU"),
    ("CH062", "CH-UR"), ("CH063", "CH-SZ"), ("CH064", "CH-OW"), ("CH065", "CH-NW"), ("CH066", "CH-ZG"),
    ("CH070", "CH-TI"),
    ("DE1", "DE-BW"), ("DE2", "DE-BY"), ("DE3", "DE-BE"), ("DE4", "DE-BB"), ("DE5", "DE-HB"), ("DE6", "DE-HH"),
    ("DE7", "DE-HE"), ("DE8", "DE-MV"), ("DE9", "DE-NI"), ("DEA", "DE-NW"), ("DEB", "DE-RP"), ("DEC", "DE-SL"),
    ("DED", "DE-SN"), ("DEE", "DE-ST"), ("DEF", "DE-SH"), ("DEG", "DE-TH"),
    ("ES11", "ES-GA"), ("ES12", "ES-AS"), ("ES13", "ES-CB"), ("ES21", "ES-PV"), ("ES22", "ES-NC"),
    ("ES23", "ES-RI"), ("ES24", "ES-AR"), ("ES30", "ES-MD"), ("ES41", "ES-CL"), ("ES42", "ES-CM"),
    ("ES43", "ES-EX"), ("ES51", "ES-CT"), ("ES52", "ES-VC"), ("ES53", "ES-IB"), ("ES61", "ES-AN"),
    ("ES62", "ES-MC"), ("ES63", "ES-CE"), ("ES64", "ES-ML"), ("ES70", "ES-CN"),
    ("FI20", "FI-01"),
    ("TLC", "GB-ENG"), ("TLD", "GB-ENG"), ("TLE", "GB-ENG"), ("TLF", "GB-ENG"), ("TLG", "GB-ENG"),
    ("TLH", "GB-ENG"), ("TLI", "GB-ENG"), ("TLJ", "GB-ENG"), ("TLK", "GB-ENG"), ("TLL", "GB-WLS"),
    ("TLM", "GB-SCT"), ("TLN", "GB-NIR"),
    ("UKC", "GB-ENG"), ("UKD", "GB-ENG"), ("UKE", "GB-ENG"), ("UKF", "GB-ENG"), ("UKG", "GB-ENG"),
    ("UKH", "GB-ENG"), ("UKI", "GB-ENG"), ("UKJ", "GB-ENG"), ("UKK", "GB-ENG"), ("UKL", "GB-WLS"),
    ("UKM", "GB-SCT"), ("UKN", "GB-NIR"),
];

/// The part of the country that the identifiers of an authority tell, where its kind lets a place tell it: a city, its
/// police and its school belong to where they stand, a ministry's branch does not. None where they say nothing or two
/// things. Whose body it is by its name is not asked here; a federal police station has a place as well.
pub fn told_by_place(kind: AuthorityKind, country: &str, identifiers: &[(String, String)]) -> Option<Part> {
    let local = matches!(kind, AuthorityKind::Municipality | AuthorityKind::Police | AuthorityKind::School);
    if !local {
        return None;
    }
    let mut told = identifiers.iter().filter_map(|(scheme, value)| part_of(country, scheme, value));
    let first = told.next()?;
    told.all(|other| other == first).then(|| first.parse().ok()).flatten()
}

fn part_of<'a>(country: &str, scheme: &str, value: &'a str) -> Option<&'a str> {
    // A table of ours writes the local number behind its country: it is unique only there.
    let value = value.trim();
    let bare = value.strip_prefix(country).and_then(|rest| rest.strip_prefix(':')).unwrap_or(value);
    match (scheme, country) {
        ("iso_3166", _) => value.starts_with(&format!("{country}-")).then_some(value),
        ("nuts", _) => starting(NUTS, bare, 3).filter(|part| part.starts_with(country)),
        ("ags" | "lau", "DE") => numbered(bare, &[8]).and_then(|bare| starting(AGS, bare, 8)),
        ("ars", "DE") => numbered(bare, &[9, 12]).and_then(|bare| starting(AGS, bare, 9)),
        ("lau", "BE") => numbered(bare, &[5]).and_then(|bare| starting(NIS, bare, 5)),
        ("gss" | "lau", "GB") => starting(GSS, bare, 9).filter(|_| bare.len() == 9),
        _ => None,
    }
}

/// A number of one of some lengths.
fn numbered<'a>(value: &'a str, lengths: &[usize]) -> Option<&'a str> {
    (lengths.contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit())).then_some(value)
}

fn starting(table: &[(&'static str, &'static str)], value: &str, least: usize) -> Option<&'static str> {
    let found = table.iter().find(|(start, _)| value.len() >= least && value.starts_with(start));
    found.map(|(_, part)| *part)
}
