//! All rows of all tables as lines of JSON, the same from either database and for either one.

mod cells;
mod load;

pub use cells::Kind;
pub use load::{Loaded, empty_tables, load};

use crate::store::{AnyConn, Conn, Error};
use cells::Cells;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::{Deserialize, Serialize};
use std::io::Write;

/// Every table, in an order in which each row comes after those that it refers to. A table that is not here stops a
/// backup: it would be lost without a word.
pub const TABLES: [&str; 42] = [
    "people",
    "sessions",
    "sign_in_attempts",
    "authorities",
    "authority_addresses",
    "authority_domains",
    "authority_identifiers",
    "regimes",
    "days_off",
    "deployments",
    "statements",
    "organisations",
    "campaigns",
    "requests",
    "request_rights",
    "request_questions",
    "messages",
    "file_numbers",
    "arrivals",
    "attachments",
    "events",
    "outbox",
    "outbox_attempts",
    "answers",
    "audit",
    "domain_lessons",
    "unmatched_keys",
    "rank_again",
    "scans",
    "folds",
    "lessons",
    "authenticity",
    "imap_taken",
    "switches",
    "contact_tasks",
    "notices",
    "tombstones",
    "former_addresses",
    "erased_parts",
    "erased_mails",
    "erased_again",
    "digests",
];

/// Rows read at once: some have the texts of all files of a mail.
const PAGE: i64 = 100;

/// One column, as the first line of a table's file names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// The first line of a table's file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Head {
    /// Of which table.
    pub table: String,
    /// In the order of the values.
    pub columns: Vec<Column>,
    /// The highest number that was ever given: none is given twice, deleted rows included.
    pub highest: i64,
}

/// What was written of one table.
#[derive(Debug, Default, Clone)]
pub struct Written {
    /// How many rows.
    pub rows: u64,
    /// The blobs that rows need.
    pub blobs: Vec<String>,
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

#[derive(QueryableByName)]
struct Highest {
    #[diesel(sql_type = Nullable<BigInt>)]
    highest: Option<i64>,
}

/// Reads within one snapshot: what is committed meanwhile is not seen, and nobody who writes waits.
pub fn snapshot<T, E: From<Error>>(
    conn: &mut Conn,
    read: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    let begin = match conn {
        // The snapshot of SQLite begins with the first read; the names of the tables are one.
        AnyConn::Sqlite(_) => "BEGIN DEFERRED",
        AnyConn::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    };
    conn.batch_execute(begin).map_err(|e| E::from(Error::Database(e)))?;
    let read = read(conn);
    // Nothing was written, so how it ends does not matter.
    let _ = conn.batch_execute("ROLLBACK");
    read
}

/// Names of the migrations that were applied, oldest first.
pub fn applied(conn: &mut Conn) -> Result<Vec<String>, Error> {
    let sql = "SELECT version AS name, '' AS kind FROM __diesel_schema_migrations ORDER BY version";
    let found: Vec<Named> = diesel::sql_query(sql).load(conn)?;
    Ok(found.into_iter().map(|row| row.name).collect())
}

/// The tables that there are, in the order of `TABLES`.
pub fn tables(conn: &mut Conn) -> Result<Vec<&'static str>, Error> {
    let sql = match conn {
        AnyConn::Sqlite(_) => {
            "SELECT name, '' AS kind FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' \
             AND substr(name, 1, 2) <> '__'"
        }
        AnyConn::Postgres(_) => {
            "SELECT table_name::text AS name, '' AS kind FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND left(table_name, 2) <> '__'"
        }
    };
    let found: Vec<Named> = diesel::sql_query(sql).load(conn)?;
    if let Some(unknown) = found.iter().find(|row| !TABLES.contains(&row.name.as_str())) {
        return Err(Error::Stored(format!("expected tables of Askance alone, found `{}`", unknown.name)));
    }
    Ok(TABLES.into_iter().filter(|table| found.iter().any(|row| row.name == *table)).collect())
}

/// The columns of a table, in their order.
fn columns(conn: &mut Conn, table: &str) -> Result<Vec<Column>, Error> {
    let sql = match conn {
        AnyConn::Sqlite(_) => "SELECT name, lower(type) AS kind FROM pragma_table_info(?) ORDER BY cid",
        AnyConn::Postgres(_) => {
            "SELECT column_name::text AS name, data_type::text AS kind FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position"
        }
    };
    let found: Vec<Named> = diesel::sql_query(sql).bind::<Text, _>(table).load(conn)?;
    found.into_iter().map(|row| Ok(Column { kind: Kind::of(&row.kind)?, name: row.name })).collect()
}

/// The highest number that a table ever gave.
fn highest(conn: &mut Conn, table: &str) -> Result<i64, Error> {
    let sql = match conn {
        AnyConn::Sqlite(_) => {
            format!("SELECT (SELECT seq FROM sqlite_sequence WHERE name = '{table}') AS highest")
        }
        // Until the first one is given, it stands at 1 without having given it.
        AnyConn::Postgres(_) => format!(
            "SELECT (SELECT max(last_value) FROM pg_sequences WHERE schemaname = current_schema() \
             AND sequencename = '{table}_id_seq') AS highest"
        ),
    };
    let given: Option<i64> = diesel::sql_query(sql).get_result::<Highest>(conn)?.highest;
    let there = diesel::sql_query(format!("SELECT max(id) AS highest FROM {table}"));
    let there: Option<i64> = there.get_result::<Highest>(conn)?.highest;
    Ok(given.max(there).unwrap_or(0))
}

/// Writes a table, one line a row, by its numbers; a line before them names the columns.
pub fn write(conn: &mut Conn, table: &str, out: &mut dyn Write) -> Result<Written, Error> {
    let columns = columns(conn, table)?;
    let head = Head { table: table.to_owned(), columns: columns.clone(), highest: highest(conn, table)? };
    writeln!(out, "{}", serde_json::to_string(&head)?)?;
    let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let place = |name: &str| columns.iter().position(|column| column.name == name);
    // What a reader may need: raw mail, letters, attachments. Not what only remembers that there was one.
    let blob = match table {
        "messages" | "outbox" => place("blob_sha256"),
        "attachments" => place("sha256"),
        _ => None,
    };
    let id = place("id").ok_or_else(|| Error::Stored(format!("table `{table}` without numbers")))?;
    let (mut written, mut after) = (Written::default(), i64::MIN);
    loop {
        let sql =
            format!("SELECT {} FROM {table} WHERE id > {after} ORDER BY id LIMIT {PAGE}", names.join(", "));
        let rows: Vec<Cells> = match conn {
            AnyConn::Sqlite(c) => diesel::sql_query(sql).load(c)?,
            AnyConn::Postgres(c) => diesel::sql_query(sql).load(c)?,
        };
        for row in &rows {
            let values = row.values(&columns)?;
            after = values.get(id).and_then(serde_json::Value::as_i64).unwrap_or(i64::MAX);
            let blob = blob.and_then(|place| values.get(place)).and_then(serde_json::Value::as_str);
            written.blobs.extend(blob.filter(|key| !key.is_empty()).map(str::to_owned));
            written.rows += 1;
            writeln!(out, "{}", serde_json::to_string(&values)?)?;
        }
        if i64::try_from(rows.len()).unwrap_or(PAGE) < PAGE {
            return Ok(written);
        }
    }
}
