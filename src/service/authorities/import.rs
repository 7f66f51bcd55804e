//! Authorities from a table of our own form: rows are checked one by one, matched, added or given their address.

mod choosing;
mod table;

use crate::domain::authority::{AuthorityState, slug};
use crate::service::Context;
use crate::service::authorities::import::table::Row;
use crate::store::authorities::{Identified, Line, NewAuthority};
use crate::store::{self, Conn, audit, authorities, transaction};
use std::collections::{BTreeMap, BTreeSet};

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The first line is not the head of such a table.
    #[error("expected a first line with at least the columns `name`, `country`, `type`, found no `{0}`")]
    NoColumn(&'static str),
    /// The file is no table.
    #[error("expected a table in CSV, found: {0}")]
    NoTable(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Something to say of a line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The line, the head being 1.
    pub line: u64,
    /// What is wrong or odd, and what to do.
    pub words: String,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Entered.
    pub new: usize,
    /// Known, and given an address, a law or a state.
    pub changed: usize,
    /// Known, with nothing to change.
    pub same: usize,
    /// Not taken, each with a remark.
    pub invalid: usize,
    /// Names of authorities from the same sources that the file does not name; they stay as they are.
    pub missing: Vec<String>,
    /// Columns that nobody knows.
    pub unknown_columns: Vec<String>,
    /// What is to be said of single lines.
    pub remarks: Vec<Remark>,
}

/// The way out of the transaction.
enum Stop {
    Dry(Report),
    Failed(Error),
}

impl From<store::Error> for Stop {
    fn from(error: store::Error) -> Self {
        Self::Failed(Error::Store(error))
    }
}

/// Imports the table all or nothing; `dry` does the same and takes it back. Nothing is ever deleted.
pub fn import(ctx: &Context, conn: &mut Conn, csv: &[u8], dry: bool) -> Result<Report, Error> {
    let table = table::read(ctx, csv)?;
    let done = transaction(conn, |conn| {
        let mut report = Report {
            unknown_columns: table.unknown.clone(),
            invalid: table.wrong.len(),
            remarks: table.wrong.clone(),
            ..Report::default()
        };
        let mut taken = BTreeMap::new();
        for row in &table.rows {
            take(ctx, conn, row, (&mut taken, &mut report))?;
        }
        let sources: BTreeSet<String> = table.rows.iter().map(|row| row.source.clone()).collect();
        let sources: Vec<String> = sources.into_iter().collect();
        let there = authorities::of_sources(conn, &sources)?.into_iter();
        report.missing = there.filter(|(id, _)| !taken.contains_key(id)).map(|(_, name)| name).collect();
        report.remarks.sort_by_key(|remark| remark.line);
        if dry {
            return Err(Stop::Dry(report));
        }
        let act = audit::Act {
            at: ctx.clock.now(),
            person: None,
            action: "import_authorities",
            subject: "authorities".to_owned(),
            body: serde_json::json!({
                "new": report.new, "changed": report.changed, "same": report.same, "invalid": report.invalid,
            }),
        };
        audit::append(conn, &act)?;
        Ok(report)
    });
    match done {
        Ok(report) | Err(Stop::Dry(report)) => Ok(report),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// Which line took which authority.
type Taken = BTreeMap<i64, u64>;

fn take(
    ctx: &Context,
    conn: &mut Conn,
    row: &Row,
    (taken, report): (&mut Taken, &mut Report),
) -> Result<(), store::Error> {
    let mut remark = |words: String| report.remarks.push(Remark { line: row.line, words });
    for words in &row.remarks {
        remark(words.clone());
    }
    let known = matching(conn, row)?;
    if let Some(before) = known.and_then(|id| taken.get(&id)) {
        remark(format!("the same authority as in line {before}; not taken"));
        report.invalid += 1;
        return Ok(());
    }
    let id = if let Some(id) = known {
        let identified = identify(conn, id, row, &mut remark)?;
        if change(ctx, conn, id, row)? || identified {
            report.changed += 1;
        } else {
            report.same += 1;
        }
        id
    } else {
        for same in authorities::same_name(conn, &row.country, &row.name)? {
            remark(format!("entered, but `{}` has the same name: is it another body?", same.slug));
        }
        if let Some(words) = &row.of_the_law {
            remark(words.clone());
        }
        let id = insert(ctx, conn, row)?;
        identify(conn, id, row, &mut remark)?;
        report.new += 1;
        id
    };
    taken.insert(id, row.line);
    Ok(())
}

/// By the source's own number, by Wikidata item, by the address of the page, by what the same source says again word
/// for word; a name alone only makes a remark.
fn matching(conn: &mut Conn, row: &Row) -> Result<Option<i64>, store::Error> {
    for (scheme, value) in &row.identifiers {
        if let Some(known) = authorities::by_identifier(conn, scheme, value)? {
            return Ok(Some(known.id));
        }
    }
    if let Some(key) = &row.key {
        return authorities::by_slug(conn, key);
    }
    let line = Line {
        source: &row.source,
        country: &row.country,
        name: &row.name,
        place: &row.place,
        identifiers: &row.identifiers,
    };
    authorities::same_line(conn, &line)
}

/// Gives a known authority what the row says anew; false = nothing.
fn change(ctx: &Context, conn: &mut Conn, id: i64, row: &Row) -> Result<bool, store::Error> {
    let Some((authority, address)) = authorities::load(conn, &[id])?.into_iter().next() else {
        return Ok(false);
    };
    let mut changed = false;
    if let Some(email) = row.email.as_ref().filter(|email| address.as_deref() != Some(email.as_str())) {
        authorities::set_address(conn, id, email, ctx.clock.now())?;
        changed = true;
    }
    // What a person said of the law at the desk stays.
    if let Some(law) =
        row.law.as_ref().filter(|_| authority.regime.is_none() && authority.regime_reason.is_none())
    {
        authorities::set_regime(conn, id, Some(law))?;
        authorities::set_regime_reason(conn, id, row.law_reason.as_deref())?;
        changed = true;
    }
    if let Some(part) = row.part.as_ref().filter(|_| authority.subdivision.is_none()) {
        authorities::set_subdivision(conn, id, part)?;
        changed = true;
    }
    if row.defunct && authority.state != AuthorityState::Defunct {
        authorities::set_state(conn, id, AuthorityState::Defunct)?;
        changed = true;
    }
    Ok(changed)
}

/// Gives an authority the row's identifiers; false = it had them. One that names another body is only told.
fn identify(
    conn: &mut Conn,
    id: i64,
    row: &Row,
    remark: &mut impl FnMut(String),
) -> Result<bool, store::Error> {
    let mut added = false;
    for (scheme, value) in &row.identifiers {
        match authorities::identify(conn, id, (scheme, value))? {
            Identified::Added => added = true,
            Identified::Same => {}
            Identified::Taken(other) => remark(format!(
                "`{scheme}:{value}` belongs to `{}` and was not given to this one: which of them is it?",
                other.slug
            )),
        }
    }
    Ok(added)
}

fn insert(ctx: &Context, conn: &mut Conn, row: &Row) -> Result<i64, store::Error> {
    let wanted = row.key.clone().unwrap_or_else(|| slug(&row.name));
    let new = NewAuthority {
        slug: authorities::free_slug(conn, &wanted)?,
        name: row.name.clone(),
        name_en: row.name_en.clone(),
        language: row.language.clone(),
        kind: row.kind,
        country: row.country.clone(),
        place: row.place.clone(),
        subdivision: row.part.clone(),
        regime: row.law.clone(),
        regime_reason: row.law_reason.clone(),
        website: row.website.clone(),
        source: row.source.clone(),
        email: row.email.clone(),
        identifiers: Vec::new(),
    };
    let id = authorities::insert(conn, &new, ctx.clock.now())?;
    if row.defunct {
        authorities::set_state(conn, id, AuthorityState::Defunct)?;
    }
    Ok(id)
}
