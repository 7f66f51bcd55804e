//! Rows that were written, put into an empty database of either kind.

use crate::store::dump::{Column, Head, Kind, tables};
use crate::store::{AnyConn, Conn, Error, each};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Double, Nullable, Text, Timestamp};
use serde_json::Value;
use std::io::BufRead;

/// What was put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// How many rows.
    pub rows: u64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// Whether no table has a row; else the first that has some.
pub fn empty_tables(conn: &mut Conn) -> Result<Option<&'static str>, Error> {
    for table in tables(conn)? {
        let sql = format!("SELECT count(*) AS rows FROM (SELECT 1 FROM {table} LIMIT 1) AS some");
        if diesel::sql_query(sql).get_result::<Count>(conn)?.rows > 0 {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

/// Puts the rows of a table in, within the caller's transaction. `lines` begins with the head.
pub fn load(conn: &mut Conn, table: &str, lines: &mut dyn BufRead) -> Result<Loaded, Error> {
    let mut lines = lines.lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let head: Head = serde_json::from_str(&first)?;
    if head.table != table {
        return Err(Error::Stored(format!("expected rows of `{table}`, found those of `{}`", head.table)));
    }
    let there = crate::store::dump::columns(conn, table)?;
    if let Some(strange) = head.columns.iter().find(|column| !there.contains(column)) {
        return Err(Error::Stored(format!("table `{table}` has no column `{}`", strange.name)));
    }
    let sql = insertion(conn, &head);
    let mut rows = 0;
    for line in lines {
        let values: Vec<Value> = serde_json::from_str(&line?)?;
        if values.len() != head.columns.len() {
            return Err(Error::Stored(format!(
                "row {} of `{table}` has too few or too many values",
                rows + 1
            )));
        }
        insert(conn, &sql, (&head.columns, &values))?;
        rows += 1;
    }
    give_higher(conn, &head)?;
    Ok(Loaded { rows })
}

/// Names come from the schema that is there, so none can be anything else than a name.
fn insertion(conn: &Conn, head: &Head) -> String {
    let names: Vec<String> = head.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let places: Vec<String> = match conn {
        AnyConn::Sqlite(_) => names.iter().map(|_| "?".to_owned()).collect(),
        AnyConn::Postgres(_) => (1..=names.len()).map(|place| format!("${place}")).collect(),
    };
    format!("INSERT INTO {} ({}) VALUES ({})", head.table, names.join(", "), places.join(", "))
}

fn insert(conn: &mut Conn, sql: &str, (columns, values): (&[Column], &[Value])) -> Result<(), Error> {
    each!(conn, |c| {
        let mut query = diesel::sql_query(sql).into_boxed();
        for (column, value) in columns.iter().zip(values) {
            let strange = || Error::Stored(format!("column `{}` cannot be {value}", column.name));
            let text = value.as_str();
            if !value.is_null() && (column.kind == Kind::Text || column.kind == Kind::Real) && text.is_none()
            {
                return Err(strange());
            }
            let kept = |there: bool| if there || value.is_null() { Ok(()) } else { Err(strange()) };
            query = match column.kind {
                Kind::Number => {
                    kept(value.is_i64())?;
                    query.bind::<Nullable<BigInt>, _>(value.as_i64())
                }
                Kind::Truth => {
                    kept(value.is_boolean())?;
                    query.bind::<Nullable<Bool>, _>(value.as_bool())
                }
                Kind::Text => query.bind::<Nullable<Text>, _>(text.map(str::to_owned)),
                Kind::Real => {
                    let real: Option<f64> = text.and_then(|text| text.parse().ok());
                    kept(real.is_some())?;
                    query.bind::<Nullable<Double>, _>(real)
                }
                Kind::Time => {
                    let time = text.and_then(Kind::time);
                    kept(time.is_some())?;
                    query.bind::<Nullable<Timestamp>, _>(time)
                }
                Kind::Day => {
                    let day = text.and_then(Kind::day);
                    kept(day.is_some())?;
                    query.bind::<Nullable<Date>, _>(day)
                }
            };
        }
        query.execute(c).map(|_| ())?;
    });
    Ok(())
}

/// The next number is above all that were ever given: a number that was deleted must not come back as another thing.
fn give_higher(conn: &mut Conn, head: &Head) -> Result<(), Error> {
    if head.highest < 1 {
        return Ok(());
    }
    let (table, highest) = (&head.table, head.highest);
    match conn {
        AnyConn::Sqlite(c) => {
            diesel::sql_query(format!("DELETE FROM sqlite_sequence WHERE name = '{table}'")).execute(c)?;
            let sql = format!("INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}', {highest})");
            diesel::sql_query(sql).execute(c)?;
        }
        AnyConn::Postgres(c) => {
            let sql = format!("SELECT setval(pg_get_serial_sequence('{table}', 'id'), {highest})");
            diesel::sql_query(sql).execute(c)?;
        }
    }
    Ok(())
}
