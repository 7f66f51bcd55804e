//! `askance regimes`: the laws the program knows, with their limits and how well each is verified.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use crate::data::laws::Laws;
use crate::domain::law::regime::Regime;
use crate::domain::law::rules::ExtensionMode;

/// The laws that are known, with citation, time limit and how well each is verified.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:
  askance regimes --json | jq '.[] | select(.country == \"DE\") | .id'

`verified` tells how the main time limit was checked: primary (the statute was read), partial_primary,
secondary (official or expert pages) or memory. All but primary make an estimate. This is no legal advice.")]
pub struct RegimesArgs {
    /// JSON: an array with all that is known of each law.
    #[arg(long)]
    pub json: bool,
}

/// A law as printed in JSON.
#[derive(Serialize)]
struct Shown<'a> {
    limit_in_words: String,
    extension_in_words: String,
    #[serde(flatten)]
    regime: &'a Regime,
}

/// Prints the laws; the exit code is one of `sysexits.h`.
pub fn run(args: &RegimesArgs, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let laws = match Laws::load() {
        Ok(laws) => laws,
        Err(e) => {
            // A failing stderr leaves nobody to tell; the exit code still does.
            let _ = writeln!(err, "askance regimes: a data file of the program is wrong: {e}");
            return 78;
        }
    };
    match if args.json { json(&laws, out) } else { table(&laws, out) } {
        Ok(()) => 0,
        Err(e) => {
            let _ = writeln!(err, "askance regimes: could not write the result: {e}");
            74
        }
    }
}

fn json(laws: &Laws, out: &mut dyn Write) -> io::Result<()> {
    let shown: Vec<Shown<'_>> = laws
        .regimes()
        .map(|regime| Shown {
            limit_in_words: regime.limit_in_words(),
            extension_in_words: extension(regime),
            regime,
        })
        .collect();
    writeln!(out, "{}", serde_json::to_string_pretty(&shown)?)
}

fn table(laws: &Laws, out: &mut dyn Write) -> io::Result<()> {
    let head = ["law", "answer within", "extension", "verified", "citation"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(head)
        .chain(laws.regimes().map(|r| {
            let verified = r.verified.as_str().to_owned();
            [r.id.to_string(), r.limit_in_words(), extension(r), verified, r.citation.clone()]
        }))
        .collect();
    let width = |column: fn(&[String; 5]) -> &String| {
        rows.iter().map(|row| column(row).chars().count()).max().unwrap_or(0)
    };
    let (a, b, c, d) = (width(|r| &r[0]), width(|r| &r[1]), width(|r| &r[2]), width(|r| &r[3]));
    for [id, limit, more, verified, citation] in &rows {
        writeln!(out, "{id:a$}  {limit:b$}  {more:c$}  {verified:d$}  {citation}")?;
    }
    writeln!(
        out,
        "\n{} laws. Not legal advice: a limit that is not `primary` is an estimate.",
        rows.len() - 1
    )
}

/// The extension in words, as `+ 28 days`, `40 days in all`.
fn extension(regime: &Regime) -> String {
    match regime.extension.term() {
        Some((term, ExtensionMode::Total)) => format!("{term} in all"),
        Some((term, ExtensionMode::Additional | ExtensionMode::FromEndOfFirst)) => format!("+ {term}"),
        None if regime.extension.allowed => "no figure".to_owned(),
        None => "none".to_owned(),
    }
}
