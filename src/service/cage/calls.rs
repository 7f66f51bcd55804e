//! Which system calls a child may make (seccomp): a list for the reader, a shorter refusal for tools of the system.

use crate::service::cage::confine::Strength;
use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};
use std::collections::BTreeMap;

/// Rules by system call; none = always.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// What no reader and no tool of ours ever does: whoever tries is taken over and is ended.
const DEADLY: &[c_long] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_io_uring_setup,
    libc::SYS_userfaultfd,
    libc::SYS_perf_event_open,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    libc::SYS_kcmp,
    libc::SYS_setpriority,
    libc::SYS_ioprio_set,
];

/// What a tool may do to itself alone: the first argument names a process, and 0 is the one that calls. Landlock keeps
/// signals to others back only where the kernel is new enough (6.12), so this does not rest on it.
const TO_ITSELF: &[c_long] = &[
    libc::SYS_tgkill,
    libc::SYS_prlimit64,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setattr,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
];

/// Commands of `fcntl` that have a signal of one's choice sent to a process of one's choice when a pipe is ready
/// (`F_SETOWN`, `F_SETSIG`, `F_SETOWN_EX`; `fcntl(2)`).
const SIGNALLING: &[u64] = &[8, 10, 15];

/// Further deadly ones for the reader, which starts nothing.
const STARTING: &[c_long] =
    &[libc::SYS_execve, libc::SYS_execveat, libc::SYS_clone, libc::SYS_clone3, SYS_FORK, SYS_VFORK];

/// Ways to start a process that only older machines have.
#[cfg(target_arch = "x86_64")]
const SYS_FORK: c_long = libc::SYS_fork;
#[cfg(target_arch = "x86_64")]
const SYS_VFORK: c_long = libc::SYS_vfork;
#[cfg(not(target_arch = "x86_64"))]
const SYS_FORK: c_long = libc::SYS_clone;
#[cfg(not(target_arch = "x86_64"))]
const SYS_VFORK: c_long = libc::SYS_clone;

/// What the reader needs: memory, time, randomness, signals to itself, an end. Reading and writing come apart below.
const NEEDED: &[c_long] = &[
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_gettimeofday,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Confines a reader: mails from stdin, answers to stdout and stderr, whatever else it may have inherited.
pub fn reader() -> Strength {
    let deadly = [DEADLY, STARTING].concat();
    let filters = || {
        let mut rules: Rules = NEEDED.iter().map(|call| (*call, Vec::new())).collect();
        rules.insert(libc::SYS_read, vec![first_is(0)?]);
        rules.insert(libc::SYS_readv, vec![first_is(0)?]);
        rules.insert(libc::SYS_write, vec![first_is(1)?, first_is(2)?]);
        rules.insert(libc::SYS_writev, vec![first_is(1)?, first_is(2)?]);
        // Memory, not files: a descriptor that was inherited could be read so.
        let memory = u64::from(libc::MAP_ANONYMOUS.unsigned_abs());
        let anonymous =
            SeccompCondition::new(3, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(memory), memory)?;
        rules.insert(libc::SYS_mmap, vec![SeccompRule::new(vec![anonymous])?]);
        // `abort()` sends itself a signal.
        rules.insert(libc::SYS_tgkill, vec![first_is(u64::from(std::process::id()))?]);
        let refused = SeccompAction::Errno(number(libc::EPERM));
        Ok(vec![
            program(always(&deadly), SeccompAction::Allow, SeccompAction::KillProcess)?,
            program(rules, refused, SeccompAction::Allow)?,
        ])
    };
    apply(filters())
}

/// Confines a tool, which may become another program and have threads, but no further process, and do nothing to one.
pub fn tool() -> Strength {
    let filters = || {
        let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
        let alone = SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(thread), 0)?;
        let mut deadly = always(DEADLY);
        deadly.insert(libc::SYS_clone, vec![SeccompRule::new(vec![alone])?]);
        // It keeps its number when it becomes the other program.
        let itself = u64::from(std::process::id());
        let other = |value| SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, value);
        for call in TO_ITSELF {
            deadly.insert(*call, vec![SeccompRule::new(vec![other(itself)?, other(0)?])?]);
        }
        let signalling = SIGNALLING.iter().map(|command| argument_is(1, *command));
        deadly.insert(libc::SYS_fcntl, signalling.collect::<Result<_, _>>()?);
        #[cfg(target_arch = "x86_64")]
        deadly.extend(always(&[SYS_FORK, SYS_VFORK]));
        // Its flags lie in memory, where a filter cannot look: "not there" makes the C library use `clone`.
        let hidden = always(&[libc::SYS_clone3]);
        Ok(vec![
            program(hidden, SeccompAction::Allow, SeccompAction::Errno(number(libc::ENOSYS)))?,
            program(deadly, SeccompAction::Allow, SeccompAction::KillProcess)?,
        ])
    };
    apply(filters())
}

fn always(calls: &[c_long]) -> Rules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

fn number(errno: i32) -> u32 {
    errno.unsigned_abs()
}

/// The call's first argument is this.
fn first_is(value: u64) -> Result<SeccompRule, BackendError> {
    argument_is(0, value)
}

fn argument_is(nth: u8, value: u64) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(vec![SeccompCondition::new(nth, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)?])
}

fn program(rules: Rules, other: SeccompAction, matching: SeccompAction) -> Result<BpfProgram, BackendError> {
    SeccompFilter::new(rules, other, matching, std::env::consts::ARCH.try_into()?)?.try_into()
}

/// Of several filters the strictest answer counts. The first may not forbid what putting up the next one needs.
fn apply(filters: Result<Vec<BpfProgram>, BackendError>) -> Strength {
    let Ok(filters) = filters else { return Strength::Missing };
    let held = filters.iter().map(|filter| apply_filter(filter).is_ok()).filter(|held| *held).count();
    match held {
        0 => Strength::Missing,
        held if held == filters.len() => Strength::Whole,
        _ => Strength::Part,
    }
}
