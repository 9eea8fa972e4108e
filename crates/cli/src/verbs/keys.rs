//! `curbside keys`: the keys that say which weights are the right ones.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use curbside_publish::SigningKey;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::place;

/// New or show.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: KeysVerb,
}

#[derive(Subcommand)]
enum KeysVerb {
    /// Make a key and its file, which only you can read; a file that exists is never overwritten
    New {
        /// Where to; else .curbside/signing-key.json of the repository around us
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Show the public half of a key
    Show {
        /// Key file; else .curbside/signing-key.json of the repository around us
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
}

/// The public half. There is no answer that holds the other one.
#[derive(Serialize)]
struct Answer {
    keyid: String,
    public: String,
    file: String,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let (key, file) = match &arguments.verb {
        KeysVerb::New { out } => {
            let (key, file) = (SigningKey::generate()?, place::key_file(out.as_deref()));
            key.save_new(&file)?;
            (key, file)
        }
        KeysVerb::Show { key } => {
            let file = place::key_file(key.as_deref());
            (SigningKey::load(&file)?, file)
        }
    };
    let public = key.public();
    output.answer(&Answer { keyid: public.keyid(), public: public.to_base64(), file: file.display().to_string() })
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "keyid   {}", self.keyid)?;
        writeln!(f, "public  {}   (for trustedKeys and TRUSTED_KEYS)", self.public)?;
        writeln!(f, "file    {}   (holds the secret: keep it to yourself)", self.file)
    }
}
