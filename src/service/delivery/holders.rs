//! Who holds letters, and whether it is still there: a worker of this machine that is gone is not waited for.
//!
//! A wrong guess would harm nothing: a letter before its mark goes back to the queue, and the worker that held it can
//! mark it no more; a letter behind its mark becomes `unknown`. Nothing is sent twice for it.

use std::fs;
use std::os::unix::fs::MetadataExt;

/// A name that is unique to this run of the program and tells where it runs: the machine's boot, the namespace of its
/// process numbers, its user, its process number and when that process began, and a random part.
pub fn worker_name() -> String {
    let mut random = [0_u8; 8];
    // Without randomness the rest still tells two workers apart.
    let _ = getrandom::fill(&mut random);
    let pid = std::process::id();
    let place = place().unwrap_or_default();
    let began = process(pid).map(|(_, began)| began).unwrap_or_default();
    format!("{place}/{pid}/{began}/{}", data_encoding::HEXLOWER.encode(&random))
}

/// Whether a worker is known to be gone: it ran on this machine, for this user, since this boot, and its process is no
/// more. Of others nobody here knows; their hold ends with time.
pub(crate) fn is_gone(worker: &str) -> bool {
    let parts: Vec<&str> = worker.split('/').collect();
    let [boot, namespace, user, pid, began, ..] = parts.as_slice() else { return false };
    let Ok(pid) = pid.parse::<u32>() else { return false };
    if began.is_empty() || place().as_deref() != Some(&format!("{boot}/{namespace}/{user}")) {
        return false;
    }
    match process(pid) {
        // A dead process whose parent has not looked yet sends nothing any more.
        Some((state, now_began)) => now_began != *began || matches!(state, 'Z' | 'X'),
        None => true,
    }
}

/// Boot, namespace of process numbers, user; none where the system does not say. Another user's processes may be
/// hidden, so that they would look as if they were gone.
fn place() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::metadata("/proc/self/ns/pid").ok()?.ino();
    let user = fs::metadata("/proc/self").ok()?.uid();
    Some(format!("{}/{namespace}/{user}", boot.trim()))
}

/// State and beginning of a process (proc(5), fields 3 and 22); the name before them may hold anything.
fn process(pid: u32) -> Option<(char, String)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    Some((fields.first()?.chars().next()?, (*fields.get(19)?).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_of_this_machine_that_ended_is_gone() {
        let living = worker_name();
        assert!(!is_gone(&living), "{living}");
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        let began = process(pid).unwrap().1;
        let dead = format!("{}/{pid}/{began}/00", place().unwrap());
        child.wait().unwrap();
        assert!(is_gone(&dead), "{dead}");
        // The number of a dead process may be another's now.
        let again = format!("{}/{}/{began}1/00", place().unwrap(), std::process::id());
        assert!(is_gone(&again), "{again}");
        for elsewhere in [&dead.replacen(|c: char| c.is_ascii_hexdigit(), "x", 1), "worker", "4711-ab", ""] {
            assert!(!is_gone(elsewhere), "{elsewhere}");
        }
    }
}
