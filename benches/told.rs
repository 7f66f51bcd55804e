//! What every bench tells: lines at once, and the machine they were measured on.

use std::io::Write as _;

/// A line, now: a bench that takes minutes is watched.
pub fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Figures mean nothing without the machine.
pub fn machine() -> String {
    let find = |file: &str, key: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let (model, memory) = (find("/proc/cpuinfo", "model name"), find("/proc/meminfo", "MemTotal"));
    let built = if cfg!(debug_assertions) { "not optimised" } else { "optimised" };
    format!("machine      {model}, {cores} cores, {memory}, load before {load}, {built}")
}
