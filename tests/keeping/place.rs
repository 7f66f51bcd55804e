//! All files in which an installation could still hold something, and an installation made from a backup.

use crate::support::{LIBRARY, postgres};
use askance::config::Config;
use askance::service::backup::{self, Restored};
use askance::service::{Context, days_off};
use askance::store::blobs::Blobs;
use askance::store::{AnyConn, Db};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where an installation keeps things.
pub struct Place<'a> {
    ctx: &'a Context,
    db: &'a Db,
}

#[derive(QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    said: String,
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

impl<'a> Place<'a> {
    pub fn of(ctx: &'a Context, db: &'a Db) -> Self {
        Self { ctx, db }
    }

    /// Blobs, spool, tombstones, and the files of the database with its journal.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut paths = files_below(&self.ctx.config.blob_dir);
        match &mut *self.db.conn().unwrap() {
            AnyConn::Sqlite(_) => {
                let path = self.ctx.config.database_url.strip_prefix("sqlite://").unwrap();
                let beside = ["", "-wal", "-shm"].map(|end| PathBuf::from(format!("{path}{end}")));
                paths.extend(beside.into_iter().filter(|path| path.exists()));
            }
            AnyConn::Postgres(c) => {
                c.batch_execute("CHECKPOINT").unwrap();
                let sql = "SELECT current_setting('data_directory') || '/base/' || oid::text AS said FROM pg_database \
                           WHERE datname = current_database()";
                let folder: Said = diesel::sql_query(sql).get_result(c).unwrap();
                paths.extend(files_below(Path::new(&folder.said)));
            }
        }
        let read = |path: PathBuf| Some((path.display().to_string(), std::fs::read(&path).ok()?));
        paths.into_iter().filter_map(read).collect()
    }
}

/// An installation that was made from a backup.
pub struct New {
    pub ctx: Context,
    pub db: Db,
    pub told: Restored,
    _folder: tempfile::TempDir,
}

/// Restores a backup to an empty database of the same kind, with the tombstones of the installation it replaces.
pub fn restored(old: &Context, from: &Path) -> New {
    let folder = tempfile::tempdir().unwrap();
    let database_url = if old.config.database_url.starts_with("sqlite") {
        format!("sqlite://{}", folder.path().join("new.db").display())
    } else {
        postgres::fresh_database()
    };
    let blob_dir = folder.path().join("blobs");
    let config = Config { database_url, blob_dir, ..old.config.clone() };
    let db = Db::open(&config.database_url, 2).unwrap();
    let blobs = Blobs::open(&config.blob_dir).unwrap();
    for (mark, stone) in old.blobs.tombstones().unwrap() {
        blobs.bury(&mark, &stone).unwrap();
    }
    let ctx = Context {
        clock: old.clock.clone(),
        config,
        library: Arc::clone(&LIBRARY),
        blobs,
        days_off: days_off::Calendars::default(),
        pulse: askance::service::health::Pulse::default(),
    };
    let told = backup::restore(&ctx, &db, from, (None, false)).unwrap();
    New { ctx, db, told, _folder: folder }
}
