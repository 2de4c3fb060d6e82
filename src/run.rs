//! One run of the program: from arguments to a report and an exit code.

use crate::analysis::{Analysis, Depth, STACK, analyse, summaries};
use crate::check::{self, RULES, Selection, Subject as RuleSubject, page};
use crate::cli::{self, Cli, Print, Scan, Settings, Stage, Subject};
use crate::config::{self, Known};
use crate::discover::Options;
use crate::facts::{FileFacts, StmtKind};
use crate::finding::Finding;
use crate::knowledge::Knowledge;
use crate::report::{self, Ink, Report, Target};
use crate::source::{Comment, FileId, Span};
use crate::suppress::{self, Context, silence};
use indicatif::{ProgressBar, ProgressStyle};
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Findings stand at or above `--fail-on`.
const FOUND: u8 = 1;
/// A usage, configuration or input error.
const USAGE: u8 = 2;
/// The analysis is incomplete and `--strict` was given, or an internal error.
const INCOMPLETE: u8 = 3;
/// How long a run lasts before a terminal gets a progress bar.
const PATIENCE: Duration = Duration::from_millis(600);

/// Run the program with its arguments, its own name first.
pub fn run<I, T>(arguments: I) -> ExitCode
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let cli = match cli::parse(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Standard output or error may be gone; there is nobody left to tell.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE));
        }
    };
    // Expressions are walked by recursion to a bounded depth, which the default stack does not hold.
    let worker = std::thread::Builder::new().name("clawproof".into()).stack_size(STACK).spawn(move || dispatch(&cli));
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => ExitCode::from(code),
        _ => {
            say("clawproof: internal error; please report it with the tree that shows it");
            ExitCode::from(INCOMPLETE)
        }
    }
}

fn dispatch(cli: &Cli) -> u8 {
    match &cli.command {
        Some(Subject::Completions { shell }) => {
            let mut script = Vec::new();
            cli::completions(*shell, &mut script);
            written(Target::Stdout.write(&String::from_utf8_lossy(&script)))
        }
        Some(Subject::Init) => written(config::init(Path::new("")).map(|file| say(&format!("wrote {}", file.display())))),
        Some(Subject::Explain { rule }) => explain(rule),
        Some(Subject::Rules { format }) => rules(*format),
        Some(Subject::Debug { stage, reading }) => {
            let scan = Scan { reading: reading.clone(), check: 10, ..Scan::default() };
            match prepare(&scan) {
                Ok((settings, knowledge)) => debug(*stage, &settings, &knowledge, &scan),
                Err(message) => fail(&message),
            }
        }
        None => scan(&cli.scan, &cli.print),
    }
}

/// The list of ids that configuration and options may name.
fn known() -> (Vec<&'static str>, Vec<&'static str>, Vec<&'static str>) {
    let rows = page::pages().iter().flat_map(|p| &p.rows);
    (
        RULES.iter().map(|r| r.id).collect(),
        rows.clone().map(|r| r.id.as_str()).collect(),
        rows.filter(|r| r.declarable).map(|r| r.id.as_str()).collect(),
    )
}

fn prepare(scan: &Scan) -> Result<(Settings, Knowledge), String> {
    let (rules, rows, controls) = known();
    let known = Known { rules: &rules, rows: &rows, controls: &controls };
    let settings = Settings::new(scan, &known).map_err(|e| e.to_string())?;
    let knowledge = if settings.rules.is_empty() { Knowledge::embedded() } else { Knowledge::with_packs(&settings.rules) };
    Ok((settings, knowledge.map_err(|e| e.to_string())?))
}

fn read(settings: &Settings, knowledge: &Knowledge, scan: &Scan) -> Result<Analysis, String> {
    let (options, pool) = means(settings, scan)?;
    let depth = if scan.strict { Depth::Checked } else { Depth::Needed };
    Ok(analyse(&settings.path, &options, &settings.config, knowledge, &pool, depth))
}

/// How to walk, and on what to run.
fn means(settings: &Settings, scan: &Scan) -> Result<(Options, rayon::ThreadPool), String> {
    let mut options = Options::excluding(&settings.exclude).map_err(|e| format!("exclude: {e}"))?;
    options.jobs = scan.reading.jobs.map_or(0, std::num::NonZeroUsize::get);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs).stack_size(STACK / 8).build();
    Ok((options, pool.map_err(|e| format!("cannot start threads: {e}"))?))
}

