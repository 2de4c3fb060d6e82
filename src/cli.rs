//! What a user may type.
//!
//! One definition serves parsing, `--help` and completions. What the types cannot say is checked in [`parse`]: options
//! of a scan before a sub-command would be lost without a word, so that they are errors.

mod settings;
#[cfg(test)]
mod tests;

pub use settings::{Settings, SettingsError};

use crate::check::page;
use crate::config::{FailOn, MinConfidence};
use crate::report::When;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::ffi::OsString;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// The check that runs where none is named.
const DEFAULT_CHECK: u32 = 10;

/// Finds coordination faults between LLM agents that share state: lost updates, double writes, locks that never expire.
#[derive(Debug, Parser)]
#[command(name = "clawproof", version, subcommand_precedence_over_arg = true, override_usage = USAGE, after_help = AFTER_HELP)]
pub struct Cli {
    /// A sub-command; without one a check runs.
    #[command(subcommand)]
    pub command: Option<Subject>,
    /// What to scan and what to report.
    #[command(flatten)]
    pub scan: Scan,
    /// How to print.
    #[command(flatten)]
    pub print: Print,
}

const USAGE: &str = "clawproof [OPTIONS] [PATH]\n       clawproof <COMMAND>";

const AFTER_HELP: &str = "\
A sub-command that is also the name of a folder is the sub-command; write ./rules for the folder.

Exit codes:
  0  nothing at or above --fail-on
  1  at least one such finding
  2  usage, configuration or input error
  3  the analysis is incomplete (with --strict), or an internal error";

/// What else the program can do.
#[derive(Debug, Subcommand)]
pub enum Subject {
    /// Tell what a rule finds, why it matters, how to fix and how to silence it
    Explain {
        /// The rule's id
        rule: String,
    },
    /// List every rule with its row and severity
    Rules {
        /// How to print the list
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Write a commented clawproof.yaml into the current folder
    Init,
    /// Print what a stage of the analysis produced
    #[command(hide = true)]
    Debug {
        /// The stage
        #[arg(value_enum)]
        stage: Stage,
        /// What to read
        #[command(flatten)]
        reading: Reading,
    },
    /// Print a completion script
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// A stage whose product can be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stage {
    /// The language-neutral form of each file.
    Facts,
    /// What each function does to state outside it, its callees included.
    Effects,
    /// Actors, resources, accesses, locks, channels.
    Model,
}

/// The form of an output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
}

/// What to read.
#[derive(Args, Clone, Debug, Default)]
pub struct Reading {
    /// The folder or file to scan [default: .]
    pub path: Option<PathBuf>,
    /// Configuration file [default: the nearest clawproof.yaml, .clawproof.yaml or pyproject.toml from PATH upwards]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder with further knowledge packs, for in-house libraries; may be repeated
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Leave out what matches; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Show no progress
    #[arg(long)]
    pub no_progress: bool,
    /// How many threads to use [default: all]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

/// What to scan and what to report.
#[derive(Args, Clone, Debug, Default)]
pub struct Scan {
    /// What to read.
    #[command(flatten)]
    pub reading: Reading,
    /// Run check N
    #[arg(long, value_name = "N", value_parser = check_number, default_value_t = DEFAULT_CHECK)]
    pub check: u32,
    /// The audit report: evidence for every row, the access map, every finding with its source
    #[arg(short, long)]
    pub verbose: bool,
    /// How to print the report
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: Format,
    /// Write the report there instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Exit with 1 only where a finding of this severity or worse stands [default: low]
    #[arg(long, value_name = "SEVERITY", value_enum)]
    pub fail_on: Option<FailOn>,
    /// Report findings of this confidence or better [default: medium]
    #[arg(long, value_name = "CONFIDENCE", value_enum)]
    pub min_confidence: Option<MinConfidence>,
    /// Rules or rows to run, separated by commas
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Rules or rows to leave out, separated by commas
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Add elapsed_ms to JSON
    #[arg(long)]
    pub timings: bool,
    /// Exit with 3 where any file could not be read or parsed
    #[arg(long)]
    pub strict: bool,
}

/// How to print.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Print {
    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true)]
    pub color: When,
    /// Print ASCII characters alone
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Print the report and errors alone
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

fn check_number(text: &str) -> Result<u32, String> {
    let known: Vec<String> = page::pages().iter().map(|page| format!("{} ({})", page.check, page.title)).collect();
    let number = text.parse::<u32>().ok().filter(|number| page::page(*number).is_some());
    number.ok_or_else(|| format!("there is no such check; there is {}", known.join(", ")))
}

/// Parses the arguments, the program's name first. The error knows how to print itself and its exit code: `--help` and
/// `--version` come as one too.
pub fn parse<I, T>(arguments: I) -> Result<Cli, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(arguments)?;
    if let Some((name, _)) = matches.subcommand()
        && let Some(option) = lost(&command, &matches)
    {
        let message = format!("`{name}` is a sub-command and takes no {option} before it; write ./{name} to scan a folder");
        return Err(command.error(ErrorKind::ArgumentConflict, message));
    }
    Cli::from_arg_matches(&matches)
}

/// An argument of a scan that was given although a sub-command follows.
fn lost(command: &Command, matches: &ArgMatches) -> Option<String> {
    let given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let mut options = command.get_arguments().filter(|arg| !arg.is_global_set());
    let option = options.find(|arg| matches.try_contains_id(arg.get_id().as_str()).is_ok() && given(arg.get_id().as_str()))?;
    Some(option.get_long().map_or_else(|| option.get_id().to_string().to_uppercase(), |long| format!("--{long}")))
}

/// Writes a completion script.
pub fn completions(shell: Shell, out: &mut dyn Write) {
    let mut out = out;
    clap_complete::generate(shell, &mut Cli::command(), "clawproof", &mut out);
}
