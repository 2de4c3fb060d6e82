//! A finding that somebody accepted.

use super::Finding;

/// A finding that is not reported, who silenced it and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// Who silenced it: `comment`, `configuration`, `baseline`.
    pub by: String,
    /// The reason given, if any.
    pub why: Option<String>,
}
