//! One finding with its source, labelled.
//!
//! `miette` has one source per diagnostic: places in another file, or far away in the same one, become related diagnostics
//! with a block of their own.

use super::excerpt::{CONTEXT, Excerpt, Mark, lines_of};
use super::{Ink, Report};
use crate::finding::{Finding, Severity};
use crate::source::{FileId, Site};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles};
use std::fmt;

/// The width that text is wrapped to; fixed, so that the same input gives the same bytes.
const WIDTH: usize = 110;
/// How many blocks of related places are shown.
const BLOCKS: usize = 8;

/// What `miette` is handed.
#[derive(Debug)]
struct Shown {
    message: String,
    code: Option<String>,
    severity: miette::Severity,
    help: Option<String>,
    excerpt: Option<Excerpt>,
    labels: Vec<LabeledSpan>,
    related: Vec<Shown>,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.as_ref().map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let blocks = self.related.iter().map(|block| block as &dyn Diagnostic);
        (!self.related.is_empty()).then(|| Box::new(blocks) as Box<dyn Iterator<Item = &dyn Diagnostic>>)
    }
}

/// The finding as text.
pub(super) fn render(report: &Report<'_>, finding: &Finding, ink: Ink) -> String {
    let severity = match finding.severity {
        _ if finding.advice => miette::Severity::Advice,
        Severity::Low => miette::Severity::Advice,
        Severity::Medium => miette::Severity::Warning,
        Severity::High | Severity::Critical => miette::Severity::Error,
    };
    let mut blocks = clusters(report, finding, ink).into_iter();
    let (excerpt, labels) = blocks.next().map_or((None, Vec::new()), |cluster| cluster.show(report, ink));
    let related = blocks.take(BLOCKS).map(|cluster| {
        let (excerpt, labels) = cluster.show(report, ink);
        let message = ink.text("also here").into_owned();
        let (code, help, related) = (None, None, Vec::new());
        Shown { message, code, severity: miette::Severity::Advice, help, excerpt, labels, related }
    });
    let level = if finding.advice { "advice" } else { finding.severity.word() };
    let code = format!("{} [{level}, {} confidence]", finding.rule, finding.confidence.word());
    let shown = Shown {
        message: ink.text(&finding.message).into_owned(),
        code: Some(code),
        severity,
        help: Some(ink.text(&finding.help).into_owned()).filter(|help| !help.is_empty()),
        excerpt,
        labels,
        related: related.collect(),
    };
    let mut out = String::new();
    if handler(ink).render_report(&mut out, &shown).is_err() {
        // Without a snippet the finding still stands.
        out = format!("  {}\n  {}\n", shown.message, ink.text(&report.at(finding.site)));
    }
    // "Advice: " before a related block says nothing.
    out.replace("\nAdvice: \n", "\n")
}

fn handler(ink: Ink) -> GraphicalReportHandler {
    let characters = if ink.ascii { ThemeCharacters::ascii() } else { ThemeCharacters::unicode() };
    let styles = if ink.colour { ThemeStyles::ansi() } else { ThemeStyles::none() };
    GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_width(WIDTH)
        .with_links(false)
        .with_context_lines(CONTEXT as usize)
        .without_primary_span_start()
        .without_cause_chain()
}

/// Marks of one file that stand near one another.
struct Cluster {
    file: FileId,
    marks: Vec<Mark>,
}

impl Cluster {
    fn show(self, report: &Report<'_>, ink: Ink) -> (Option<Excerpt>, Vec<LabeledSpan>) {
        let Some(file) = report.files.get(self.file.index()) else { return (None, Vec::new()) };
        let named = self.marks.iter().find(|mark| mark.primary).or(self.marks.first());
        let start = file.position(named.map_or(0, |mark| mark.span.start));
        let name = format!("{}:{}:{}", ink.text(&file.path), start.line, start.column);
        let (excerpt, labels) = Excerpt::new(name, file, &self.marks, ink.ascii);
        (Some(excerpt), labels)
    }
}

/// The places of a finding in blocks, that of its primary site first, then by file and line.
fn clusters(report: &Report<'_>, finding: &Finding, ink: Ink) -> Vec<Cluster> {
    let mark = |site: Site, words: &str, primary| {
        let words = ink.text(words).into_owned();
        (site.file, Mark { span: site.span, words, primary })
    };
    let mut marks = vec![mark(finding.site, "here", true)];
    marks.extend(finding.related.iter().map(|related| mark(related.site, &related.message, false)));
    marks.sort_by_key(|(file, mark)| (*file, mark.span, !mark.primary));
    let mut clusters: Vec<(Cluster, u32)> = Vec::new();
    for (id, mark) in marks {
        let Some(file) = report.files.get(id.index()) else { continue };
        let lines = lines_of(file, mark.span);
        match clusters.last_mut() {
            Some((cluster, last)) if cluster.file == id && lines.start <= *last + 2 * CONTEXT => {
                *last = (*last).max(lines.end);
                cluster.marks.push(mark);
            }
            _ => clusters.push((Cluster { file: id, marks: vec![mark] }, lines.end)),
        }
    }
    let mut clusters: Vec<Cluster> = clusters.into_iter().map(|(cluster, _)| cluster).collect();
    clusters.sort_by_key(|cluster| !cluster.marks.iter().any(|mark| mark.primary));
    clusters
}
