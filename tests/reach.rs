//! Nothing is lost where code is not read that no actor is connected with: every fixture gives the same findings and rows
//! as where all of it is read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use clawproof::analysis::{Analysis, Depth, STACK, analyse};
use clawproof::check::{self, Selection, Subject};
use clawproof::config::Config;
use clawproof::discover::Options;
use clawproof::knowledge::Knowledge;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use support::{Tree, project};

/// Every folder that is a case: those of rules and libraries lie two levels deep, systems one.
fn cases() -> Vec<PathBuf> {
    let fixtures = project().join("fixtures");
    let mut folders = BTreeSet::new();
    for (path, _) in support::files(&fixtures) {
        let parts: Vec<&str> = path.split('/').collect();
        let depth = match parts[0] {
            "rules" => 3,
            "libraries" => 3,
            "systems" => 2,
            _ => 1,
        };
        if parts.len() > depth {
            folders.insert(fixtures.join(parts[..depth].join("/")));
        }
    }
    folders.into_iter().collect()
}

fn read(folder: &Path, knowledge: &Knowledge, pool: &rayon::ThreadPool, depth: Depth) -> Analysis {
    analyse(folder, &Options::default(), &Config::default(), knowledge, pool, depth)
}

/// All that a run would say of the actors and their faults.
fn said(analysis: &Analysis) -> Vec<String> {
    let subject = Subject { model: &analysis.model, expected_task_seconds: None, preview: false };
    let findings = check::find(&subject, &Selection::default());
    let actors = analysis.model.actors.iter().map(|a| format!("{} {:?}", a.id, a.site));
    let resources = analysis.model.resources.iter().map(|r| format!("{} {:?} {:?}", r.id, r.readers, r.writers));
    actors.chain(resources).chain(findings.iter().map(|f| format!("{f:?}"))).collect()
}

/// The tests' own threads have small stacks.
fn with_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join().unwrap();
}

#[test]
fn what_is_not_read_would_have_said_nothing() {
    let cases = cases();
    assert!(cases.len() > 50, "few fixtures: {}", cases.len());
    let pool = rayon::ThreadPoolBuilder::new().stack_size(STACK).build().unwrap();
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(STACK / 8).build().unwrap();
    let knowledge = Knowledge::embedded().unwrap();
    let wrong: Vec<String> = pool.install(|| {
        let differing = cases.par_iter().filter(|case| {
            let all = said(&read(case, &knowledge, &alone, Depth::Everything));
            [Depth::Needed, Depth::Checked].iter().any(|depth| said(&read(case, &knowledge, &alone, *depth)) != all)
        });
        differing.map(|case| case.display().to_string()).collect()
    });
    assert_eq!(wrong, [] as [&str; 0]);
}

#[test]
fn what_no_actor_is_connected_with_is_not_lowered() {
    with_stack(|| {
        let tree = Tree::of(&[
            ("agent.py", "import store\nfrom agents import Agent\nagent = Agent(name='a')\n"),
            ("store.py", "def save(): pass\n"),
            ("main.py", "from agent import agent\n"),
            ("apart.py", "def f(): pass\n"),
            ("noted.py", "x = 1  # clawproof: ignore[lost-update] nothing\n"),
            ("broken.py", "def f(:\n"),
        ]);
        // More code than what is parsed for its syntax alone.
        for n in 0..3 {
            tree.write(&format!("filler_{n}.py"), format!("x = \"{}\"\n", "a".repeat(1000)).repeat(1000));
        }
        let knowledge = Knowledge::embedded().unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(STACK / 8).build().unwrap();
        let names = |depth| {
            let analysis = read(tree.path(), &knowledge, &pool, depth);
            let path = |file: clawproof::source::FileId| analysis.files[file.index()].path.clone();
            let lowered: Vec<String> = analysis.facts.iter().map(|(file, _)| path(*file)).collect();
            let parsed: Vec<String> = analysis.comments.iter().map(|(file, _)| path(*file)).collect();
            let skipped: Vec<String> = analysis.model.coverage.skipped.iter().map(|(path, _)| path.clone()).collect();
            assert_eq!(analysis.model.coverage.languages["python"], 9);
            (lowered, parsed, skipped)
        };
        let (lowered, parsed, skipped) = names(Depth::Needed);
        assert_eq!(lowered, ["agent.py", "main.py", "store.py"]);
        assert_eq!(parsed, ["agent.py", "main.py", "noted.py", "store.py"], "a silencing comment is read wherever it stands");
        assert_eq!(skipped, [] as [&str; 0]);
        let (lowered, parsed, skipped) = names(Depth::Checked);
        assert_eq!((lowered.len(), parsed.len()), (3, 9));
        assert_eq!(skipped, ["broken.py"]);
    });
}
