//! The real program over the database and the blobs of a `Site`: started, killed with all its processes, started again.

use super::Site;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A number from the environment, or what is meant for every change.
pub fn asked(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}: `{text}`")))
}

/// Chances that can be had again: `ASKANCE_SEED`, or the clock.
pub struct Dice(pub u64);

impl Dice {
    pub fn new() -> Self {
        let now = askance::clock::Clock::System.now().timestamp_micros();
        Self(asked("ASKANCE_SEED", now.unsigned_abs() % 1_000_000_007))
    }

    /// Uniform in `0..below` (splitmix64).
    pub fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits for something to be there, and fails with its name when it does not come.
pub fn until<T>(what: &str, patience: Duration, mut there: impl FnMut() -> Option<T>) -> T {
    let ends = Instant::now() + patience;
    loop {
        if let Some(found) = there() {
            return found;
        }
        assert!(Instant::now() < ends, "waited {patience:?} until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// How the program is set up for one site.
#[derive(Clone)]
pub struct Program {
    environment: Vec<(String, String)>,
    folder: std::path::PathBuf,
    log: std::path::PathBuf,
    pub lmtp: SocketAddr,
    pub smtp: SocketAddr,
    pub web: SocketAddr,
}

impl Program {
    /// Over this site's database and blobs, with doors for mail on free ports.
    pub fn over(site: &Site) -> Self {
        let config = &site.ctx.config;
        let [lmtp, smtp, web] =
            [free_port(), free_port(), free_port()].map(|port| ([127, 0, 0, 1], port).into());
        let set = |name: &str, value: String| (name.to_owned(), value);
        let environment = vec![
            set("ASKANCE_DATABASE_URL", config.database_url.clone()),
            set("ASKANCE_BLOB_URL", format!("file://{}", config.blob_dir.display())),
            set("ASKANCE_DNS", "off".to_owned()),
            set("ASKANCE_REPLY_DOMAIN", config.reply_domain.clone()),
            set("ASKANCE_SECRET_KEY", "q3Zb1n0yS8mPqkL2uVdH5tRwXo7cJfGeAi4N6hT9sKU=".to_owned()),
            set("ASKANCE_LMTP_LISTEN", format!("{lmtp}")),
            set("ASKANCE_SMTP_LISTEN", format!("{smtp}")),
            set("ROCKET_PORT", format!("{}", SocketAddr::port(&web))),
            set("RUST_LOG", "warn".to_owned()),
        ];
        let folder = config.blob_dir.parent().unwrap().to_owned();
        let log = folder.join("log");
        Self { environment, folder, log, lmtp, smtp, web }
    }

    /// With its log there.
    pub fn logging_to(mut self, path: &std::path::Path) -> Self {
        path.clone_into(&mut self.log);
        self
    }

    /// With one more setting.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The program with these words, started by these words before it.
    pub fn command(&self, before: &[&str], words: &[&str]) -> Command {
        let mut all = before.iter().chain(&[env!("CARGO_BIN_EXE_askance")]).chain(words);
        let mut command = Command::new(all.next().unwrap());
        let settings = self.environment.iter().map(|(name, value)| (name, value));
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.args(all).env_clear().env("PATH", path).envs(settings).current_dir(&self.folder);
        command
    }

    /// `askance serve` with these words more, in a process group of its own.
    pub fn starts(&self, words: &[&str]) -> Group {
        let words: Vec<&str> = ["serve"].iter().chain(words).copied().collect();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        let mut command = self.command(&[], &words);
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Group(Some(command.spawn().unwrap()))
    }

    /// Starts it and waits until mail can be handed over.
    pub fn opens(&self, words: &[&str]) -> Group {
        let group = self.starts(words);
        self.wait_for_door();
        group
    }

    pub fn wait_for_door(&self) {
        until("the door is open", Duration::from_secs(60), || TcpStream::connect(self.lmtp).ok());
    }

    /// What it said, in all its lives.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// `askance receive` in the group; whether it ended with 0.
    pub fn receives(&self, group: u32, recipient: &str, raw: &[u8]) -> bool {
        use std::io::Write;
        let mut command = self.command(&[], &["receive", &format!("--recipient={recipient}")]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.process_group(i32::try_from(group).unwrap());
        // The group may be gone already; then nobody took the mail.
        let Ok(mut child) = command.spawn() else { return false };
        let _ = child.stdin.take().unwrap().write_all(raw);
        child.wait().unwrap().success()
    }
}

/// A process group; it is killed without a word when it is dropped.
pub struct Group(Option<Child>);

impl Group {
    /// Its number, which is that of its first process.
    pub fn number(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    /// SIGKILL to all of it: no destructor, no farewell.
    pub fn dies(mut self) {
        self.kill();
    }

    fn kill(&mut self) {
        let Some(mut child) = self.0.take() else { return };
        let group = format!("-{}", child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let ended = child.wait().unwrap();
        assert!(ended.signal() == Some(9) || ended.code().is_some(), "{ended:?}");
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
