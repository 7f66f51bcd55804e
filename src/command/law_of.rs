//! `askance law-of`: which access law binds a body, and why.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use crate::data::choice;
use crate::data::laws::Laws;
use crate::domain::authority::AuthorityKind;
use crate::domain::country;
use crate::domain::law::choice::{Body, Choice, Reason, Rules};
use crate::domain::law::part::Part;
use crate::domain::law::regime::{Confidence, RegimeId};

/// Which law binds a body: chosen by whose body it is, not by where it stands.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  askance law-of --country DE --kind police --name \"Polizei Hessen\"
  askance law-of --country BE --part BE-WAL --kind police --name \"Zone de police Namur\" --json

Where several laws may hold, all are listed with their reasons, and a person decides. The answer is no error when it
is none, or that nobody can tell: the exit code is 0. It is 65 for words that mean nothing. This is no legal advice.")]
pub struct LawOfArgs {
    /// ISO 3166-1, or EU.
    #[arg(long, value_name = "CODE")]
    pub country: String,
    /// Kind of body: police, municipality, ministry, transport, school, border, `eu_agency`, regulator, private, other.
    #[arg(long, value_name = "KIND")]
    pub kind: String,
    /// Its name; may be given again in another language.
    #[arg(long, value_name = "NAME")]
    pub name: Vec<String>,
    /// The part of the country, as DE-HE; the country itself for a body of the whole state.
    #[arg(long, value_name = "PART")]
    pub part: Option<String>,
    /// JSON.
    #[arg(long)]
    pub json: bool,
}

/// The answer as printed in JSON.
#[derive(Serialize)]
struct Shown<'a> {
    country: &'a str,
    part: Option<&'a str>,
    kind: AuthorityKind,
    name: &'a [String],
    #[serde(flatten)]
    choice: &'a Choice,
    legal_advice: bool,
}

/// Prints the law; the exit code is one of `sysexits.h`.
pub fn run(args: &LawOfArgs, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let read = Laws::load().and_then(|laws| Ok((choice::load(&laws)?, laws)));
    let (rules, laws) = match read {
        Ok(read) => read,
        Err(e) => return told(err, 78, &format!("a data file of the program is wrong: {e}")),
    };
    let country = args.country.to_ascii_uppercase();
    let (kind, part) = match understood(args, &country, &rules) {
        Ok(understood) => understood,
        Err(problem) => return told(err, 65, &problem),
    };
    let names: Vec<&str> = args.name.iter().map(String::as_str).collect();
    let choice = rules.choose(&Body { country: &country, part: part.as_ref(), kind, names: &names });
    let shown = Shown {
        country: &country,
        part: part.as_ref().map(Part::as_str),
        kind,
        name: &args.name,
        choice: &choice,
        legal_advice: false,
    };
    let done = if args.json { json(&shown, out) } else { text(&shown, (&rules, &laws), out) };
    done.map_or_else(|e| told(err, 74, &format!("could not write the result: {e}")), |()| 0)
}

/// A failing stderr leaves nobody to tell; the exit code still does.
fn told(err: &mut dyn Write, code: u8, problem: &str) -> u8 {
    let _ = writeln!(err, "askance law-of: {problem}");
    code
}

fn understood(
    args: &LawOfArgs,
    country: &str,
    rules: &Rules,
) -> Result<(AuthorityKind, Option<Part>), String> {
    if !country::is_known(country) {
        return Err(format!(
            "expected a country\u{2019}s code of ISO 3166-1, or EU, found `{}`",
            args.country
        ));
    }
    let kind = args.kind.parse::<AuthorityKind>().map_err(|e| e.to_string())?;
    let Some(part) = &args.part else { return Ok((kind, None)) };
    let part = part.to_ascii_uppercase().parse::<Part>().map_err(|e| e.to_string())?;
    if part.country() != country {
        return Err(format!("expected a part of `{country}`, found `{part}`"));
    }
    let known: Vec<&str> = rules.parts_of(country).map(|known| known.code.as_str()).collect();
    if !known.is_empty() && !known.contains(&part.as_str()) {
        return Err(format!("expected one of {}, found `{part}`", known.join(", ")));
    }
    Ok((kind, Some(part)))
}

fn json(shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", serde_json::to_string_pretty(shown)?)
}

fn text(shown: &Shown<'_>, (rules, laws): (&Rules, &Laws), out: &mut dyn Write) -> io::Result<()> {
    let cited = |id: &RegimeId| {
        let law = laws.regime(id);
        law.map_or_else(|| id.to_string(), |law| format!("{id}  {} ({})", law.citation, law.law_en))
    };
    match shown.choice {
        Choice::One { law, reasons, caveats } => {
            writeln!(out, "{}", cited(law))?;
            reasons.iter().try_for_each(|one| reason(one, out))?;
            noted(caveats, out)?;
        }
        Choice::Ask { why, candidates, caveats } => {
            writeln!(out, "open: {why}. One of these, which a person must say:")?;
            for one in candidates {
                writeln!(
                    out,
                    "{}",
                    one.law.as_ref().map_or_else(|| "no law that we know".to_owned(), cited)
                )?;
                reason(&one.reason, out)?;
            }
            noted(caveats, out)?;
        }
        Choice::Excluded { law, reason: why, instead } => {
            let entry = law.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
            writeln!(out, "no right to information{entry}: no letter can rest on one")?;
            reason(why, out)?;
            noted(instead.as_slice(), out)?;
        }
        Choice::Unknown { why, needs_part } => {
            writeln!(out, "cannot be told: {why}")?;
            for part in rules.parts_of(shown.country).filter(|_| *needs_part) {
                writeln!(out, "  --part {:7} {}", part.code, part.name)?;
            }
        }
    }
    writeln!(out, "Not legal advice.")
}

fn reason(reason: &Reason, out: &mut dyn Write) -> io::Result<()> {
    let sure = match reason.confidence {
        Confidence::High => "",
        Confidence::Medium => ", likely",
        Confidence::Low => ", to be checked",
    };
    writeln!(out, "  {}. [{}{sure}]", reason.words, reason.src)
}

fn noted(notes: &[String], out: &mut dyn Write) -> io::Result<()> {
    notes.iter().try_for_each(|note| writeln!(out, "  Note: {note}"))
}
