//! Fingerprints: which finding is which, over edits that do not touch it.
//!
//! Made of rule, resource, enclosing class and function names and roles; not of lines, module, file or local names, so that
//! moving a file or adding an import changes nothing. Equal ones are numbered in source order.

use super::{Finding, Role};
use rustc_hash::FxHashMap;

/// What a fingerprint is made of.
#[derive(Clone, Debug)]
pub struct Fingerprint<'a> {
    /// The rule's id.
    pub rule: &'a str,
    /// The resource's id.
    pub resource: Option<&'a str>,
    /// `Class.method` or `function`.
    pub function: &'a str,
    /// The roles of the related places.
    pub roles: Vec<Role>,
}

impl Fingerprint<'_> {
    /// Sixteen hexadecimal digits.
    pub fn text(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut roles: Vec<String> = self.roles.iter().map(|r| format!("{r:?}")).collect();
        roles.sort();
        roles.dedup();
        for part in [self.rule, self.resource.unwrap_or(""), self.function, &roles.join(",")] {
            hasher.update(part.as_bytes());
            hasher.update(&[0]);
        }
        hasher.finalize().to_hex().as_str()[..16].to_string()
    }
}

/// Give every finding its fingerprint; equal ones get `-2`, `-3`, … in the order of the slice, which is source order.
pub fn number_equal(findings: &mut [Finding]) {
    let mut seen: FxHashMap<String, u32> = FxHashMap::default();
    for finding in findings {
        let text = Fingerprint {
            rule: finding.rule,
            resource: finding.resource.as_deref(),
            function: &finding.function,
            roles: finding.related.iter().map(|r| r.role).collect(),
        }
        .text();
        let count = seen.entry(text.clone()).or_default();
        *count += 1;
        finding.fingerprint = if *count == 1 { text } else { format!("{text}-{count}") };
    }
}
