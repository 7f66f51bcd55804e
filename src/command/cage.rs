//! `askance cage`: the child that reads mails with limits; the service starts it.

use crate::command::exit;
use crate::data::knowledge::knowledge;
use crate::service::cage::child;
use std::path::PathBuf;
use std::sync::Arc;

/// What the child is for; without an option it reads mails.
#[derive(Debug, clap::Args)]
pub struct CageArgs {
    /// Say which layers hold here
    #[arg(long, conflicts_with = "run")]
    pub layers: bool,
    /// Become this program, which reads stdin and writes stdout and can do little else
    #[arg(long, value_name = "PROGRAM")]
    pub run: Option<PathBuf>,
    /// Its arguments
    #[arg(last = true, requires = "run")]
    pub words: Vec<String>,
}

/// Reads mails until stdin ends.
pub fn run(args: &CageArgs) -> u8 {
    let (mut from, mut to) = (std::io::stdin().lock(), std::io::stdout().lock());
    if let Some(program) = &args.run {
        // What kept it from becoming that program is told by how it ends: nobody listens to its stderr.
        let _ = child::become_tool(program, &args.words);
        return exit::IO;
    }
    if args.layers {
        return child::tell_layers(&mut to).map_or(exit::IO, |()| exit::OK);
    }
    let Ok(knowledge) = knowledge().map(Arc::new) else { return exit::DATA };
    child::serve(&mut from, &mut to, &knowledge).map_or(exit::IO, |()| exit::OK)
}
