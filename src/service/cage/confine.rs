//! What a child gives up before it meets hostile bytes: limits, then every file, the network and other processes.
//!
//! Three layers, each of which would hold by itself: limits of the process (`setrlimit`), landlock (no path can be
//! opened, no port used) and seccomp (system calls from a list only). The last two are there where the kernel has
//! them; the first always is, or the child ends.

use crate::service::cage::calls;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use rlimit::Resource;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};

/// Address space of a child, bytes; resident memory stays far below.
pub const ADDRESS_SPACE: u64 = 1 << 30;
/// CPU time of a child, seconds.
const CPU_SECONDS: u64 = 60;
/// What a program that recognises text needs to read of the system, each only where it is there: what is installed,
/// where its libraries lie, which fonts there are. Nothing that says something of this machine or whom it serves.
const SYSTEM: &[&str] = &[
    "/usr",
    "/lib",
    "/lib64",
    "/lib32",
    "/bin",
    "/nix/store",
    "/gnu/store",
    "/etc/ld.so.cache",
    "/etc/fonts",
];
/// The same beside a program that is installed elsewhere, in `bin` of a folder of its own.
const BESIDE: &[&str] = &["lib", "lib64", "share/tessdata", "share/tesseract-ocr", "share/poppler"];
/// Devices that programs open as a matter of course.
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

/// How much of a layer this kernel gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// All that was asked for.
    Whole,
    /// The kernel is older than parts of it.
    Part,
    /// None: the kernel does not have it or has it switched off.
    Missing,
}

/// The layers that hold a child beside its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layers {
    /// No file, no port.
    pub landlock: Strength,
    /// System calls from a list.
    pub seccomp: Strength,
}

impl Layers {
    /// Whether all that was asked for holds.
    pub fn are_whole(self) -> bool {
        self.landlock == Strength::Whole && self.seccomp == Strength::Whole
    }
}

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |strength| match strength {
            Strength::Whole => "holds",
            Strength::Part => "holds in part (older kernel)",
            Strength::Missing => "this kernel does not have it",
        };
        write!(
            f,
            "limits of memory and time hold; no files (landlock): {}; only harmless system calls (seccomp): {}",
            said(self.landlock),
            said(self.seccomp)
        )
    }
}

/// Confines this process, which has one thread, to reading mails from stdin and answering on stdout.
pub fn reader() -> std::io::Result<Layers> {
    limits()?;
    // A new process or thread, where the kernel counts them: it does not for root.
    Resource::NPROC.set(0, 0)?;
    let landlock = strength(landlock(Vec::new(), &[]));
    // Nothing beside stdin, stdout and stderr can be opened any more.
    Resource::NOFILE.set(3, 3)?;
    Ok(Layers { landlock, seccomp: calls::reader() })
}

/// Confines this process, which is about to become this program of the system that reads its stdin and writes its
/// stdout: it may read what is installed, and write no file.
pub fn tool(program: &Path) -> std::io::Result<Layers> {
    limits()?;
    let system = SYSTEM.iter().map(PathBuf::from).chain(beside(program));
    let landlock = strength(landlock(system.collect(), DEVICES));
    Resource::NOFILE.set(64, 64)?;
    Ok(Layers { landlock, seccomp: calls::tool() })
}

/// The program itself, and what lies beside it for it.
fn beside(program: &Path) -> Vec<PathBuf> {
    let mut needed = vec![program.to_path_buf()];
    if let Some(bin) = program.parent().filter(|folder| folder.ends_with("bin"))
        && let Some(prefix) = bin.parent()
    {
        needed.extend(BESIDE.iter().map(|folder| prefix.join(folder)));
    }
    needed
}

fn limits() -> std::io::Result<()> {
    Resource::AS.set(ADDRESS_SPACE, ADDRESS_SPACE)?;
    Resource::CPU.set(CPU_SECONDS, CPU_SECONDS)?;
    Resource::CORE.set(0, 0)?;
    Resource::FSIZE.set(0, 0)
}

/// Takes away every right on files, ports and other processes but reading and running what lies in `system`.
fn landlock(system: Vec<PathBuf>, devices: &[&str]) -> Result<RulesetStatus, RulesetError> {
    // The newest rights that are known here; the crate leaves out what the kernel does not know yet.
    let abi = ABI::V6;
    let device: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::WriteFile;
    let open = |path: &&str| PathFd::new(path).ok().map(|fd| Ok(PathBeneath::new(fd, device)));
    let devices: Vec<Result<_, RulesetError>> = devices.iter().filter_map(open).collect();
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .add_rules(path_beneath_rules(system, AccessFs::from_read(abi)))?
        .add_rules(devices)?
        .restrict_self()?;
    Ok(status.ruleset)
}

fn strength(status: Result<RulesetStatus, RulesetError>) -> Strength {
    match status {
        Ok(RulesetStatus::FullyEnforced) => Strength::Whole,
        Ok(RulesetStatus::PartiallyEnforced) => Strength::Part,
        Ok(RulesetStatus::NotEnforced) | Err(_) => Strength::Missing,
    }
}
