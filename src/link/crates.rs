//! Which file a path of Rust means.
//!
//! Modules are found by where their files lie: `src/store.rs` and `src/store/mod.rs` are `crate::store`, `lib.rs` and
//! `main.rs` the root. What lies below the last `src` of a path is one crate; crates of the workspace are known by the name
//! in their manifest, else by their folder's.

use crate::facts::Name;
use rustc_hash::{FxHashMap, FxHashSet};

/// A crate of the workspace, as its manifest says: its folder from PATH, and its name.
pub type CrateName = (String, String);

/// Paths of the project's Rust modules.
#[derive(Debug, Default)]
pub struct CratePaths {
    /// Segments of each module's path; `None` for files of other languages.
    segments: Vec<Option<Vec<Name>>>,
    /// How many of them are the crate's root.
    roots: Vec<usize>,
    by_path: FxHashMap<Vec<Name>, u32>,
    /// The `main.rs` beside a `lib.rs`.
    mains: FxHashMap<Vec<Name>, u32>,
    crates: FxHashMap<Name, Vec<Name>>,
    /// The first module below each crate's root.
    first: FxHashMap<Vec<Name>, u32>,
}

impl CratePaths {
    /// Index modules by their paths, relative and with `/`; files of other languages take their places in the count.
    pub fn new<'a>(paths: impl Iterator<Item = &'a str>, names: &[CrateName]) -> Self {
        let mut index = CratePaths::default();
        let paths: Vec<&str> = paths.collect();
        let folders = Folders::of(&paths);
        for path in paths {
            let id = index.segments.len() as u32;
            let Some(stem) = path.strip_suffix(".rs") else {
                index.segments.push(None);
                index.roots.push(0);
                continue;
            };
            let mut segments: Vec<Name> = stem.split('/').map(Name::from).collect();
            let source = segments.iter().rposition(|s| s == "src");
            let last = segments.last().cloned().unwrap_or_default();
            if matches!(last.as_str(), "mod" | "lib" | "main") {
                segments.pop();
            }
            let root = source.map_or_else(|| folders.root_of(path), |at| at + 1);
            // `src/bin/tool.rs` is a crate of its own.
            let binary = segments.get(root).is_some_and(|s| s == "bin") && segments.len() > root + 1;
            let root = if binary { root + 2 } else { root };
            if last == "main" {
                index.mains.insert(segments.clone(), id);
            } else {
                index.by_path.insert(segments.clone(), id);
            }
            if let Some(folder) = source.and_then(|at| at.checked_sub(1)).and_then(|at| segments.get(at)) {
                let name = Name::from(folder.replace('-', "_"));
                index.crates.entry(name).or_insert_with(|| segments[..root.min(segments.len())].to_vec());
            }
            let root = root.min(segments.len());
            index.first.entry(segments[..root].to_vec()).or_insert(id);
            index.segments.push(Some(segments));
            index.roots.push(root);
        }
        for (folder, name) in names {
            let mut root: Vec<Name> = folder.split('/').filter(|s| !s.is_empty()).map(Name::from).collect();
            root.push("src".into());
            index.crates.insert(name.replace('-', "_").into(), root);
        }
        index
    }

    /// The module's own path, as `dotted` names it.
    fn own(&self, module: u32) -> Option<&[Name]> {
        self.segments.get(module as usize)?.as_deref()
    }

    /// The first of the modules that lie in one crate with this one.
    pub fn first_of_crate(&self, module: u32) -> Option<u32> {
        let own = self.own(module)?;
        self.first.get(own.get(..self.roots[module as usize])?).copied()
    }

    /// The root of a module's crate; beside a library, a binary's own root comes second.
    pub fn root(&self, module: u32) -> Option<u32> {
        let own = self.own(module)?;
        let root = own.get(..self.roots[module as usize])?;
        self.at(root)
    }

    /// The other root of the crate: the `main.rs` beside a `lib.rs`.
    pub fn other_root(&self, module: u32) -> Option<u32> {
        let own = self.own(module)?;
        let main = self.mains.get(own).copied().filter(|m| *m != module);
        main.or_else(|| self.by_path.get(own).copied().filter(|m| *m != module))
    }

    fn at(&self, path: &[Name]) -> Option<u32> {
        self.by_path.get(path).or_else(|| self.mains.get(path)).copied()
    }

    /// The module a module stands in.
    pub fn parent(&self, module: u32) -> Option<u32> {
        let own = self.own(module)?;
        if own.len() <= self.roots[module as usize] {
            return None;
        }
        self.at(&own[..own.len() - 1])
    }

    /// The submodule `name` of a module.
    pub fn child(&self, module: u32, name: &str) -> Option<u32> {
        let own = self.own(module)?;
        let mut path = own.to_vec();
        path.push(name.into());
        self.by_path.get(&path).copied().filter(|m| *m != module)
    }

    /// What the first name of a path means in a module: `crate`, `super`, a submodule, a crate of the workspace.
    pub fn start(&self, from: u32, first: &str) -> Option<u32> {
        match first {
            "crate" => self.root(from),
            "super" => self.parent(from),
            "self" => Some(from),
            _ => self.child(from, first).or_else(|| self.at(self.crates.get(first)?)),
        }
    }

    /// Every module that a path of names leads through, seen from `from`; what a reach has to follow.
    pub fn through<'p>(&self, from: u32, mut path: impl Iterator<Item = &'p str>) -> Vec<u32> {
        let mut found = Vec::new();
        let Some(mut at) = path.next().and_then(|first| self.start(from, first)) else { return found };
        found.push(at);
        for name in path {
            let next = match name {
                "super" => self.parent(at),
                _ => self.child(at, name),
            };
            let Some(next) = next else { break };
            at = next;
            found.push(at);
        }
        found
    }
}

