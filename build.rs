//! Checks the packs under `rules/` and embeds them compiled: reading that much YAML at start would cost more than
//! scanning a small repository. A broken pack fails the build with its file, line and field.

#[path = "src/knowledge/check.rs"]
mod check;
#[path = "src/knowledge/locate.rs"]
mod locate;
#[path = "src/knowledge/place.rs"]
mod place;
#[path = "src/knowledge/problem.rs"]
mod problem;
#[path = "src/knowledge/read.rs"]
mod read;
#[path = "src/knowledge/rows.rs"]
mod rows;
#[path = "src/knowledge/vocabulary.rs"]
#[allow(dead_code)] // the crate uses what the build does not
mod vocabulary;

use problem::{PackError, Problem};
use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let rules = root.join("rules");
    println!("cargo:rerun-if-changed={}", rules.display());
    let packs = match packs(&root, &rules) {
        Ok(packs) => packs,
        Err(error) => {
            for problem in &error.problems {
                println!("cargo::error={problem}");
            }
            std::process::exit(1);
        }
    };
    let embedded: Vec<(&str, &vocabulary::Pack)> = packs.iter().map(|file| (file.path.as_str(), &file.pack)).collect();
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("packs.bin"), postcard::to_stdvec(&embedded)?)?;
    Ok(())
}

/// All packs, checked; none where there is no `rules/`.
fn packs(root: &Path, rules: &Path) -> Result<Vec<read::PackFile>, PackError> {
    if !rules.is_dir() {
        return Ok(Vec::new());
    }
    let mut packs = Vec::new();
    let mut problems = Vec::new();
    for entry in walkdir::WalkDir::new(rules).sort_by_file_name() {
        let entry = entry.map_err(|error| Problem::about_file("rules", error.to_string(), ""))?;
        if !entry.file_type().is_file() || !entry.file_name().to_str().is_some_and(read::is_pack_name) {
            continue;
        }
        println!("cargo:rerun-if-changed={}", entry.path().display());
        let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let path = relative.to_string_lossy().replace('\\', "/");
        let text = std::fs::read_to_string(entry.path());
        let pack = text.map_err(|error| Problem::about_file(&path, error.to_string(), ""));
        match pack.and_then(|text| read::read(&path, text)) {
            Ok(pack) => packs.push(pack),
            Err(problem) => problems.push(problem),
        }
    }
    // A pack that cannot be read declares nothing, and others would be blamed for naming its types.
    if problems.is_empty() {
        problems = check::check(&[], &packs);
    }
    if problems.is_empty() { Ok(packs) } else { Err(PackError::new(problems)) }
}
