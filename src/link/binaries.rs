//! Which programs a crate builds, and from which file each of them.
//!
//! As cargo has it: `[[bin]]` of the manifest, and beside that `src/main.rs` under the package's name, `src/bin/tool.rs` and
//! `src/bin/tool/main.rs` under their own.

use crate::facts::{Document, NodeId};

/// A program that a crate of the project builds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binary {
    /// What it is called.
    pub name: String,
    /// The package that it is part of.
    pub package: String,
    /// The package's folder, with its final slash; empty for the top.
    pub folder: String,
    /// The file that holds its `main`.
    pub path: String,
}

/// The programs of a package: its folder, its manifest, and the files that there are.
pub fn binaries<'f>(folder: &str, manifest: &Document, files: impl Iterator<Item = &'f str>) -> Vec<Binary> {
    let named = |node: NodeId, key: &str| manifest.get(node, key).and_then(|n| manifest.text(n)).map(str::to_string);
    let Some(root) = manifest.root else { return Vec::new() };
    let Some(package) = manifest.get(root, "package").and_then(|p| named(p, "name")) else { return Vec::new() };
    let mut found: Vec<Binary> = Vec::new();
    let binary = |name: &str, path: &str| Binary {
        name: name.into(),
        package: package.clone(),
        folder: folder.into(),
        path: format!("{folder}{path}"),
    };
    let here: Vec<&str> = files.filter_map(|path| path.strip_prefix(folder)).filter(|path| main_of(path).is_some()).collect();
    for entry in manifest.get(root, "bin").map(|list| manifest.items(list)).unwrap_or_default() {
        let Some(name) = named(*entry, "name") else { continue };
        let usual = [format!("src/bin/{name}.rs"), format!("src/bin/{name}/main.rs"), "src/main.rs".to_string()];
        let path = named(*entry, "path").or_else(|| usual.into_iter().find(|path| here.contains(&path.as_str())));
        found.extend(path.map(|path| binary(&name, path.trim_start_matches("./"))));
    }
    for path in here {
        let name = main_of(path).filter(|name| !name.is_empty()).unwrap_or(&package);
        let own = binary(name, path);
        if !found.iter().any(|b| b.path == own.path) {
            found.push(own);
        }
    }
    found.sort();
    found
}

/// What a program is called whose `main` stands in this file of a package by custom; empty where it is called as the package.
fn main_of(path: &str) -> Option<&str> {
    if path == "src/main.rs" {
        return Some("");
    }
    let below = path.strip_prefix("src/bin/")?.strip_suffix(".rs")?;
    let name = below.strip_suffix("/main").unwrap_or(below);
    (!name.contains('/')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_called_by_custom() {
        let called = [
            ("src/main.rs", Some("")),
            ("src/bin/sweep.rs", Some("sweep")),
            ("src/bin/sweep/main.rs", Some("sweep")),
            ("src/bin/sweep/rows.rs", None),
            ("src/lib.rs", None),
            ("tools/src/main.rs", None),
        ];
        for (path, name) in called {
            assert_eq!(main_of(path), name, "{path}");
        }
    }
}