/// Folders of Rust files that lie below no `src`: PATH may be the root of a crate itself, or a part of one.
struct Folders<'a> {
    /// Those that hold a `lib.rs` or `main.rs`.
    roots: FxHashSet<&'a str>,
    /// Those that are modules: with a `mod.rs` in them, or a file of their name beside them.
    modules: FxHashSet<&'a str>,
}

impl<'a> Folders<'a> {
    fn of(paths: &[&'a str]) -> Self {
        let mut folders = Folders { roots: FxHashSet::default(), modules: FxHashSet::default() };
        for stem in paths.iter().filter_map(|path| path.strip_suffix(".rs")) {
            let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
            match name {
                "lib" | "main" => folders.roots.insert(folder),
                "mod" => folders.modules.insert(folder),
                _ => folders.modules.insert(stem),
            };
        }
        folders
    }

    /// How many segments the root of a file's crate has: the nearest folder above it that is the root of one, else the nearest that
    /// is no module.
    fn root_of(&self, path: &str) -> usize {
        let above = || std::iter::successors(Some(above(path)), |folder| (!folder.is_empty()).then(|| above(folder)));
        let root = above().find(|folder| self.roots.contains(folder)).or_else(|| above().find(|folder| !self.modules.contains(folder)));
        root.filter(|folder| !folder.is_empty()).map_or(0, |folder| folder.split('/').count())
    }
}

/// The folder that a path lies in.
fn above(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_may_be_the_root_of_a_crate() {
        let whole = CratePaths::new(["main.rs", "shop/mod.rs", "shop/stock/mod.rs", "shop/stock/rows.rs"].into_iter(), &[]);
        assert_eq!(whole.start(3, "crate"), Some(0));
        assert_eq!(whole.start(3, "super"), Some(2));
        assert_eq!(whole.child(0, "shop"), Some(1));
        let part = CratePaths::new(["shop/stock/mod.rs", "shop/stock/rows.rs", "tools/a.rs", "tools/b.rs"].into_iter(), &[]);
        assert_eq!(part.start(1, "crate"), None);
        assert_eq!(part.start(1, "super"), Some(0));
        assert_eq!(part.first_of_crate(3), Some(2));
    }

    #[test]
    fn files_are_modules_of_their_crate() {
        let paths = [
            "crates/shop-store/src/lib.rs",
            "crates/shop-store/src/sql/mod.rs",
            "crates/shop-store/src/sql/orders.rs",
            "src/main.rs",
            "src/tools.rs",
        ];
        let index = CratePaths::new(paths.into_iter(), &[(String::new(), "shop".into())]);
        assert_eq!(index.start(2, "crate"), Some(0));
        assert_eq!(index.start(2, "super"), Some(1));
        assert_eq!(index.child(1, "orders"), Some(2));
        assert_eq!(index.start(4, "shop_store"), Some(0));
        assert_eq!(index.start(3, "tools"), Some(4));
        assert_eq!(index.start(4, "shop"), Some(3));
        assert_eq!(index.parent(3), None);
        assert_eq!(index.through(4, ["shop_store", "sql", "orders", "Order"].into_iter()), [0, 1, 2]);
    }
}
