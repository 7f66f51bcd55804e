//! Misbehaviour for the tests of the cage: what a reader would do that was taken over by the mail it reads.
//!
//! Not in the program that is released: it is compiled with debug assertions only. Even there it needs an environment
//! variable that the service, which clears the environment of its children, never sets.

use std::io::Write;

/// Which deed a test asks for.
const VARIABLE: &str = "ASKANCE_TEST_DEED";
/// Only a mail that has this line makes the child do it, so that the next one can show that all is well.
const TRIGGER: &[u8] = b"X-Deed: now";

/// Does what the test planted; what comes back is what came of it, if the child lived to tell.
pub fn act(raw: &[u8]) -> Option<String> {
    let deed = std::env::var(VARIABLE).ok()?;
    if !raw.windows(TRIGGER.len()).any(|part| part == TRIGGER) {
        return None;
    }
    let (what, argument) = deed.split_once(' ').unwrap_or((&deed, ""));
    Some(match what {
        "abort" => std::process::abort(),
        "overflow" => format!("{}", deeper(1)),
        "loop" => forever(),
        "memory" => hoard(),
        "keep" => keep(),
        "write" => told(std::fs::write(argument, b"taken over")),
        "append" => told(std::fs::OpenOptions::new().append(true).open(argument).map(drop)),
        "read" => told(std::fs::read(argument).map(drop)),
        "stderr" => told(std::io::stderr().write_all(&[b'x'; 100])),
        "fork" => told(std::process::Command::new(argument).status().map(drop)),
        "thread" => told(std::thread::Builder::new().spawn(|| ()).map(drop)),
        "socket" => told(std::net::TcpStream::connect(argument).map(drop)),
        "datagram" => told(std::net::UdpSocket::bind(argument).map(drop)),
        other => format!("no such deed: `{other}`"),
    })
}

fn told(outcome: std::io::Result<()>) -> String {
    match outcome {
        Ok(()) => "the deed was done".to_owned(),
        Err(error) => format!("the deed was refused: {error}"),
    }
}

#[expect(unconditional_recursion, reason = "a stack that overflows is what is wanted")]
fn deeper(depth: u64) -> u64 {
    let filled = std::hint::black_box([depth; 64]);
    deeper(depth + 1) + filled.iter().sum::<u64>()
}

fn forever() -> String {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

fn keep() -> String {
    std::mem::forget(std::hint::black_box(vec![1_u8; 300 << 20]));
    "the deed was done".to_owned()
}

fn hoard() -> String {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    loop {
        kept.push(std::hint::black_box(vec![1; 16 << 20]));
    }
}
