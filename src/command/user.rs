//! `askance user …`: people from the console.

use crate::command::{self, Cause, ended, exit};
use crate::config::Config;
use crate::service::sign_in::{self, Change, Newcomer};
use crate::store::types::Role;
use crate::store::{outbox, people};
use std::io::Write;

/// People who may sign in at the desk.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  askance user add m.varga@klarblick.example --role volunteer --name 'M. Varga'\n  \
                  askance user list"
)]
pub struct UserArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Add a person; their password is printed once and kept nowhere
    #[command(
        after_help = "Example:\n  askance user add m.varga@klarblick.example --role volunteer --name 'M. Varga'"
    )]
    Add {
        /// The e-mail address they sign in with
        email: String,
        /// What they may do: activist files requests, volunteer also settles replies; publisher can at present
        /// do what a volunteer can, admin also orders days off
        #[arg(long)]
        role: Role,
        /// Shown at the desk and under letters; the address up to the @ if left out
        #[arg(long)]
        name: Option<String>,
    },
    /// List everybody: address, role, state and name, with tabs between them
    #[command(after_help = "Example:\n  askance user list | grep -w suspended")]
    List,
    /// Let a person sign in no more; their sessions end at once, what they did stays
    #[command(after_help = "Example:\n  askance user suspend m.varga@klarblick.example")]
    Suspend {
        /// The e-mail address they sign in with
        email: String,
    },
    /// Let a suspended person sign in again, with the password they had
    #[command(after_help = "Example:\n  askance user resume m.varga@klarblick.example")]
    Resume {
        /// The e-mail address they sign in with
        email: String,
    },
    /// Make a new password, printed once; the old one and all sessions end
    #[command(after_help = "Example:\n  askance user password m.varga@klarblick.example")]
    Password {
        /// The e-mail address they sign in with
        email: String,
    },
    /// Change what a person may do, from their next page on
    #[command(after_help = "Example:\n  askance user role m.varga@klarblick.example activist")]
    Role {
        /// The e-mail address they sign in with
        email: String,
        /// activist files requests, volunteer also settles replies; publisher can at present do what a volunteer
        /// can, admin also orders days off
        role: Role,
    },
}

/// Does it and says what was done.
pub fn run(args: &UserArgs, config: Config, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let cause = |failure: &Failure| match failure {
        Failure::People(
            sign_in::Error::Taken(_)
            | sign_in::Error::OurOwn(_)
            | sign_in::Error::Address(_)
            | sign_in::Error::Nobody(_)
            | sign_in::Error::LastAdministrator(_),
        ) => Cause::Asked(exit::DATA),
        Failure::Closed(error) => Cause::Broken(error.exit_code()),
        _ => Cause::Broken(exit::IO),
    };
    ended(act(&args.act, config), cause, (out, err))
}

/// How many requests are named.
const NAMED: usize = 20;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    People(#[from] sign_in::Error),
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    #[error(transparent)]
    Closed(#[from] command::Closed),
}

/// What is to be known of the letters of somebody who is suspended: they are not stopped by it.
fn waiting(references: &[String]) -> String {
    if references.is_empty() {
        return String::new();
    }
    let mut named: Vec<&str> = references.iter().take(NAMED).map(String::as_str).collect();
    if references.len() > NAMED {
        named.push("…");
    }
    let (wait, one) = match references.len() {
        1 => ("1 letter of theirs still waits and leaves all the same".to_owned(), "it"),
        n => (format!("{n} letters of theirs still wait and leave all the same"), "each"),
    };
    format!(
        "{wait}: {}. Until then a volunteer can take {one} back at the desk, on the page of its request; \
         `askance outbox pause REASON` holds all letters.\n",
        named.join(", ")
    )
}

fn act(act: &Act, config: Config) -> Result<String, Failure> {
    let desk = format!("{}/desk/sign-in", config.public_url);
    let (context, db) = command::open(config, 1)?;
    let conn = &mut *db.conn()?;
    let mut change = |email: &str, change| sign_in::change_person(&context, conn, email, change);
    Ok(match act {
        Act::Suspend { email } => {
            change(email, Change::Suspend)?;
            let waiting = waiting(&outbox::waiting_of(conn, email)?);
            format!("Suspended {email}: no sign-in any more, and every session has ended.\n{waiting}")
        }
        Act::Resume { email } => {
            change(email, Change::Resume)?;
            format!("Resumed {email}, with the password they had.\n")
        }
        Act::Role { email, role } => {
            change(email, Change::Role(*role))?;
            format!("{email} is {role} now.\n")
        }
        Act::Add { email, role, name } => {
            let name = name.clone().unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
            let password =
                sign_in::add_person(&context, conn, &Newcomer { email, name: &name, role: *role })?;
            format!("Added {email} as {role}.\nPassword, shown this once: {password}\nSign in at {desk}\n")
        }
        Act::Password { email } => {
            let password = sign_in::new_password(&context, conn, email)?;
            format!(
                "Every session of {email} has ended.\nPassword, shown this once: {password}\nSign in at {desk}\n"
            )
        }
        Act::List => people::all(conn)?
            .iter()
            .map(|person| {
                [&person.email, person.role.as_str(), &person.state, &person.name].join("\t") + "\n"
            })
            .collect(),
    })
}
