//! A PostgreSQL of Debian's, started once for all tests in a temporary folder, as a user without rights.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

/// `nobody` on every Debian: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65534;

struct Server {
    folder: PathBuf,
    bin: PathBuf,
}

static SERVER: LazyLock<Server> = LazyLock::new(Server::start);
static DATABASES: AtomicU32 = AtomicU32::new(0);
/// `CREATE DATABASE` copies a template that nobody may use meanwhile.
static CREATING: Mutex<()> = Mutex::new(());

/// The address of a database of its own.
pub fn fresh_database() -> String {
    let name = format!("story_{}", DATABASES.fetch_add(1, Ordering::SeqCst));
    let held = CREATING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    SERVER.sql("postgres", &format!("CREATE DATABASE {name}"));
    drop(held);
    SERVER.url(&name)
}

/// Says something to the server, outside of any story's database.
pub fn says(text: &str) {
    SERVER.sql("postgres", text);
}

impl Server {
    fn start() -> Self {
        let bin = binaries();
        let folder = PathBuf::from(format!("/tmp/askance-pg-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        if is_root() {
            chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let server = Self { folder, bin };
        server.make();
        server
    }

    fn make(&self) {
        let data = self.folder.join("data");
        let made = self
            .unprivileged("initdb")
            .args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--username=askance", "-N", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let settings = format!(
            "listen_addresses = ''\nunix_socket_directories = '{}'\nfsync = off\nmax_connections = 300\n\
             shared_buffers = 64MB\nautovacuum = off\nlogging_collector = off\n",
            self.folder.display()
        );
        let conf = data.join("postgresql.conf");
        let before = std::fs::read_to_string(&conf).unwrap();
        std::fs::write(&conf, before + &settings).unwrap();
        // The server ends with the tests, however they end: a shell waits for the end of this process.
        let watch = format!(
            "'{}/postgres' -D '{}' >'{}/log' 2>&1 & server=$!; while [ -d /proc/{} ]; do sleep 0.2; done; \
             kill -INT $server; wait $server; rm -rf '{}'",
            self.bin.display(),
            data.display(),
            self.folder.display(),
            std::process::id(),
            self.folder.display()
        );
        let mut shell = self.as_nobody(Path::new("/bin/sh"));
        shell.args(["-c", &watch]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        #[expect(clippy::zombie_processes, reason = "it ends after this process, and waits for it")]
        let _watcher = shell.spawn().unwrap();
        self.wait_until_it_answers();
    }

    fn wait_until_it_answers(&self) {
        let patience = Instant::now() + Duration::from_secs(60);
        while Instant::now() < patience {
            let answered = Command::new(self.bin.join("pg_isready"))
                .args(["-q", "-U", "askance", "-d", "postgres", "-h"])
                .arg(&self.folder)
                .status();
            if answered.is_ok_and(|status| status.success()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        panic!("PostgreSQL did not start within a minute:\n{log}");
    }

    fn url(&self, name: &str) -> String {
        let host = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://askance@{host}/{name}")
    }

    fn sql(&self, database: &str, text: &str) {
        let done = Command::new(self.bin.join("psql"))
            .args(["-q", "-U", "askance", "-d", database, "-c", text, "-h"])
            .arg(&self.folder)
            .output()
            .unwrap();
        assert!(done.status.success(), "{text}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn unprivileged(&self, program: &str) -> Command {
        self.as_nobody(&self.bin.join(program))
    }

    fn as_nobody(&self, program: &Path) -> Command {
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(&self.folder).env("LC_ALL", "C");
        command
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

/// The newest of Debian's, else what the path has.
fn binaries() -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect())
        .unwrap_or_default();
    versions.retain(|bin| bin.join("initdb").exists());
    versions.sort();
    versions.pop().unwrap_or_else(|| {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .find(|folder| folder.join("initdb").exists());
        found.expect("PostgreSQL is needed for the tests: `apt-get install postgresql`")
    })
}