fn scan(scan: &Scan, print: &Print) -> u8 {
    let start = Instant::now();
    let (settings, knowledge) = match prepare(scan) {
        Ok(prepared) => prepared,
        Err(message) => return fail(&message),
    };
    let bar = progress(scan, print);
    let analysis = match read(&settings, &knowledge, scan) {
        Ok(analysis) => analysis,
        Err(message) => return fail(&message),
    };
    bar.finish_and_clear();
    let Some(page) = page::page(settings.check) else { return fail("there is no such check") };
    let selection = Selection {
        select: settings.select.clone(),
        ignore: settings.ignore.clone(),
        gates: settings.config.gates.iter().map(|g| g.value.clone()).collect(),
        min_confidence: None,
    };
    let subject = RuleSubject {
        model: &analysis.model,
        expected_task_seconds: settings.config.expected_task_seconds.as_ref().map(|s| s.value),
        preview: settings.config.preview,
    };
    let silenced = quiet(check::find(&subject, &selection), &analysis, &settings);
    if !silenced.errors.is_empty() {
        silenced.errors.iter().for_each(|e| say(&format!("error: {}", report::escaped(&e.to_string()))));
        return USAGE;
    }
    let mut kept = silenced.kept;
    kept.retain(|f| settings.reports(f.confidence));
    let outcome = check::conclude(page, &subject, kept, &silenced.suppressed, &selection);
    let report = Report {
        check: page.check,
        title: &page.title,
        verdicts: &outcome.verdicts,
        findings: &outcome.findings,
        suppressed: &silenced.suppressed,
        issues: outcome.issues,
        result: &outcome.result,
        severity: outcome.severity,
        severity_words: page.severity.of(outcome.severity),
        model: &analysis.model,
        files: &analysis.files,
        elapsed_ms: scan.timings.then(|| u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)),
    };
    let target = Target::new(scan.output.as_deref());
    let ink = Ink::decide(print.color, print.ascii, target.is_terminal());
    let text = match scan.format {
        cli::Format::Json => report::json::render(&report),
        cli::Format::Human if scan.verbose => report::verbose::render(&report, ink),
        cli::Format::Human => report::human::render(&report, ink),
    };
    if let Err(error) = target.write(&text) {
        return fail(&error.to_string());
    }
    if !print.quiet {
        let config = settings.config_file.as_deref().unwrap_or(Path::new("clawproof.yaml")).display();
        for (place, message) in &analysis.model.unmatched {
            say(&format!("warning: {config}:{}:{}: {}", place.line, place.column, report::escaped(message)));
        }
        silenced.unused.iter().for_each(|note| say(&format!("warning: {}", report::escaped(&note.to_string()))));
        closing(&report);
    }
    let incomplete = scan.strict && analysis.model.coverage.skipped.iter().any(|_| true);
    let found = outcome.findings.iter().any(|f| !f.advice && settings.fails(f.severity));
    match (incomplete, found) {
        (true, _) => INCOMPLETE,
        (_, true) => FOUND,
        _ => 0,
    }
}

/// What a run tells at its end on standard error: what was looked at, and what to do next.
fn closing(report: &Report) {
    let ink = Ink::PLAIN;
    if let Some(nothing) = report::inspected::nothing_recognised(report, ink) {
        say(nothing.trim_end());
    }
    if std::io::stderr().is_terminal() {
        say(&report::inspected::line(report, ink));
        if let Some(next) = report::inspected::next(report) {
            say(&next);
        }
    }
}

fn progress(scan: &Scan, print: &Print) -> ProgressBar {
    if print.quiet || scan.reading.no_progress || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner().with_message("reading");
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(PATIENCE);
    bar
}

