//! The checklist report, byte for byte as the contract has it.

use super::{Ink, Report};
use crate::finding::{Status, Verdict};
use std::fmt::Write;

/// The rule under the title.
const RULE: usize = 45;
/// How many lines of a failing row are printed.
const LINES: usize = 3;

/// How much of the checklist is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Gates, rows with advice, and the first lines of failing rows.
    Plain,
    /// Every row and every line.
    Full,
}

/// The report of `clawproof --check 10`.
pub fn render(report: &Report<'_>, ink: Ink) -> String {
    let mut out = String::new();
    checklist(&mut out, report, ink, Extent::Plain);
    out
}

/// Title, rows, result and severity.
pub(super) fn checklist(out: &mut String, report: &Report<'_>, ink: Ink, extent: Extent) {
    let title = ink.title(&format!("CHECK {} — {}", report.check, report.title));
    let _ = writeln!(out, "\n  {title}\n  {}", ink.rule(RULE));
    for verdict in report.verdicts {
        if extent == Extent::Full || verdict.gate || has_advice(verdict) {
            row(out, verdict, ink, extent);
        }
    }
    let level = report.severity.map_or_else(|| "NONE".to_owned(), |severity| severity.word().to_uppercase());
    let severity = format!("{level} — {}", report.severity_words);
    let _ = writeln!(out, "\n  Result: {}\n  Severity: {}", ink.text(report.result), ink.text(&severity));
}

fn has_advice(verdict: &Verdict) -> bool {
    verdict.status == Status::Advice || !verdict.advice.is_empty()
}

fn row(out: &mut String, verdict: &Verdict, ink: Ink, extent: Extent) {
    let mut line = |sign: &str, message: &str| {
        let _ = writeln!(out, "  {sign}{}", ink.text(message));
    };
    // In ASCII the sign is the word.
    let worded = |sign: String, word: &str| if ink.ascii { format!("{sign} ") } else { format!("{sign} {word}: ") };
    let advice = format!("{} ", ink.advice());
    let messages = verdict.messages.as_slice();
    match verdict.status {
        Status::Pass => messages.iter().for_each(|message| line(&format!("{} ", ink.pass()), message)),
        Status::Skip => messages.iter().for_each(|message| line(&worded(ink.skip(), "SKIP"), message)),
        Status::Advice => messages.iter().for_each(|message| line(&advice, message)),
        Status::Fail => {
            let shown = if extent == Extent::Full { messages.len() } else { LINES };
            messages.iter().take(shown).for_each(|message| line(&worded(ink.fail(), "FAIL"), message));
            let more = messages.len().saturating_sub(shown);
            if more > 0 {
                line(&format!("{} ", ink.fail()), &format!("… and {more} more of this kind (--verbose)"));
            }
        }
    }
    verdict.advice.iter().for_each(|message| line(&advice, message));
}
