//! Parses the arguments, runs, gives the exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    clawproof::run(std::env::args_os())
}
