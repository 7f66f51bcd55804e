//! Whose the files of the service are: what another user makes beside them the service can never read.

use crate::config::folder_of;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What is wrong where a file that this process makes in a folder, or beside a file, would be another user's than those
/// that are there; none where nothing is there yet, or nothing can be made.
pub fn misfit(place: &Path) -> Option<String> {
    let there = std::fs::metadata(place).ok()?;
    let folder = if there.is_dir() { place } else { folder_of(place) };
    // Asked of the disk itself: one of the network may give all files to one user, whoever makes them.
    let made = tempfile::tempfile_in(folder).and_then(|file| file.metadata()).ok()?;
    (made.uid() != there.uid()).then(|| {
        let (owner, maker) = (name(there.uid()), name(made.uid()));
        format!("it is `{owner}`'s, who could never read what `{maker}` makes there; {}", line(&owner))
    })
}

/// What to do where a place cannot be read or written, if its owner could.
pub fn advice(place: &Path) -> String {
    let place = std::path::absolute(place).unwrap_or_else(|_| place.to_owned());
    let known = |place: &Path| std::fs::metadata(place).ok().as_ref().map(Metadata::uid);
    // Who may not enter a folder learns no owner of what is in it.
    match place.ancestors().find_map(known).map(name) {
        Some(owner) => format!("it is `{owner}`'s; {}", line(&owner)),
        None => "run this as the user of the service".to_owned(),
    }
}

/// How a command is run as somebody, in this folder and with the variables that are set.
fn line(owner: &str) -> String {
    let here = std::env::current_dir().map(|folder| folder.display().to_string());
    let here = here.unwrap_or_else(|_| "/var/lib/askance".to_owned());
    format!("run this as that user: `runuser -u {owner} -- env -C {here} askance …`")
}

/// How a user is called; by number where the machine knows no name.
fn name(uid: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let found = users.lines().find_map(|user| {
        let mut fields = user.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid.to_string()).then(|| name.to_owned())
    });
    found.unwrap_or_else(|| uid.to_string())
}
