//! The whole run against a bare parse: how much the analysis costs on top of reading syntax.
//!
//! `cargo bench --bench whole_run` measures, in one process and on the same threads, a run of the program (walk, read,
//! load the packs, analyse, check) and a tree-sitter parse of the same Python texts that already lie in memory. Rounds are
//! interleaved, so that a noisy machine disturbs both alike. The same is done for two halves of the code: where cost
//! grows in a straight line, the halves take together what the whole takes.
//!
//! The code is a folder named by `CLAWPROOF_BENCH_DIR`; without it, published packages that `python3 -m pip` downloads once
//! into the target folder. Nothing of them is ever run. `CLAWPROOF_BENCH_ROUNDS` and `CLAWPROOF_BENCH_JOBS` set the number
//! of rounds and threads.

use clawproof::analysis::{Depth, STACK, analyse};
use clawproof::check::{self, Selection, Subject, page};
use clawproof::config::Config;
use clawproof::discover::{self, Options};
use clawproof::knowledge::Knowledge;
use clawproof::source::{Language, SourceFile};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tree_sitter::Parser;

/// The program's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Packages of pure Python, with their versions, so that numbers of different days can be compared. They use databases,
/// caches, queues and models: code that the analysis has something to do with.
const PACKAGES: [&str; 11] = [
    "ansible-core==2.21.5",
    "apache-airflow-core==3.3.2",
    "celery==5.7.0",
    "crewai==1.15.30",
    "django==6.1.3",
    "langchain-community==0.4.2",
    "langgraph==1.2.22",
    "networkx==3.7",
    "openai-agents==0.24.0",
    "pydantic-ai-slim==2.68.0",
    "sqlalchemy==2.1.9",
];

/// Unpacks the Python files of wheels: each into a folder of its own, which is what a project is.
const UNPACK: &str = "
import pathlib, sys, zipfile
for wheel in pathlib.Path(sys.argv[1]).glob('*.whl'):
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith('.py')]
        archive.extractall(pathlib.Path(sys.argv[2]) / wheel.name.split('-')[0], names)
";

fn main() -> Outcome<()> {
    // `cargo test --benches` builds and starts benches too, without this argument.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("run this with: cargo bench --bench whole_run");
        return Ok(());
    }
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(bench)?;
    worker.join().map_err(|_| "the bench panicked")?
}

fn bench() -> Outcome<()> {
    let root = match std::env::var_os("CLAWPROOF_BENCH_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => download()?,
    };
    let rounds = number("CLAWPROOF_BENCH_ROUNDS")?.unwrap_or(5).max(1);
    let jobs = number("CLAWPROOF_BENCH_JOBS")?.unwrap_or(0);
    let pool = ThreadPoolBuilder::new().num_threads(jobs).stack_size(STACK / 8).build()?;

    // Reading the files here also brings them into the cache of the operating system.
    let mut files = discover::walk(&root, &Options::default()).files;
    files.retain(|file| file.language == Language::Python);
    if files.is_empty() {
        return Err(format!("{} holds no Python files", root.display()).into());
    }
    let (left, right) = halves(&files);
    let mut subjects =
        [Series::new("everything", &files, &[])?, Series::new("one half", &files, &right)?, Series::new("other half", &files, &left)?];
    println!("{}, {} threads, {rounds} rounds", root.display(), pool.current_num_threads());
    for round in 1..=rounds {
        for series in &mut subjects {
            let parsed = timed(|| parse(&series.files, &pool))?;
            let ran = timed(|| run(&root, &series.options, &pool))?;
            println!("round {round}, {}: parse {:.3}s, run {:.3}s", series.name, parsed.as_secs_f64(), ran.as_secs_f64());
            series.parses.push(parsed);
            series.runs.push(ran);
        }
    }
    println!("{:12} {:>7} {:>9}   {:>17}   {:>17}   ratio (min, median)", "", "files", "lines", "parse min/median", "run min/median");
    subjects.iter().for_each(Series::print);
    let [whole, one, other] = &subjects;
    println!("the halves take {:.2} of the time of everything", (least(&one.runs) + least(&other.runs)) / least(&whole.runs));
    Ok(())
}

/// The measurements of one set of files.
struct Series<'a> {
    name: &'static str,
    files: Vec<&'a SourceFile>,
    options: Options,
    parses: Vec<Duration>,
    runs: Vec<Duration>,
}

