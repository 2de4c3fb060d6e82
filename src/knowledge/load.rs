//! Where packs come from: the blob that `build.rs` made, and folders of YAML named by the user.

use super::check::check;
use super::problem::{PackError, Problem};
use super::read::{PackFile, is_pack_name, read};
use super::vocabulary::Pack;
use std::path::{Path, PathBuf};

static EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/packs.bin"));

/// The packs that are part of the program.
pub(super) fn embedded() -> Result<Vec<PackFile>, PackError> {
    decode(EMBEDDED)
}

/// Packs from the blob that `build.rs` writes.
pub(super) fn decode(blob: &[u8]) -> Result<Vec<PackFile>, PackError> {
    match postcard::from_bytes::<Vec<(String, Pack)>>(blob) {
        Ok(packs) => Ok(packs.into_iter().map(|(path, pack)| PackFile { path, text: String::new(), pack }).collect()),
        Err(error) => {
            let message = format!("the packs in the program cannot be read: {error}");
            Err(Problem::about_file("clawproof", message, "install clawproof again").into())
        }
    }
}

/// The packs of the given folders and files, checked on top of those `below`.
pub(super) fn from_folders(below: &[PackFile], folders: &[PathBuf]) -> Result<Vec<PackFile>, PackError> {
    let mut packs = Vec::new();
    let mut problems = Vec::new();
    for folder in folders {
        match pack_paths(folder) {
            Ok(paths) => paths.iter().for_each(|path| match read_path(path) {
                Ok(pack) => packs.push(pack),
                Err(problem) => problems.push(problem),
            }),
            Err(problem) => problems.push(problem),
        }
    }
    // A pack that cannot be read declares nothing, and others would be blamed for naming its types.
    if problems.is_empty() {
        problems = check(below, &packs);
    }
    if problems.is_empty() { Ok(packs) } else { Err(PackError::new(problems)) }
}

fn read_path(path: &Path) -> Result<PackFile, Problem> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Problem::about_file(&shown, error.to_string(), ""))?;
    read(&shown, text)
}

/// The pack files of a folder, sorted; links are not followed. A file that is named itself is a pack whatever its name.
fn pack_paths(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let shown = folder.display().to_string();
    let mut walk = ignore::WalkBuilder::new(folder);
    walk.standard_filters(false).follow_links(false).sort_by_file_path(Path::cmp);
    let mut paths = Vec::new();
    for entry in walk.build() {
        let entry = entry.map_err(|error| Problem::about_file(&shown, error.to_string(), ""))?;
        let named = entry.depth() == 0 || entry.file_name().to_str().is_some_and(is_pack_name);
        if named && entry.path().is_file() {
            paths.push(entry.into_path());
        }
    }
    if paths.is_empty() {
        return Err(Problem::about_file(&shown, "no pack stands here", "name a folder that holds packs (`*.yaml`)"));
    }
    Ok(paths)
}
