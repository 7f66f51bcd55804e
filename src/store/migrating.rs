//! The schema at a certain point of its history, for rows that were written then.

use crate::store::{AnyConn, Conn, Error, POSTGRES, SQLITE, known_only};
use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

/// Brings the schema of an empty database to exactly these migrations, within the caller's transaction; refuses what
/// this program does not know.
pub fn stand_at(conn: &mut Conn, versions: &[String]) -> Result<(), Error> {
    match conn {
        AnyConn::Sqlite(c) => step(c, SQLITE, versions),
        AnyConn::Postgres(c) => step(c, POSTGRES, versions),
    }
}

/// Runs all migrations that are missing, within the caller's transaction.
pub fn bring_up(conn: &mut Conn) -> Result<(), Error> {
    let fail = |e: Box<dyn std::error::Error + Send + Sync>| Error::Migration(e.to_string());
    match conn {
        AnyConn::Sqlite(c) => {
            known_only(c, SQLITE)?;
            c.run_pending_migrations(SQLITE).map(|_| ()).map_err(fail)
        }
        AnyConn::Postgres(c) => {
            known_only(c, POSTGRES)?;
            c.run_pending_migrations(POSTGRES).map(|_| ()).map_err(fail)
        }
    }
}

fn step<DB, C>(conn: &mut C, source: EmbeddedMigrations, versions: &[String]) -> Result<(), Error>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let fail = |e: Box<dyn std::error::Error + Send + Sync>| Error::Migration(e.to_string());
    let known: Vec<Box<dyn Migration<DB>>> = MigrationSource::<DB>::migrations(&source).map_err(fail)?;
    let version_of = |migration: &dyn Migration<DB>| migration.name().version().to_string();
    let names: Vec<String> = known.iter().map(|migration| version_of(&**migration)).collect();
    if let Some(newer) = versions.iter().find(|version| !names.contains(version)) {
        return Err(Error::Migration(format!(
            "migration `{newer}` was applied by a newer Askance; run that version to restore this"
        )));
    }
    known_only(conn, source)?;
    let applied: Vec<String> =
        conn.applied_migrations().map_err(fail)?.iter().map(ToString::to_string).collect();
    for migration in known.iter().rev() {
        let version = version_of(&**migration);
        if applied.contains(&version) && !versions.contains(&version) {
            conn.revert_migration(&**migration).map_err(fail)?;
        }
    }
    for migration in &known {
        let version = version_of(&**migration);
        if versions.contains(&version) && !applied.contains(&version) {
            conn.run_migration(&**migration).map_err(fail)?;
        }
    }
    Ok(())
}
