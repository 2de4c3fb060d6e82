//! Every row of every pack is held to a fixture: a row that nothing exercises is a claim that nobody has seen come true.
//!
//! `fixtures/libraries/<language>/<library>/` holds small programs that use a library as its documentation does. A comment
//! at the end of a line, or alone on a line before it, says what the library does there:
//!
//! ```text
//! client.set("stock", 5)  # means: put cache redis:stock value=5 decides
//! ```
//!
//! That is one use of one row, in the words of `src/effects/meaning.rs`: what is done, to what, and all else that the row
//! says of this call. The words must be the same as those of the run. A row counts as exercised where a marker spoke of it;
//! a line may have uses without a marker, and they count for nothing.
//!
//! To see what a line means, write `# means: ?` and run the test. `CLAWPROOF_FIXTURES=DIR` takes the fixtures from another
//! folder, `CLAWPROOF_RULES=DIR` the packs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use clawproof::analysis::{self, Depth, STACK, Wanted};
use clawproof::config::Config;
use clawproof::discover::{Options, walk};
use clawproof::knowledge::{Knowledge, RowId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use support::project;

const INTRODUCERS: [&str; 3] = ["# means:", "// means:", "-- means:"];

/// What a marker says of a line, from 1.
struct Marker {
    line: usize,
    meaning: String,
}

/// The marker on a line, and whether the line holds nothing else.
fn on_line(line: &str) -> Option<(&str, bool)> {
    let (at, introducer) = INTRODUCERS.iter().find_map(|i| Some((line.find(i)?, i)))?;
    Some((line[at + introducer.len()..].trim(), line[..at].trim().is_empty()))
}

fn markers(text: &str) -> Vec<Marker> {
    let lines: Vec<&str> = text.lines().collect();
    let mut markers = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some((meaning, alone)) = on_line(line) else { continue };
        let next = |from: usize| (from..lines.len()).find(|l| on_line(lines[*l]).is_none_or(|(_, alone)| !alone));
        let spoken_of = if alone { next(index + 1).unwrap_or(index) } else { index };
        markers.push(Marker { line: spoken_of + 1, meaning: meaning.to_owned() });
    }
    markers
}

/// What one case showed.
#[derive(Default)]
struct Shown {
    /// Rows of which a marker spoke.
    rows: BTreeSet<RowId>,
    /// Where markers and run differ.
    wrong: Vec<String>,
}

/// Runs one case and holds its markers against what its rows came to.
fn case(folder: &Path, knowledge: &Knowledge) -> Shown {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(STACK).build().unwrap();
    let found = walk(folder, &Options::default());
    let analysis = pool.install(|| analysis::analyse_files(found, &Config::default(), knowledge, &pool, Depth::Everything, Wanted::Uses));
    let mut uses: BTreeMap<(&str, usize), Vec<(&str, RowId)>> = BTreeMap::new();
    for used in &analysis.uses {
        let file = &analysis.files[used.site.file.0 as usize];
        let line = file.lines.line(used.site.span.start) as usize;
        uses.entry((file.path.as_str(), line)).or_default().push((used.meaning.as_str(), used.row));
    }
    let mut shown = Shown::default();
    for file in &analysis.files {
        for marker in markers(&file.text) {
            let at_line = uses.get(&(file.path.as_str(), marker.line)).map_or(&[][..], Vec::as_slice);
            let rows: Vec<RowId> = at_line.iter().filter(|(meaning, _)| *meaning == marker.meaning).map(|(_, row)| *row).collect();
            if rows.is_empty() {
                let meanings: BTreeSet<&str> = at_line.iter().map(|(meaning, _)| *meaning).collect();
                let meant = if meanings.is_empty() { "no row".to_owned() } else { meanings.into_iter().collect::<Vec<_>>().join(" | ") };
                shown.wrong.push(format!(
                    "{}/{}:{}: expected: {}\n    but used: {meant}",
                    name(folder),
                    file.path,
                    marker.line,
                    marker.meaning
                ));
            }
            shown.rows.extend(rows);
        }
    }
    shown
}

/// `<language>/<library>`.
fn name(folder: &Path) -> String {
    let parts: Vec<_> = folder.components().rev().take(2).map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
    format!("{}/{}", parts[1], parts[0])
}

fn folder(variable: &str, default: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| project().join(default), PathBuf::from)
}

/// The cases: two folders below the root.
fn cases(root: &Path) -> Vec<PathBuf> {
    let below = |folder: &Path| -> Vec<PathBuf> {
        let mut below: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
        below.sort();
        below
    };
    below(root).iter().flat_map(|language| below(language)).collect()
}

#[test]
fn every_row_is_exercised_and_means_what_its_fixture_says() {
    let root = folder("CLAWPROOF_FIXTURES", "fixtures").join("libraries");
    let rules = folder("CLAWPROOF_RULES", "rules");
    let knowledge = Knowledge::only(std::slice::from_ref(&rules)).unwrap();
    let mut wrong = Vec::new();
    let mut exercised: BTreeSet<RowId> = BTreeSet::new();
    for folder in cases(&root) {
        let shown = case(&folder, &knowledge);
        wrong.extend(shown.wrong);
        exercised.extend(shown.rows);
    }
    for row in knowledge.listed().iter().filter(|row| !exercised.contains(&row.id)) {
        let file = Path::new(&row.file).strip_prefix(&rules).unwrap().to_string_lossy().replace('\\', "/");
        wrong.push(format!("rules/{file}: {} ({}): no fixture exercises it", row.field, row.names.join(", ")));
    }
    assert!(
        wrong.is_empty(),
        "{}\n\nA row needs a line under fixtures/libraries/<language>/<library>/ that uses it, with a marker `# means: …` that says what it \
         does; write `# means: ?` to see what the run makes of the line, and check that against the library's documentation.",
        wrong.join("\n")
    );
}

#[test]
fn a_marker_that_says_something_else_is_told() {
    let tree = support::Tree::of(&[
        (
            "rules/p.yaml",
            "pack: p\nlanguage: python\nsources: [a test]\nroots: [shop]\nstore: shop\nfunctions:\n  - {name: [shop.save], effect: write, kind: cache, resource: 0, value: [1]}\n",
        ),
        ("python/p/a.py", "import shop\n\nshop.save('stock', 5)  # means: put cache shop:stock value=5\n"),
        (
            "python/p/b.py",
            "import shop\n\nshop.save('stock', 5)  # means: read cache shop:stock\n# means: put cache shop:stock value=5\nprint('stock')\n",
        ),
    ]);
    let knowledge = Knowledge::only(&[tree.at("rules")]).unwrap();
    let shown = case(&tree.at("python/p"), &knowledge);
    assert_eq!(
        shown.wrong,
        [
            "python/p/b.py:3: expected: read cache shop:stock\n    but used: put cache shop:stock value=5",
            "python/p/b.py:5: expected: put cache shop:stock value=5\n    but used: no row"
        ]
    );
    assert_eq!(shown.rows, knowledge.listed().iter().map(|row| row.id).collect());
}
