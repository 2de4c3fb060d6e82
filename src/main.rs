//! Parses the arguments, runs, gives the exit code; nothing else.

use std::process::ExitCode;

/// Summaries are many small values that live and die on two threads; with the system's allocator a run took a tenth longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    clawproof::run(std::env::args_os())
}
