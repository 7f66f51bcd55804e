//! The files that an operator copies (docs/deploy): each is checked by the program that it is for.

use std::path::Path;
use std::process::Command;

const UNIT: &str = include_str!("../../docs/deploy/askance.service");
const GUIDE: &str = include_str!("../../docs/operating.md");

/// The unit with this program in the place of the installed one.
fn unit(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("askance.service");
    let installed = "/usr/local/bin/askance serve";
    assert!(UNIT.contains(installed));
    std::fs::write(&path, UNIT.replace(installed, concat!(env!("CARGO_BIN_EXE_askance"), " serve"))).unwrap();
    path
}

#[test]
fn systemd_takes_the_unit_and_finds_it_well_closed_in() {
    let folder = tempfile::tempdir().unwrap();
    let unit = unit(folder.path());
    let analyze = |words: &[&str]| {
        let done = Command::new("systemd-analyze").args(words).arg(&unit).env("SYSTEMD_COLORS", "0").output();
        let done = done.expect("this test needs `systemd-analyze`: `apt-get install -y systemd`");
        let said = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    let (fine, said) = analyze(&["verify", "--man=no"]);
    let about_us: Vec<&str> = said.lines().filter(|line| line.contains("askance.service")).collect();
    assert!(fine && about_us.is_empty(), "{said}");
    let (_, said) = analyze(&["security", "--offline=true"]);
    let level = regex::Regex::new(r"exposure level for askance\.service: ([0-9.]+)").unwrap();
    let level: f64 = level.captures(&said).unwrap_or_else(|| panic!("{said}"))[1].parse().unwrap();
    assert!(level <= 2.0, "{level}: {said}");
}

#[test]
fn the_guide_shows_the_files_as_they_are() {
    let postfix = include_str!("../../docs/deploy/postfix/main.cf");
    for line in postfix.lines().filter(|line| !line.starts_with('#')) {
        assert!(GUIDE.contains(line), "`{line}` is not in docs/operating.md");
    }
    for file in
        ["askance.service", "Containerfile", "postfix/main.cf", "postfix/master.cf", "dovecot/askance.conf"]
    {
        let path = format!("{}/docs/deploy/{file}", env!("CARGO_MANIFEST_DIR"));
        assert!(Path::new(&path).is_file(), "{path}");
        assert!(GUIDE.contains(&format!("deploy/{file}")), "`{file}` is not in docs/operating.md");
    }
    let pipe = include_str!("../../docs/deploy/postfix/master.cf");
    for line in pipe.lines().filter(|line| !line.starts_with('#')) {
        assert!(GUIDE.contains(line), "`{line}` is not in docs/operating.md");
    }
}
