//! clawproof finds coordination faults between agents that share state.
//!
//! A newcomer reads [`analysis::analyse`] first: it is the pipeline as one function. Data goes down this list, and a stage
//! imports stages above it and never one below (`tests/layers.rs` holds that against the sources):
//! source, facts, finding, sql, discover, parse, knowledge, link, effects, model, check, suppress, report, run.

pub mod analysis;
pub mod check;
pub mod cli;
pub mod config;
pub mod discover;
pub mod effects;
pub mod facts;
pub mod finding;
pub mod knowledge;
pub mod link;
pub mod model;
pub mod nearest;
pub mod parse;
pub mod report;
pub mod run;
pub mod source;
pub mod sql;
pub mod suppress;

pub use run::run;
