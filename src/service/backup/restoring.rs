//! From a backup back to a service: everything is checked before, nothing leaves after, what was erased stays so.

use crate::service::backup::folder::at;
use crate::service::backup::{Error, Manifest, copies, erased_keys};
use crate::service::{Context, erasure};
use crate::store::audit::{self, Act};
use crate::store::blobs::Blobs;
use crate::store::erasure::Tombstone;
use crate::store::{Conn, Db, dump, migrating, restored};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// What was restored.
#[derive(Debug, Clone)]
pub struct Restored {
    /// Name of the copy.
    pub copy: String,
    /// Rows of all tables.
    pub rows: u64,
    /// Blobs.
    pub blobs: u64,
    /// Notes of mail that no row speaks of yet.
    pub notes: u64,
    /// Letters that a worker held when the backup was taken: they become `unknown`.
    pub in_doubt: usize,
    /// Erasures that were done again.
    pub erased_again: usize,
    /// Blobs that are gone or damaged in the backup; all the rest is back.
    pub damaged: Vec<String>,
    /// Copies that cannot be read.
    pub passed_over: Vec<String>,
    /// Until when the folder of backups knows what was erased: when its newest copy was taken.
    pub knows_until: DateTime<Utc>,
}

/// Brings a copy (the last one, if none is named) back into an empty database. Blobs that are there stay, and so do
/// notes in the spool: mail that came in since is taken in after the start. The database is written last and at once,
/// so that a restore that is cut off leaves nothing that could be served.
///
/// `moved`: nothing has left since the copy was made, because somebody saw to that.
pub fn restore(
    ctx: &Context,
    db: &Db,
    root: &Path,
    (name, moved): (Option<&str>, bool),
) -> Result<Restored, Error> {
    let no_copy = || Error::NoCopy(root.display().to_string());
    let found = copies(root)?;
    let passed_over = found.told();
    if let Some((_, why)) = found.unreadable.iter().find(|(known, _)| Some(known.as_str()) == name) {
        return Err(Error::Damaged(why.clone()));
    }
    let newest = found.whole.last().map(|(_, manifest)| manifest.taken_at);
    let (name, manifest) = match name {
        Some(name) => found.whole.into_iter().find(|(known, _)| known == name),
        None => found.whole.into_iter().next_back(),
    }
    .ok_or_else(no_copy)?;
    let copy = root.join("copies").join(&name);
    manifest.check_files(&copy)?;
    let conn = &mut *db.conn()?;
    if let Some(table) = dump::empty_tables(conn)? {
        return Err(Error::NotEmpty(table));
    }
    let from = Blobs::open(&root.join("blobs"))?;
    tombstones(ctx, &from)?;
    let erased = erased_keys(&ctx.blobs, manifest.taken_at)?;
    let belongs = Manifest::blobs_of(&copy)?;
    let (skipped, rest): (Vec<String>, Vec<String>) =
        belongs.into_iter().partition(|key| erased.contains(key));
    let (mut count, mut damaged) = blobs(ctx, &from, rest)?;
    let notes = notes(ctx, &copy, &erased)?;
    key(ctx, &copy)?;
    let (rows, in_doubt, (erased_again, keys)) = restored::whole(conn, |conn| {
        let brought = rows(ctx, conn, (&name, &copy, &manifest), moved)?;
        // A file that an erased mail shared with others is theirs still.
        let shared = still_needed(conn, skipped)?;
        let (more, lost) = blobs(ctx, &from, shared)?;
        count += more;
        damaged.extend(lost);
        Ok::<_, Error>(brought)
    })?;
    erasure::sweep(ctx, conn, &keys)?;
    if erased_again > 0 {
        crate::store::erasure::scrub(conn, ctx.clock.now())?;
    }
    Ok(Restored {
        copy: name,
        rows,
        blobs: count,
        notes,
        in_doubt,
        erased_again,
        damaged,
        passed_over,
        knows_until: newest.unwrap_or(manifest.taken_at),
    })
}

/// What was erased is known here, too. One that cannot be read stops the restore before anything is done: what it speaks
/// of would be back.
fn tombstones(ctx: &Context, from: &Blobs) -> Result<(), Error> {
    let ours: BTreeSet<String> = ctx.blobs.tombstones()?.into_iter().map(|(mark, _)| mark).collect();
    for (mark, tombstone) in from.tombstones()? {
        match Tombstone::read(&mark, &tombstone) {
            Ok(_) => ctx.blobs.bury(&mark, &tombstone)?,
            Err(_) if ours.contains(&mark) => {}
            Err(error) => return Err(unreadable(&error)),
        }
    }
    for (mark, tombstone) in ctx.blobs.tombstones()? {
        Tombstone::read(&mark, &tombstone).map_err(|error| unreadable(&error))?;
    }
    Ok(())
}

fn unreadable(error: &crate::store::Error) -> Error {
    Error::Damaged(format!(
        "{error}; put it back from another copy of `tombstones/`, or remove it where there is none: what it says to be \
         erased is then back"
    ))
}

/// Those that a row needs, as the rows are now.
fn still_needed(conn: &mut Conn, keys: Vec<String>) -> Result<Vec<String>, Error> {
    let mut needed = Vec::new();
    for key in keys {
        if crate::store::erasure::is_needed(conn, &key)? {
            needed.push(key);
        }
    }
    Ok(needed)
}

