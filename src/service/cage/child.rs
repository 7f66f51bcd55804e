//! The child's side: it gives up what it does not need, then reads mails from stdin and answers on stdout.

use crate::domain::incoming::documents::Supplied;
use crate::domain::incoming::{Knowledge, understand_with_files};
use crate::service::cage::confine::{self, Layers};
use crate::service::cage::frames::{frame_in, frame_out};
use crate::service::cage::{LARGEST_MAIL, LARGEST_READING};
use std::io::{Error, ErrorKind, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;

/// Reads mails from `from` until it ends. Each comes in a frame, with the texts that others recognised in its files
/// in a second one; it is answered by a frame with the reading as JSON and, right behind it, the bare bytes of its
/// files: the reading says how many each has.
pub fn serve(from: &mut impl Read, to: &mut impl Write, knowledge: &Arc<Knowledge>) -> std::io::Result<()> {
    confine::reader()?;
    loop {
        let raw = match frame_in(from, LARGEST_MAIL) {
            Ok(raw) => raw,
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            Err(e) => return Err(e),
        };
        let supplied: Supplied =
            serde_json::from_slice(&frame_in(from, LARGEST_READING)?).map_err(Error::other)?;
        #[cfg_attr(not(debug_assertions), expect(unused_mut, reason = "only tests add to it"))]
        let (mut incoming, files) = understand_with_files(&raw, knowledge, &supplied);
        #[cfg(debug_assertions)]
        incoming.notes.extend(crate::service::cage::planted::act(&raw));
        drop(raw);
        let reading = serde_json::to_vec(&incoming).map_err(Error::other)?;
        drop(incoming);
        frame_out(to, &reading)?;
        for bytes in files {
            to.write_all(&bytes)?;
        }
        to.flush()?;
    }
}

/// Confines this process as a reader and says, as JSON, which layers the kernel gave.
pub fn tell_layers(to: &mut impl Write) -> std::io::Result<()> {
    let layers: Layers = confine::reader()?;
    to.write_all(&serde_json::to_vec(&layers).map_err(Error::other)?)?;
    to.flush()
}

/// Confines this process and becomes a program of the system; comes back only if that fails.
pub fn become_tool(program: &std::path::Path, words: &[String]) -> Error {
    match confine::tool() {
        Ok(_) => Command::new(program).args(words).exec(),
        Err(error) => error,
    }
}
