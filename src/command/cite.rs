//! `askance cite`: the provisions that a text cites, and what each is to an access law.

use std::io::{self, Read, Write};

use clap::Args;
use serde::Serialize;

use crate::command::{due, exit};
use crate::data::laws::Laws;
use crate::data::statutes;
use crate::domain::law::citation::{Cited, Reason, Verdict};

/// The provisions that a refusal cites: which ground of the law each is, or that it belongs to another law.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  askance cite --regime gb-foia \"refused under section 31(1)(a) of the FOIA\"
  askance cite --regime de-ifg --json - < letter.txt

A provision is `ground` (which one is said), `one of` (several stand at that place), `known` (in this law, but no
ground we list), `other law`, `not in that law`, or `unclear`. This is no legal advice.")]
pub struct CiteArgs {
    /// The law of the request, as `de-ifg`; `askance regimes` lists them.
    #[arg(long, value_name = "ID")]
    pub regime: String,
    /// The text, `-` for stdin.
    pub text: String,
    /// JSON: an array, each provision with its place in the text and its parts.
    #[arg(long)]
    pub json: bool,
}

/// More than any letter has; the rest is not read.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Prints what the text cites; the exit code is one of `sysexits.h`.
pub fn run(args: &CiteArgs, input: &mut dyn Read, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let loaded = Laws::load().and_then(|laws| Ok((statutes::index(&laws)?, laws)));
    let (index, laws) = match loaded {
        Ok(loaded) => loaded,
        Err(e) => return told(err, exit::CONFIG, &format!("a data file of the program is wrong: {e}")),
    };
    let regime = match due::find(&laws, &args.regime) {
        Ok(regime) => regime,
        Err(problem) => return told(err, exit::DATA, &problem),
    };
    let text = match text(args, input) {
        Ok(text) => text,
        Err(e) => return told(err, exit::IO, &format!("could not read the text: {e}")),
    };
    let cited = index.cited(&text, regime);
    let short = index.short(regime);
    match if args.json { json(&cited, out) } else { table(&cited, short, out) } {
        Ok(()) => exit::OK,
        Err(e) => told(err, exit::IO, &format!("could not write the result: {e}")),
    }
}

/// A failing stderr leaves nobody to tell; the exit code still does.
fn told(err: &mut dyn Write, code: u8, problem: &str) -> u8 {
    let _ = writeln!(err, "askance cite: {problem}");
    code
}

/// Letters come in all encodings; what is no UTF-8 is replaced, figures and signs of a citation rarely are.
fn text(args: &CiteArgs, input: &mut dyn Read) -> io::Result<String> {
    if args.text != "-" {
        return Ok(args.text.clone());
    }
    let mut bytes = Vec::new();
    input.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A provision as printed in JSON.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    cited: &'a Cited,
    foreign: bool,
}

fn json(cited: &[Cited], out: &mut dyn Write) -> io::Result<()> {
    let shown: Vec<Shown<'_>> =
        cited.iter().map(|cited| Shown { cited, foreign: cited.verdict.is_foreign() }).collect();
    writeln!(out, "{}", serde_json::to_string_pretty(&shown)?)
}

fn table(cited: &[Cited], short: &str, out: &mut dyn Write) -> io::Result<()> {
    if cited.is_empty() {
        return writeln!(out, "No provision is cited.");
    }
    let width = cited.iter().map(|c| c.words.chars().count()).max().unwrap_or(0).min(60);
    for one in cited {
        writeln!(out, "{:width$}  {}", one.words, in_words(&one.verdict, short))?;
    }
    Ok(())
}

fn in_words(verdict: &Verdict, short: &str) -> String {
    let one = |ground: &Reason| format!("{} ({}, {})", ground.kind, ground.label, ground.cite);
    match verdict {
        Verdict::Ground(ground) => format!("ground: {}", one(ground)),
        Verdict::OneOf { grounds } => {
            format!("one of: {}", grounds.iter().map(one).collect::<Vec<_>>().join("; "))
        }
        Verdict::Known => format!("known: in {short}, but no ground we list"),
        Verdict::OtherLaw { regime: Some(id), name } => format!("other law: {name} ({id}), not {short}"),
        Verdict::OtherLaw { regime: None, name } => format!("other law: {name}, not {short}"),
        Verdict::NotInThatLaw => format!("not in that law: {short} has no such provision"),
        Verdict::Unclear => "unclear".to_owned(),
    }
}