impl<'a> Series<'a> {
    /// All files but those below the groups that are left out.
    fn new(name: &'static str, files: &'a [SourceFile], left_out: &[String]) -> Outcome<Self> {
        let globs: Vec<String> = left_out.iter().map(|group| format!("/{}", globset::escape(group))).collect();
        let options = Options { jobs: number("CLAWPROOF_BENCH_JOBS")?.unwrap_or(0), ..Options::excluding(&globs)? };
        let inside =
            |path: &str, group: &String| path.strip_prefix(group.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let files = files.iter().filter(|file| !left_out.iter().any(|group| inside(&file.path, group))).collect();
        Ok(Series { name, files, options, parses: Vec::new(), runs: Vec::new() })
    }

    fn print(&self) {
        let lines: usize = self.files.iter().map(|file| file.text.lines().count()).sum();
        let (parse, run) = ((least(&self.parses), median(&self.parses)), (least(&self.runs), median(&self.runs)));
        println!(
            "{:12} {:>7} {lines:>9}   {:>7.3}s {:>7.3}s   {:>7.3}s {:>7.3}s   {:.2}, {:.2}",
            self.name,
            self.files.len(),
            parse.0,
            parse.1,
            run.0,
            run.1,
            run.0 / parse.0,
            run.1 / parse.1
        );
    }
}

/// Two sets of folders with about as many lines each: the first level of folders on which no single one holds most of them.
fn halves(files: &[SourceFile]) -> (Vec<String>, Vec<String>) {
    let total: usize = files.iter().map(|file| file.text.len()).sum();
    let mut groups = BTreeMap::new();
    for depth in 1..=5 {
        groups.clear();
        for file in files {
            let cut = file.path.match_indices('/').nth(depth - 1).map_or(file.path.len(), |(at, _)| at);
            *groups.entry(file.path[..cut].to_owned()).or_insert(0) += file.text.len();
        }
        if groups.values().all(|bytes| *bytes <= total / 2) {
            break;
        }
    }
    let mut groups: Vec<(String, usize)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let (mut left, mut right) = ((Vec::new(), 0), (Vec::new(), 0));
    for (group, bytes) in groups {
        let lighter = if left.1 <= right.1 { &mut left } else { &mut right };
        lighter.0.push(group);
        lighter.1 += bytes;
    }
    (left.0, right.0)
}

/// What is compared with: syntax trees of all texts, made and dropped.
fn parse(files: &[&SourceFile], pool: &ThreadPool) -> Outcome<()> {
    let language = tree_sitter::Language::new(tree_sitter_python::LANGUAGE);
    pool.install(|| {
        files.par_iter().try_for_each_init(
            || {
                let mut parser = Parser::new();
                parser.set_language(&language).map(|()| parser)
            },
            |parser, file| {
                let parser = parser.as_mut().map_err(|error| error.to_string())?;
                black_box(parser.parse(&file.text, None).ok_or("no tree")?);
                Ok(())
            },
        )
    })
}

/// What `clawproof PATH` does, short of printing.
fn run(root: &Path, options: &Options, pool: &ThreadPool) -> Outcome<()> {
    let knowledge = Knowledge::embedded()?;
    let analysis = analyse(root, options, &Config::default(), &knowledge, pool, Depth::Needed);
    let subject = Subject { model: &analysis.model, expected_task_seconds: None, preview: false };
    let selection = Selection::default();
    let found = check::find(&subject, &selection);
    let page = page::page(10).ok_or("there is no check 10")?;
    black_box(check::conclude(page, &subject, found, &[], &selection));
    Ok(())
}

/// The packages, unpacked below the target folder; what an earlier run left there is used again.
fn download() -> Outcome<PathBuf> {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let home = tmp.parent().unwrap_or(tmp).join("bench-corpus");
    let (wheels, code, list) = (home.join("wheels"), home.join("code"), home.join("packages.txt"));
    let wanted = PACKAGES.join("\n");
    if std::fs::read_to_string(&list).is_ok_and(|have| have == wanted) {
        return Ok(code);
    }
    println!("downloading {} packages with pip into {}", PACKAGES.len(), home.display());
    for old in [&wheels, &code] {
        if old.exists() {
            std::fs::remove_dir_all(old)?;
        }
        std::fs::create_dir_all(old)?;
    }
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]);
    // Wheels of pure Python, whatever runs pip here.
    pip.args(["--python-version", "3.13", "--implementation", "py", "--abi", "none", "--platform", "any"]);
    done(pip.arg("--dest").arg(&wheels).args(PACKAGES), "pip download")?;
    done(Command::new("python3").args(["-c", UNPACK]).arg(&wheels).arg(&code), "unpacking")?;
    std::fs::write(&list, wanted)?;
    Ok(code)
}

fn done(command: &mut Command, what: &str) -> Outcome<()> {
    let hint = "set CLAWPROOF_BENCH_DIR to a folder of Python code to do without";
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{what} failed ({status}); {hint}").into()),
        Err(error) => Err(format!("{what} cannot be started ({error}); {hint}").into()),
    }
}

fn number(variable: &str) -> Outcome<Option<usize>> {
    let Ok(text) = std::env::var(variable) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| format!("{variable} is no number: {text}").into())
}

fn timed(work: impl FnOnce() -> Outcome<()>) -> Outcome<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn least(times: &[Duration]) -> f64 {
    times.iter().min().map_or(f64::NAN, Duration::as_secs_f64)
}

fn median(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).map_or(f64::NAN, Duration::as_secs_f64)
}
