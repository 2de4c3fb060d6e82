//! The checklists under `rules/check-*.yaml`: rows in report order, remedies, the words for each severity.
//!
//! They are small, so that they are embedded as text and parsed when first asked for. A broken one is a bug of this
//! program, which a test catches.

use crate::finding::Severity;
use serde::Deserialize;
use std::sync::LazyLock;

/// One checklist.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckPage {
    /// Its number, as in `--check 10`.
    pub check: u32,
    /// Its title: `Multi-Agent Coordination`.
    pub title: String,
    /// The words of the `Severity:` line.
    pub severity: SeverityWords,
    /// Its rows in the order of the report.
    pub rows: Vec<RowPage>,
}

/// The words of the `Severity:` line for each level.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeverityWords {
    /// For [`Severity::Critical`].
    pub critical: String,
    /// For [`Severity::High`].
    pub high: String,
    /// For [`Severity::Medium`].
    pub medium: String,
    /// For [`Severity::Low`].
    pub low: String,
    /// Where nothing was found.
    pub none: String,
}

/// What is printed about one row.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowPage {
    /// Its id: `idempotent-writes`.
    pub id: String,
    /// The item of the production checklist it answers, from 1.
    pub item: u8,
    /// Always printed and counted, unless the configuration says otherwise.
    pub gate: bool,
    /// What to do where it fails and its worst finding has no remedy of its own.
    pub remedy: String,
    /// The configuration may declare it under `controls`.
    #[serde(default)]
    pub declarable: bool,
}

impl CheckPage {
    /// A row by its id.
    pub fn row(&self, id: &str) -> Option<&RowPage> {
        self.rows.iter().find(|row| row.id == id)
    }
}

impl SeverityWords {
    /// The words for the worst severity found; `None` where nothing was.
    pub fn of(&self, severity: Option<Severity>) -> &str {
        match severity {
            Some(Severity::Critical) => &self.critical,
            Some(Severity::High) => &self.high,
            Some(Severity::Medium) => &self.medium,
            Some(Severity::Low) => &self.low,
            None => &self.none,
        }
    }
}

static PAGES: LazyLock<Vec<CheckPage>> = LazyLock::new(|| vec![parse(include_str!("../../rules/check-10.yaml"))]);

#[expect(clippy::expect_used, reason = "embedded text, which a test parses; nothing a user gives comes here")]
fn parse(text: &str) -> CheckPage {
    serde_saphyr::from_str(text).expect("an embedded checklist is well formed")
}

/// All checklists there are, by number.
pub fn pages() -> &'static [CheckPage] {
    &PAGES
}

/// The checklist of a number.
pub fn page(number: u32) -> Option<&'static CheckPage> {
    pages().iter().find(|page| page.check == number)
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn check_10_has_its_ten_rows_in_report_order() {
        let page = page(10).expect("check 10 exists");
        let ids: Vec<&str> = page.rows.iter().map(|row| row.id.as_str()).collect();
        let gates = ["shared-resources", "orchestrator", "locks", "lock-order", "idempotent-writes", "event-sync"];
        assert_eq!(ids[..6], gates);
        assert_eq!(ids[6..], ["deadlock-alerting", "kill-switch", "concurrency-tests", "contention-metrics"]);
        let mut items: Vec<u8> = page.rows.iter().map(|row| row.item).collect();
        items.sort_unstable();
        assert_eq!(items, (1..=10).collect::<Vec<u8>>());
        assert_eq!(page.rows.iter().filter(|row| row.gate).count(), 8);
        assert_eq!(page.severity.of(None), "no coordination fault found");
    }
}
