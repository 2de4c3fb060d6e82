//! The checklist: which rules run, which rows apply, fail or hold, and the sentences that sum it up.

use super::page::CheckPage;
use super::rows;
use super::rule::Subject;
use super::{RULES, Rule};
use crate::finding::words::{counted, list};
use crate::finding::{Confidence, Finding, Severity, Status, Suppressed, Verdict, number_equal};
use crate::source::Site;

/// What of the findings is wanted.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Rules and rows to run; empty: all.
    pub select: Vec<String>,
    /// Rules and rows to leave out.
    pub ignore: Vec<String>,
    /// Rows of advice that count as gates.
    pub gates: Vec<String>,
    /// Findings below this are left out.
    pub min_confidence: Option<Confidence>,
}

impl Selection {
    fn runs(&self, rule: &Rule) -> bool {
        let named = |list: &[String]| list.iter().any(|w| w == rule.id || w == rule.row);
        (self.select.is_empty() || named(&self.select)) && !named(&self.ignore)
    }
}

/// What a check came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Every row, in report order.
    pub verdicts: Vec<Verdict>,
    /// The findings, in the order of the verdicts' indices.
    pub findings: Vec<Finding>,
    /// How many problems.
    pub issues: usize,
    /// The sentence of the `Result:` line.
    pub result: String,
    /// The worst severity; `None` without problems.
    pub severity: Option<Severity>,
}

/// Run the rules: every finding that is wanted, worst first within a row, with fingerprints.
pub fn find(subject: &Subject, selection: &Selection) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let shared = subject.model.resources.iter().any(|r| r.shared);
    for rule in RULES.iter().filter(|r| selection.runs(r)) {
        // Where nothing is shared only explicit retries can double something; what a policy forbids is forbidden all the same,
        // and a graph's members share its state.
        let alone =
            matches!(rule.id, "non-idempotent-insert" | "non-idempotent-call" | "prompt-mutex" | "access-policy" | "state-write-collision");
        // One statement that locks many rows needs nobody who holds two locks of the code's own, and what ends a worker as it
        // stands needs no agent that runs on and on.
        let own = matches!(rule.id, "unordered-multi-row-write" | "kill-keeps-locks");
        if alone || shared && (own || rows::skipped(rule.row, subject.model).is_none()) {
            found.extend((rule.check)(rule, subject));
        }
    }
    for finding in &mut found {
        if finding.confidence == Confidence::High && subject.model.only_presumed(&finding.actors) {
            finding.confidence = Confidence::Medium;
        }
    }
    if let Some(least) = selection.min_confidence {
        found.retain(|f| f.confidence >= least);
    }
    let order = |f: &Finding| RULES.iter().position(|r| r.id == f.rule).unwrap_or(usize::MAX);
    found.sort_by(|a, b| (a.site, order(a), &a.message).cmp(&(b.site, order(b), &b.message)));
    let mut found = one_for_each_place(found);
    number_equal(&mut found);
    for finding in &mut found {
        if selection.gates.iter().any(|g| g == finding.row) {
            finding.advice = false;
        }
    }
    found
}

/// One place and one rule is one fault, however many stores stand behind the call there: the surest of them is told, of the others
/// those that other actors commit.
fn one_for_each_place(found: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::with_capacity(found.len());
    for finding in found {
        let same = |k: &&mut Finding| k.rule == finding.rule && k.site == finding.site && !finding.advice;
        let rank = |f: &Finding| (f.confidence, f.severity);
        match kept.iter_mut().rev().take_while(|k| k.site == finding.site).find(same) {
            Some(before) if finding.actors.iter().all(|a| before.actors.contains(a)) && rank(&finding) <= rank(before) => {}
            Some(before) if before.actors.iter().all(|a| finding.actors.contains(a)) && rank(before) <= rank(&finding) => *before = finding,
            _ => kept.push(finding),
        }
    }
    kept
}