fn quiet(found: Vec<Finding>, analysis: &Analysis, settings: &Settings) -> suppress::Outcome {
    let ids: Vec<&str> = RULES.iter().map(|r| r.id).collect();
    let comments = |file: FileId| -> &[Comment] {
        let at = analysis.comments.binary_search_by_key(&file, |(f, _)| *f);
        at.map_or(&[], |i| analysis.comments[i].1.as_slice())
    };
    let cover = |finding: &Finding| -> Span {
        let at = analysis.facts.binary_search_by_key(&finding.site.file, |(f, _)| *f);
        at.map_or(finding.site.span, |i| covering(&analysis.facts[i].1, finding.site.span))
    };
    let ran = |rule: &str| check::rule(rule).is_some_and(|r| settings.runs(r.id, r.row));
    let by_path = |path: &str, rule: &str, row: &str| settings.path_ignores.ignores(path, rule, row);
    silence(found, &Context { files: &analysis.files, comments: &comments, cover: &cover, known: &ids, ran: &ran, by_path: &by_path })
}

/// The statement around a place: all of a simple one, the header of one with a body, a definition's decorators and header.
fn covering(facts: &FileFacts, site: Span) -> Span {
    for function in facts.functions.iter().skip(1) {
        if function.name_span == site {
            return Span::new(function.span.start, site.end);
        }
    }
    let around = facts.stmts.iter().filter(|s| s.span.contains(site));
    let Some(inner) = around.min_by_key(|s| s.span.end - s.span.start) else { return site };
    let body = inner.kind.blocks().into_iter().flatten().map(|s| facts.stmt(*s).span.start).min();
    match (&inner.kind, body) {
        (StmtKind::Define(_) | StmtKind::DefineClass(_), _) | (_, None) => inner.span,
        (_, Some(start)) => Span::new(inner.span.start, start.max(site.end)),
    }
}

fn explain(id: &str) -> u8 {
    match check::rule(id) {
        Some(rule) => written(Target::Stdout.write(rule.page)),
        None => {
            let near = crate::nearest::nearest(id, RULES.iter().map(|r| r.id));
            fail(&match near {
                Some(near) => format!("there is no rule \"{id}\"; did you mean \"{near}\"?"),
                None => format!("there is no rule \"{id}\"; `clawproof rules` lists them"),
            })
        }
    }
}

fn rules(format: cli::Format) -> u8 {
    let text = match format {
        cli::Format::Human => RULES.iter().fold(String::new(), |text, r| {
            let severity = if r.advice { "advice" } else { r.severity.word() };
            text + &format!("{:24} {:18} {severity}\n", r.id, r.row)
        }),
        cli::Format::Json => {
            let all: Vec<_> = RULES
                .iter()
                .map(|r| serde_json::json!({"id": r.id, "row": r.row, "severity": r.severity.word(), "advice": r.advice, "remedy": r.remedy}))
                .collect();
            format!("{:#}\n", serde_json::Value::Array(all))
        }
    };
    written(Target::Stdout.write(&text))
}

fn debug(stage: Stage, settings: &Settings, knowledge: &Knowledge, scan: &Scan) -> u8 {
    if stage == Stage::Effects {
        return match means(settings, scan) {
            Ok((options, pool)) => written(Target::Stdout.write(&summaries(&settings.path, &options, &settings.config, knowledge, &pool))),
            Err(message) => fail(&message),
        };
    }
    let analysis = match read(settings, knowledge, scan) {
        Ok(analysis) => analysis,
        Err(message) => return fail(&message),
    };
    let text = match stage {
        Stage::Facts => {
            let all: serde_json::Map<String, serde_json::Value> = analysis
                .facts
                .iter()
                .map(|(file, facts)| (analysis.files[file.index()].path.clone(), serde_json::to_value(facts).unwrap_or_default()))
                .collect();
            format!("{:#}\n", serde_json::Value::Object(all))
        }
        Stage::Model | Stage::Effects => format!("{:#?}\n", analysis.model),
    };
    written(Target::Stdout.write(&text))
}

fn written(result: std::io::Result<()>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(message: &str) -> u8 {
    say(&format!("clawproof: {message}"));
    USAGE
}

/// One message on standard error; that it may be closed is nobody's problem.
fn say(message: &str) {
    let lines: Vec<_> = message.lines().map(report::escaped).collect();
    let _ = writeln!(std::io::stderr(), "{}", lines.join("\n"));
}
