//! What a finding is: a fault with its places, its witness and what to do about it.
//!
//! Vocabulary: a finding has one primary [`Site`], related sites that each say in their own words what happens there, a
//! witness (the chain from the actor to the access, for a race the losing interleaving), and a fingerprint that survives
//! edits elsewhere in the file. Severity says how bad, confidence how sure: separate questions.
//! This module refuses to know how findings are made and how they are printed.

mod fingerprint;
mod suppressed;
pub mod words;

pub use fingerprint::{Fingerprint, number_equal};
pub use suppressed::Suppressed;

use crate::source::Site;
use serde::{Deserialize, Serialize};

/// How bad it is where it is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// A small risk, or a loser that gets an exception.
    Low,
    /// Data can be corrupted under load.
    Medium,
    /// Updates are lost or agents blocked.
    High,
    /// Money or orders are lost or doubled.
    Critical,
}

impl Severity {
    /// The word used in options and machine formats.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// How sure the analysis is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// More than one step of the witness is inferred, or no caller was found.
    Low,
    /// One step is inferred.
    Medium,
    /// Names and types resolved.
    High,
}

impl Confidence {
    /// The word used in options and machine formats.
    pub fn word(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// What a related place is to the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The read that the write depends on.
    Read,
    /// The write itself, or another writer.
    Write,
    /// The check that is acted upon.
    Check,
    /// A lock taken, released or missing.
    Lock,
    /// What runs the code again.
    Retry,
    /// The table's definition.
    Schema,
    /// A manifest's declaration.
    Manifest,
}

/// Another place of the same fault, with its own words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Related {
    /// What the place is to the fault.
    pub role: Role,
    /// Short words for it: `read here`.
    pub message: String,
    /// Where.
    pub site: Site,
}

/// One link of the chain from the actor to the access, or one piece of evidence for a verdict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Evidence {
    /// What it is: `agent data_enricher → tool enrich_product`.
    pub message: String,
    /// Where.
    pub site: Site,
}

/// One step of the losing interleaving of two actors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Turn {
    /// The id of the actor whose turn it is.
    pub actor: String,
    /// What it does: `reads quantity`.
    pub step: String,
    /// The value seen or written in the replay.
    pub value: String,
    /// Where.
    pub site: Site,
}

/// A fault with its places, its witness and what to do about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// The id of the row it stands in.
    pub row: &'static str,
    /// How bad.
    pub severity: Severity,
    /// Advice changes no verdict.
    pub advice: bool,
    /// How sure.
    pub confidence: Confidence,
    /// One sentence without a full stop: who does what to which resource.
    pub message: String,
    /// Ids of the actors that take part, sorted.
    pub actors: Vec<String>,
    /// The id of the resource or lock it is about.
    pub resource: Option<String>,
    /// `Class.method` or `function` that holds the primary site.
    pub function: String,
    /// The primary site.
    pub site: Site,
    /// The other places.
    pub related: Vec<Related>,
    /// The chain from an actor to the site.
    pub evidence: Vec<Evidence>,
    /// For a race: the schedule that loses.
    pub interleaving: Vec<Turn>,
    /// What to change; starts with a verb.
    pub help: String,
    /// The short remedy of the `Result:` line; a row takes that of its worst finding.
    pub remedy: &'static str,
    /// For a finding below high confidence: which step was inferred.
    pub assumption: Option<String>,
    /// Stable identity over edits: see [`Fingerprint`].
    pub fingerprint: String,
}

impl Finding {
    /// What makes two findings one problem on the report: the rule, the set of actors and the resource.
    pub fn problem(&self) -> (&'static str, &[String], Option<&str>) {
        (self.rule, &self.actors, self.resource.as_deref())
    }
}

/// A row's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It holds, with evidence.
    Pass,
    /// At least one finding stands in it.
    Fail,
    /// It does not apply.
    Skip,
    /// It only has advice.
    Advice,
}

/// A row's outcome with its words and evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The row's id.
    pub row: &'static str,
    /// The item of the production checklist it answers, from 1.
    pub item: u8,
    /// Whether it is always printed and counted (a gate).
    pub gate: bool,
    /// Its outcome.
    pub status: Status,
    /// Its lines, without `FAIL:` or `SKIP:`, worst first.
    pub messages: Vec<String>,
    /// Advice beside a verdict of another status: `3 writes could not be mapped to a resource — declare them …`.
    pub advice: Vec<String>,
    /// What to do, for a failing row: the remedy of its worst line.
    pub remedy: String,
    /// Indices of its findings in the report's list.
    pub findings: Vec<usize>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
}
