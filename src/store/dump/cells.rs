//! The values of a row of any table, the same from both databases.

use crate::store::Error;
use crate::store::dump::Column;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::deserialize::{FromSql, QueryableByName, Result as Read};
use diesel::pg::Pg;
use diesel::row::{Field, NamedRow, Row};
use diesel::sql_types::{BigInt, Bool, Date, Double, Text, Timestamp};
use diesel::sqlite::{Sqlite, SqliteType};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Times as they are written: UTC, microseconds.
const TIME: &str = "%Y-%m-%d %H:%M:%S%.6f";
/// The object identifiers of PostgreSQL's own types (`pg_type.dat`).
const OIDS: [(u32, Kind); 6] = [
    (20, Kind::Number),
    (25, Kind::Text),
    (16, Kind::Truth),
    (701, Kind::Real),
    (1114, Kind::Time),
    (1082, Kind::Day),
];

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A whole number.
    Number,
    /// A fraction, written as text so that no digit is lost.
    Real,
    /// Yes or no.
    Truth,
    /// Text.
    Text,
    /// A time.
    Time,
    /// A date.
    Day,
}

impl Kind {
    /// Of the type that a schema names.
    pub(super) fn of(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "bigint" | "integer" => Self::Number,
            "double precision" | "double" => Self::Real,
            "boolean" => Self::Truth,
            "text" => Self::Text,
            "timestamp" | "timestamp without time zone" => Self::Time,
            "date" => Self::Day,
            other => {
                return Err(Error::Stored(format!("expected a type that can be written, found `{other}`")));
            }
        })
    }

    /// A time as it is written.
    pub(super) fn time(text: &str) -> Option<NaiveDateTime> {
        // Without seconds or fractions in what SQLite itself wrote.
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
    }

    /// A date as it is written.
    pub(super) fn day(text: &str) -> Option<NaiveDate> {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
    }
}

/// One value, as a database gave it.
enum Cell {
    Null,
    Number(i64),
    Real(f64),
    Truth(bool),
    Text(String),
}

/// The values of a row, in the order of the columns.
pub(super) struct Cells(Vec<Cell>);

impl Cells {
    /// As they are written.
    pub(super) fn values(&self, columns: &[Column]) -> Result<Vec<Value>, Error> {
        self.0.iter().zip(columns).map(|(cell, column)| written(cell, column)).collect()
    }
}

fn written(cell: &Cell, column: &Column) -> Result<Value, Error> {
    let strange = || Error::Stored(format!("column `{}` does not hold {:?}", column.name, column.kind));
    Ok(match (column.kind, cell) {
        (_, Cell::Null) => Value::Null,
        (Kind::Number, Cell::Number(number)) => Value::from(*number),
        (Kind::Truth, Cell::Truth(truth)) => Value::from(*truth),
        (Kind::Truth, Cell::Number(number)) => Value::from(*number != 0),
        (Kind::Real, Cell::Real(real)) => Value::from(real.to_string()),
        (Kind::Text, Cell::Text(text)) => Value::from(text.as_str()),
        (Kind::Time, Cell::Text(text)) => {
            Value::from(Kind::time(text).ok_or_else(strange)?.format(TIME).to_string())
        }
        (Kind::Day, Cell::Text(text)) => Value::from(Kind::day(text).ok_or_else(strange)?.to_string()),
        _ => return Err(strange()),
    })
}

impl QueryableByName<Sqlite> for Cells {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> Read<Self> {
        let mut cells = Vec::with_capacity(row.field_count());
        for place in 0..row.field_count() {
            let field = Row::get(row, place).ok_or("a row with fewer columns than it says")?;
            let cell = match field.value() {
                None => Cell::Null,
                Some(mut value) => match value.value_type() {
                    None => Cell::Null,
                    Some(SqliteType::Integer | SqliteType::SmallInt | SqliteType::Long) => {
                        Cell::Number(value.read_long())
                    }
                    Some(SqliteType::Float | SqliteType::Double) => Cell::Real(value.read_double()),
                    Some(SqliteType::Text) => Cell::Text(value.read_text().to_owned()),
                    Some(other) => return Err(format!("no column is of the type {other:?}").into()),
                },
            };
            cells.push(cell);
        }
        Ok(Self(cells))
    }
}

impl QueryableByName<Pg> for Cells {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> Read<Self> {
        let mut cells = Vec::with_capacity(row.field_count());
        for place in 0..row.field_count() {
            let field = Row::get(row, place).ok_or("a row with fewer columns than it says")?;
            let Some(value) = field.value() else {
                cells.push(Cell::Null);
                continue;
            };
            let oid = value.get_oid().get();
            let kind = OIDS.iter().find(|(known, _)| *known == oid).map(|(_, kind)| *kind);
            cells.push(match kind.ok_or_else(|| format!("no column is of the type {oid}"))? {
                Kind::Number => Cell::Number(FromSql::<BigInt, Pg>::from_sql(value)?),
                Kind::Real => Cell::Real(FromSql::<Double, Pg>::from_sql(value)?),
                Kind::Truth => Cell::Truth(FromSql::<Bool, Pg>::from_sql(value)?),
                Kind::Text => Cell::Text(FromSql::<Text, Pg>::from_sql(value)?),
                Kind::Time => {
                    let time: NaiveDateTime = FromSql::<Timestamp, Pg>::from_sql(value)?;
                    Cell::Text(time.format(TIME).to_string())
                }
                Kind::Day => {
                    let day: NaiveDate = FromSql::<Date, Pg>::from_sql(value)?;
                    Cell::Text(day.to_string())
                }
            });
        }
        Ok(Self(cells))
    }
}
