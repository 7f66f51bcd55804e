//! The child's side: it gives up what it does not need, then answers on stdout what it is asked on stdin.

use crate::data::knowledge::knowledge_with;
use crate::domain::incoming::documents::Supplied;
use crate::domain::incoming::model::counts::Counts;
use crate::domain::incoming::model::lessons::Lesson;
use crate::domain::incoming::{Knowledge, understand_with_files};
use crate::service::cage::confine::{self, Layers};
use crate::service::cage::frames::{Asked, frame_in, frame_out, head_in, head_out};
use crate::service::cage::{LARGEST_MAIL, LARGEST_READING};
use std::io::{BufWriter, Error, ErrorKind, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Answers what comes from `from` until it ends. A question is a head with its token, then its frames (`Asked`); the
/// answer repeats the head. A mail is answered by a frame with the reading as JSON and, right behind it, the bare bytes
/// of its files: the reading says how many each has. A letter is answered by a frame with its sentences.
///
/// Before all questions comes one frame with what was learnt beside what ships (`Counts::to_bytes`, empty for
/// nothing): it is the parent's word, so it is taken in before the limits fall into place.
pub fn serve(from: &mut impl Read, to: &mut impl Write) -> std::io::Result<()> {
    let learnt = match frame_in(from, LARGEST_READING)? {
        bytes if bytes.is_empty() => Counts::default(),
        bytes => Counts::from_bytes(&bytes).map_err(Error::other)?,
    };
    let knowledge = &knowledge_with(&learnt).map_err(Error::other)?;
    let to = &mut BufWriter::with_capacity(64 << 10, to);
    confine::reader()?;
    loop {
        let head = match head_in(from) {
            Ok(head) => head,
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            Err(e) => return Err(e),
        };
        match head.1 {
            Asked::Reading => {
                let (reading, files) = read(from, knowledge)?;
                head_out(to, head)?;
                frame_out(to, &reading)?;
                for bytes in files {
                    to.write_all(&bytes)?;
                }
            }
            Asked::Lesson => {
                let lesson: Lesson =
                    serde_json::from_slice(&frame_in(from, LARGEST_READING)?).map_err(Error::other)?;
                #[cfg(debug_assertions)]
                crate::service::cage::planted::act(lesson.body.as_bytes());
                let sentences = lesson.sentences(knowledge);
                head_out(to, head)?;
                frame_out(to, &serde_json::to_vec(&sentences).map_err(Error::other)?)?;
            }
        }
        to.flush()?;
    }
}

/// Reads a mail; its reading as JSON, and its files.
fn read(from: &mut impl Read, knowledge: &Knowledge) -> std::io::Result<(Vec<u8>, Vec<Vec<u8>>)> {
    let raw = frame_in(from, LARGEST_MAIL)?;
    let supplied: Supplied =
        serde_json::from_slice(&frame_in(from, LARGEST_READING)?).map_err(Error::other)?;
    #[cfg_attr(not(debug_assertions), expect(unused_mut, reason = "only tests add to it"))]
    let (mut incoming, files) = understand_with_files(&raw, knowledge, &supplied);
    #[cfg(debug_assertions)]
    incoming.notes.extend(crate::service::cage::planted::act(&raw));
    drop(raw);
    Ok((serde_json::to_vec(&incoming).map_err(Error::other)?, files))
}

/// Confines this process as a reader and says, as JSON, which layers the kernel gave.
pub fn tell_layers(to: &mut impl Write) -> std::io::Result<()> {
    let layers: Layers = confine::reader()?;
    to.write_all(&serde_json::to_vec(&layers).map_err(Error::other)?)?;
    to.flush()
}

/// Confines this process and becomes a program of the system; comes back only if that fails.
pub fn become_tool(program: &std::path::Path, words: &[String]) -> Error {
    match confine::tool(program) {
        Ok(_) => Command::new(program).args(words).exec(),
        Err(error) => error,
    }
}
