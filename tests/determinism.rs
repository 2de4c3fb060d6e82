//! The same input gives the same bytes: from run to run, on any number of threads, whatever the order of the file system.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use support::{Tree, files, project};

/// Everything that a run may print.
const FORMS: [&[&str]; 3] = [&[], &["--verbose"], &["--format", "json"]];

/// Files with several findings, actors and skipped files: the reference repository, and beside it two that fail.
fn input() -> Vec<(String, Vec<u8>)> {
    let mut files = files(&project().join("fixtures/inventory-platform"));
    files.retain(|(path, _)| path != "clawproof.yaml");
    for name in ["notes", "todos", "drafts"] {
        let text = format!(
            "import json\n\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.post(\"/{name}\")\ndef add(text: str) -> int:\n    \
             with open(\"data/{name}.json\") as file:\n        known = json.load(file)\n    known.append(text)\n    \
             with open(\"data/{name}.json\", \"w\") as file:\n        json.dump(known, file)\n    return len(known)\n"
        );
        files.push((format!("tools/{name}.py"), text.into_bytes()));
        files.push((format!("tools/broken_{name}.py"), b"def f(:\n  x = 1\n".to_vec()));
        files.push((format!("tools/{name}.yaml"), b"a: [1\n".to_vec()));
    }
    files
}

fn tree<'a>(files: impl Iterator<Item = &'a (String, Vec<u8>)>) -> Tree {
    let tree = Tree::new();
    files.for_each(|(path, bytes)| tree.write(path, bytes));
    tree
}

#[test]
fn the_same_tree_gives_the_same_bytes() {
    let files = input();
    let there = tree(files.iter());
    for form in FORMS {
        let first = there.run(form);
        assert!(first.code == 1 && first.out.len() > 500, "{form:?}: {}", first.err);
        for jobs in ["1", "2", "7"] {
            let again = there.run(&[form, &["--jobs", jobs]].concat());
            assert_eq!((&again.out, &again.err), (&first.out, &first.err), "{form:?} --jobs {jobs}");
        }
    }
}

#[test]
fn the_order_in_which_files_were_made_does_not_matter() {
    let files = input();
    let there = tree(files.iter());
    let back = tree(files.iter().rev());
    let (even, odd): (Vec<_>, Vec<_>) = files.iter().enumerate().partition(|(index, _)| index % 2 == 0);
    let mixed = tree(odd.iter().chain(&even).map(|(_, file)| *file));
    for form in FORMS {
        let first = there.run(form).out;
        assert_eq!(back.run(form).out, first, "{form:?}, made backwards");
        assert_eq!(mixed.run(form).out, first, "{form:?}, made in mixed order");
    }
}

#[test]
fn ids_do_not_depend_on_lines_and_neighbours() {
    let one = |text: &str| {
        let tree = Tree::new();
        tree.write("app.py", text);
        let report = tree.json(&[]);
        let finding = report["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "lost-update").unwrap().clone();
        (finding["id"].clone(), finding["fingerprint"].clone(), finding["line"].clone())
    };
    let files = input();
    let text = String::from_utf8(files.iter().find(|(path, _)| path == "tools/notes.py").unwrap().1.clone()).unwrap();
    let (id, fingerprint, line) = one(&text);
    let (moved_id, moved_fingerprint, moved_line) = one(&format!("# A comment.\n\n{}", text.replace("known", "before")));
    assert_eq!((id, fingerprint), (moved_id, moved_fingerprint));
    assert_ne!(line, moved_line);
}
