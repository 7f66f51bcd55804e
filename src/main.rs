//! The binary: everything it does is in `askance::command`.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(askance::command::run())
}