/// Turn findings into rows and sentences.
pub fn conclude(page: &CheckPage, subject: &Subject, findings: Vec<Finding>, suppressed: &[Suppressed], selection: &Selection) -> Outcome {
    let mut verdicts = Vec::new();
    let mut remedies: Vec<String> = Vec::new();
    for row in &page.rows {
        let Some(id) = RULES.iter().map(|r| r.row).find(|r| *r == row.id) else { continue };
        let gate = row.gate || selection.gates.iter().any(|g| g == id);
        let mut verdict = Verdict {
            row: id,
            item: row.item,
            gate,
            status: Status::Skip,
            messages: Vec::new(),
            advice: Vec::new(),
            remedy: String::new(),
            findings: findings.iter().enumerate().filter(|(_, f)| f.row == id).map(|(i, _)| i).collect(),
            evidence: Vec::new(),
        };
        let left_out = RULES.iter().filter(|r| r.row == id).all(|r| !selection.runs(r));
        decide(&mut verdict, &findings, subject, left_out, suppressed);
        if verdict.status == Status::Fail {
            verdict.remedy = worst(&verdict, &findings).map_or_else(|| row.remedy.clone(), |f| f.remedy.to_string());
            if !remedies.contains(&verdict.remedy) {
                remedies.push(verdict.remedy.clone());
            }
        }
        verdicts.push(verdict);
    }
    let problems = problems(&findings);
    let severity = findings.iter().filter(|f| !f.advice).map(|f| f.severity).max();
    let result = match problems {
        0 => "no issues found".to_string(),
        count => format!("{} found — {}", counted(count, "issue"), list(&remedies)),
    };
    Outcome { verdicts, issues: problems, result, severity, findings }
}

fn decide(verdict: &mut Verdict, findings: &[Finding], subject: &Subject, left_out: bool, suppressed: &[Suppressed]) {
    let own: Vec<&Finding> = verdict.findings.iter().map(|i| &findings[*i]).collect();
    let faults: Vec<&&Finding> = own.iter().filter(|f| !f.advice).collect();
    if !faults.is_empty() {
        verdict.status = Status::Fail;
        verdict.messages = lines(&faults);
        verdict.evidence = own.iter().flat_map(|f| f.evidence.first().cloned()).collect();
        return;
    }
    if left_out {
        verdict.messages = vec!["left out by configuration".into()];
        return;
    }
    if let Some(reason) = rows::skipped(verdict.row, subject.model) {
        verdict.messages = vec![reason];
        return;
    }
    if !own.is_empty() && verdict.row != "shared-resources" {
        verdict.status = Status::Advice;
        verdict.messages = lines(&own.iter().collect::<Vec<_>>());
        return;
    }
    if !own.is_empty() {
        let what = if own.len() == 1 { "1 write".to_string() } else { counted(own.len(), "write") };
        verdict.advice = vec![format!("{what} could not be mapped to a resource — declare them in clawproof.yaml")];
    }
    match rows::holds(verdict.row, subject.model, subject.expected_task_seconds) {
        Some((words, evidence)) => {
            verdict.status = Status::Pass;
            let accepted = suppressed.iter().filter(|s| s.finding.row == verdict.row).count();
            let by = suppressed.iter().find(|s| s.finding.row == verdict.row).map_or("", |s| s.by.as_str());
            verdict.messages = vec![if accepted > 0 { format!("{words}, {accepted} accepted ({by})") } else { words }];
            verdict.evidence = evidence;
        }
        None => match suppressed.iter().filter(|s| s.finding.row == verdict.row).count() {
            0 => verdict.messages = vec!["no evidence either way".into()],
            accepted => {
                let by = suppressed.iter().find(|s| s.finding.row == verdict.row).map_or("", |s| s.by.as_str());
                verdict.messages = vec![format!("{accepted} accepted ({by})")];
            }
        },
    }
}

/// One line for each problem, worst first, each line once.
fn lines(findings: &[&&Finding]) -> Vec<String> {
    let mut sorted: Vec<&&&Finding> = findings.iter().collect();
    sorted.sort_by_key(|f| (std::cmp::Reverse(f.severity), f.site));
    let mut lines: Vec<String> = Vec::new();
    for finding in sorted {
        if !lines.contains(&finding.message) {
            lines.push(finding.message.clone());
        }
    }
    lines
}

fn worst<'f>(verdict: &Verdict, findings: &'f [Finding]) -> Option<&'f Finding> {
    let own = verdict.findings.iter().map(|i| &findings[*i]).filter(|f| !f.advice);
    own.min_by_key(|f| (std::cmp::Reverse(f.severity), f.site))
}

/// What makes two findings one problem; findings about no resource are told apart by their places.
type Problem<'f> = (&'f str, &'f [String], Option<&'f str>, Option<Site>);

/// How many problems: one rule, one set of actors, one resource.
fn problems(findings: &[Finding]) -> usize {
    let mut seen: Vec<Problem> = Vec::new();
    for finding in findings.iter().filter(|f| !f.advice) {
        let (rule, actors, resource) = finding.problem();
        let key = (rule, actors, resource, resource.is_none().then_some(finding.site));
        if !seen.contains(&key) {
            seen.push(key);
        }
    }
    seen.len()
}
