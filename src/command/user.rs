//! `askance user add`: people from the console.

use crate::command::{self, exit, say};
use crate::config::Config;
use crate::service::sign_in::{self, Newcomer};
use crate::store::types::Role;
use std::io::Write;

/// People who may sign in at the desk.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  askance user add m.varga@klarblick.example --role volunteer --name 'M. Varga'"
)]
pub struct UserArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Add a person; their password is printed once and kept nowhere
    Add {
        /// The e-mail address they sign in with
        email: String,
        /// What they may do: activist files, volunteer also settles replies, publisher also publishes, admin all
        #[arg(long)]
        role: Role,
        /// Shown at the desk and under letters; the address up to the @ if left out
        #[arg(long)]
        name: Option<String>,
    },
}

/// Adds the person and prints the password.
pub fn run(args: &UserArgs, config: Config, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let Act::Add { email, role, name } = &args.act;
    let name = name.clone().unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
    let new = Newcomer { email, name: &name, role: *role };
    let base = config.public_url.clone();
    match add(config, &new) {
        Ok(password) => {
            let told = writeln!(
                out,
                "Added {email} as {role}.\nPassword, shown this once: {password}\nSign in at {base}/desk/sign-in"
            );
            if told.is_ok() { exit::OK } else { exit::IO }
        }
        Err(Failure::Add(error @ (sign_in::Error::Taken(_) | sign_in::Error::Address(_)))) => {
            say(err, format_args!("{error}. Nobody was added."));
            exit::DATA
        }
        Err(error) => {
            let code = if let Failure::Closed(error) = &error { error.exit_code() } else { exit::IO };
            say(err, format_args!("{error}. Nobody was added; try again when it is mended."));
            code
        }
    }
}

/// Why nobody was added.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Add(#[from] sign_in::Error),
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    #[error(transparent)]
    Closed(#[from] command::Closed),
}

fn add(config: Config, new: &Newcomer<'_>) -> Result<String, Failure> {
    let (context, db) = command::open(config, 1)?;
    Ok(sign_in::add_person(&context, &mut *db.conn()?, new)?)
}
