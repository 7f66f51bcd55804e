//! The files that an operator copies (docs/deploy): each is checked by the program that it is for.

use std::path::Path;
use std::process::Command;

const GUIDE: &str = include_str!("../../docs/operating.md");

/// What systemd says of units in which this program stands in the place of the installed one.
fn analyze(folder: &Path, words: &[&str], units: &[&str]) -> (bool, String) {
    for unit in ["askance.service", "askance-backup.service", "askance-backup.timer"] {
        let text = format!("{}/docs/deploy/{unit}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(text).unwrap();
        let installed = "/usr/local/bin/askance ";
        assert!(text.contains(installed) || unit.ends_with("timer"));
        let text = text.replace(installed, concat!(env!("CARGO_BIN_EXE_askance"), " "));
        std::fs::write(folder.join(unit), text).unwrap();
    }
    let done = Command::new("systemd-analyze")
        .args(words)
        .args(units.iter().map(|unit| folder.join(unit)))
        .env("SYSTEMD_COLORS", "0")
        .output();
    let done = done.expect("this test needs `systemd-analyze`: `apt-get install -y systemd`");
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn systemd_takes_the_units_and_finds_them_well_closed_in() {
    let folder = tempfile::tempdir().unwrap();
    let all = ["askance.service", "askance-backup.service", "askance-backup.timer"];
    let (fine, said) = analyze(folder.path(), &["verify", "--man=no"], &all);
    let about_us: Vec<&str> = said.lines().filter(|line| line.contains("askance")).collect();
    assert!(fine && about_us.is_empty(), "{said}");
    let level = regex::Regex::new(r"exposure level for askance[a-z-]*\.service: ([0-9.]+)").unwrap();
    for unit in ["askance.service", "askance-backup.service"] {
        let (_, said) = analyze(folder.path(), &["security", "--offline=true"], &[unit]);
        let level: f64 = level.captures(&said).unwrap_or_else(|| panic!("{said}"))[1].parse().unwrap();
        assert!(level <= 2.0, "{unit}: {level}: {said}");
    }
    // The words of the unit are those of the program.
    let folder = folder.path().join("backups").display().to_string();
    let house = crate::support::operator::Operator::new();
    let run = house.runs(&["backup", "--keep", "96", "--daily", "--keep-days", "30", &folder], b"");
    assert!(run.err.is_empty() || run.code != Some(64), "{}", run.err);
}

#[test]
fn the_guide_shows_the_files_as_they_are() {
    let postfix = include_str!("../../docs/deploy/postfix/main.cf");
    for line in postfix.lines().filter(|line| !line.starts_with('#')) {
        assert!(GUIDE.contains(line), "`{line}` is not in docs/operating.md");
    }
    for file in [
        "askance.service",
        "askance-backup.service",
        "askance-backup.timer",
        "Containerfile",
        "postfix/main.cf",
        "postfix/master.cf",
        "dovecot/askance.conf",
    ] {
        let path = format!("{}/docs/deploy/{file}", env!("CARGO_MANIFEST_DIR"));
        assert!(Path::new(&path).is_file(), "{path}");
        assert!(GUIDE.contains(&format!("deploy/{file}")), "`{file}` is not in docs/operating.md");
    }
    let pipe = include_str!("../../docs/deploy/postfix/master.cf");
    for line in pipe.lines().filter(|line| !line.starts_with('#')) {
        assert!(GUIDE.contains(line), "`{line}` is not in docs/operating.md");
    }
}