/// Copies blobs of the copy, each checked on the way; how many, and which are damaged there. One bad sector must not
/// keep everything else from coming back.
fn blobs(ctx: &Context, from: &Blobs, keys: Vec<String>) -> Result<(u64, Vec<String>), Error> {
    let (mut count, mut damaged) = (0, Vec::new());
    for key in keys {
        // One that is there is read too: a damaged one is not what was promised.
        match ctx.blobs.get(&key) {
            Ok(_) => {}
            Err(error @ crate::store::Error::Away(_)) => return Err(error.into()),
            Err(_) => match from.get(&key) {
                Ok(bytes) => {
                    ctx.blobs.remove(&key)?;
                    ctx.blobs.put_through(&bytes)?;
                }
                // One that is gone or damaged; a folder that does not answer is another matter, and is mended first.
                Err(error) if is_lost(&error) => {
                    tracing::error!(%error, blob = key, "a blob of the backup cannot be read");
                    damaged.push(key);
                    continue;
                }
                Err(error) => return Err(error.into()),
            },
        }
        count += 1;
    }
    Ok((count, damaged))
}

fn is_lost(error: &crate::store::Error) -> bool {
    match error {
        crate::store::Error::Corrupt { .. } => true,
        crate::store::Error::Blobs(cause) => cause.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

/// Puts the notes back of which no row spoke, but those of mail that was erased since.
fn notes(ctx: &Context, copy: &Path, erased: &BTreeSet<String>) -> Result<u64, Error> {
    let (folder, mut count) = (copy.join("spool"), 0);
    for entry in std::fs::read_dir(&folder).map_err(at(&folder))? {
        let entry = entry.map_err(at(&folder))?;
        let note = std::fs::read(entry.path()).map_err(at(&folder))?;
        let text = String::from_utf8_lossy(&note);
        if !erased.iter().any(|key| text.contains(key.as_str())) {
            ctx.blobs.spool(&entry.file_name().to_string_lossy(), &note)?;
            count += 1;
        }
    }
    Ok(count)
}

/// The key beside a SQLite file is that of the backup again, unless the settings give one.
fn key(ctx: &Context, copy: &Path) -> Result<(), Error> {
    let Some(path) = ctx.config.database_url.strip_prefix("sqlite://") else { return Ok(()) };
    let (own, kept) = (std::path::PathBuf::from(format!("{path}.key")), copy.join("key"));
    let made = std::fs::read(&own).is_ok_and(|key| key == ctx.config.secret.bytes());
    if !made || !kept.exists() {
        return Ok(());
    }
    let bytes = std::fs::read(&kept).map_err(at(&kept))?;
    let beside = own.with_extension("key.restored");
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut file| std::io::Write::write_all(&mut file, &bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&beside, &own))
        .map_err(at(&own))
}

/// Rows; letters in doubt; erasures done again and the bytes that go with them.
type Brought = (u64, usize, (usize, BTreeSet<String>));

/// All rows, the schema of this program, the queue stopped, what was erased erased again: at once or not at all.
fn rows(
    ctx: &Context,
    conn: &mut Conn,
    (name, copy, manifest): (&str, &Path, &Manifest),
    moved: bool,
) -> Result<Brought, Error> {
    let now = ctx.clock.now();
    // The blobs took their time: somebody may have started the service meanwhile.
    if let Some(table) = dump::empty_tables(conn)? {
        return Err(Error::NotEmpty(table));
    }
    migrating::stand_at(conn, &manifest.schema)?;
    let mut rows = 0;
    for table in dump::TABLES {
        let Some(expected) = manifest.rows.get(table) else { continue };
        let path = copy.join(format!("tables/{table}.ndjson"));
        let file = File::open(&path).map_err(at(&path))?;
        let loaded = dump::load(conn, table, &mut BufReader::new(file))?;
        if loaded.rows != *expected {
            let problem = format!("expected {expected} rows of `{table}`, found {}", loaded.rows);
            return Err(Error::Damaged(problem));
        }
        rows += loaded.rows;
    }
    migrating::bring_up(conn)?;
    let mut in_doubt = restored::doubt_what_was_held(conn, now)?;
    restored::end_sessions(conn)?;
    let reason = format!(
        "restored from the backup of {}: letters in the queue may have left since",
        manifest.taken_at.format("%Y-%m-%d %H:%M UTC")
    );
    restored::pause(conn, &reason, now)?;
    // That it was paused when the copy was made says nothing of what was resumed since.
    if !moved {
        in_doubt += restored::doubt_what_may_have_left(conn, manifest.taken_at, now)?;
    }
    let (erased_again, keys) = erasure::replay(ctx, conn)?;
    let act = Act {
        at: now,
        person: None,
        action: "restore",
        subject: format!("backup:{name}"),
        body: serde_json::json!({
            "taken_at": manifest.taken_at,
            "rows": rows,
            "letters_in_doubt": in_doubt,
            "erased_again": erased_again,
        }),
    };
    audit::append(conn, &act)?;
    Ok((rows, in_doubt, (erased_again, keys)))
}
