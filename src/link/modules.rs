//! Which file an import means.
//!
//! A module is found by its path: `a.b` is `…/a/b.py` or `…/a/b/__init__.py` under some root. Which root is meant follows
//! from where the importing file lies: the nearest folder that could be on the search path (no package itself) wins. A name
//! that is the root of a library that a pack knows is only taken for a local module where its root encloses the importer.

use crate::facts::Name;
use rustc_hash::FxHashMap;

/// Paths of the project's modules, indexed for imports.
#[derive(Debug, Default)]
pub struct ModulePaths {
    /// Segments of each module's path, `__init__` left out.
    segments: Vec<Vec<Name>>,
    is_package: Vec<bool>,
    by_path: FxHashMap<Vec<Name>, u32>,
    by_last: FxHashMap<Name, Vec<u32>>,
}

impl ModulePaths {
    /// Index modules by their file paths, relative and with `/`.
    pub fn new<'a>(paths: impl Iterator<Item = &'a str>) -> Self {
        let mut index = ModulePaths::default();
        for path in paths {
            // Files of other languages have a name and can be imported by none of these.
            let other = path.strip_suffix(".rs");
            let stem = other.or_else(|| path.strip_suffix(".py")).unwrap_or(path);
            let mut segments: Vec<Name> = stem.split('/').map(Name::from).collect();
            let package = segments.last().is_some_and(|s| s == "__init__");
            if package {
                segments.pop();
            }
            let id = index.segments.len() as u32;
            if other.is_some() {
                index.segments.push(segments);
                index.is_package.push(false);
                continue;
            }
            if let Some(last) = segments.last() {
                index.by_last.entry(last.clone()).or_default().push(id);
            }
            if package || !index.by_path.contains_key(&segments) {
                index.by_path.insert(segments.clone(), id);
            }
            index.segments.push(segments);
            index.is_package.push(package);
        }
        index
    }

    /// The module's own dotted path from PATH.
    pub fn dotted(&self, module: u32) -> String {
        self.segments[module as usize].join(".")
    }

    /// A module's own name: that of its file, or of the folder of a package.
    pub fn stem(&self, module: u32) -> &str {
        self.segments[module as usize].last().map_or("", Name::as_str)
    }

    /// The module that `dotted` means in `from`; `library` says that the first name is also a known library's.
    pub fn absolute(&self, from: u32, dotted: &str, library: bool) -> Option<u32> {
        let wanted: Vec<&str> = dotted.split('.').collect();
        let last = *wanted.last()?;
        let here = &self.segments[from as usize];
        let mut best: Option<(bool, usize, usize, u32)> = None;
        for &candidate in self.by_last.get(last)? {
            let path = &self.segments[candidate as usize];
            if candidate == from || path.len() < wanted.len() {
                continue;
            }
            let (root, tail) = path.split_at(path.len() - wanted.len());
            // The names first: most modules that end in the same one differ before it.
            if !tail.iter().rev().zip(wanted.iter().rev()).all(|(a, b)| a == b) || self.by_path.get(path) != Some(&candidate) {
                continue;
            }
            let root_is_package = !root.is_empty() && self.by_path.get(root).is_some_and(|m| self.is_package[*m as usize]);
            let source_root = root.last().is_some_and(|s| matches!(s.as_str(), "src" | "lib" | "python" | "source"));
            let base = if source_root { &root[..root.len() - 1] } else { root };
            let encloses = here.len() >= base.len() && here[..base.len()] == *base;
            if library && (!encloses || root_is_package) {
                continue;
            }
            let common = root.iter().zip(here.iter()).take_while(|(a, b)| a == b).count();
            let rank = (!root_is_package, common, usize::MAX - root.len(), candidate);
            if best.is_none_or(|b| (rank.0, rank.1, rank.2) > (b.0, b.1, b.2)) {
                best = Some(rank);
            }
        }
        best.map(|b| b.3)
    }

    /// The module that a relative import means: `level` dots, then `dotted` (may be empty).
    pub fn relative(&self, from: u32, level: u8, dotted: &str) -> Option<u32> {
        let here = &self.segments[from as usize];
        let drop = usize::from(level) - usize::from(self.is_package[from as usize]).min(usize::from(level));
        let base = here.len().checked_sub(drop)?;
        let mut path: Vec<Name> = here[..base].to_vec();
        path.extend(dotted.split('.').filter(|s| !s.is_empty()).map(Name::from));
        self.by_path.get(&path).copied()
    }

    /// The submodule `name` of a package.
    pub fn child(&self, package: u32, name: &str) -> Option<u32> {
        let mut path = self.segments[package as usize].clone();
        path.push(name.into());
        self.by_path.get(&path).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(paths: &[&str]) -> ModulePaths {
        ModulePaths::new(paths.iter().copied())
    }

    #[test]
    fn nearest_root_wins() {
        let paths = index(&["one/main.py", "one/store.py", "two/main.py", "two/store.py"]);
        assert_eq!(paths.absolute(0, "store", false), Some(1));
        assert_eq!(paths.absolute(2, "store", false), Some(3));
    }

    #[test]
    fn source_layouts_and_namespace_packages() {
        let paths = index(&["tests/test_a.py", "src/shop/agents/order.py", "src/shop/__init__.py"]);
        assert_eq!(paths.absolute(0, "shop.agents.order", false), Some(1));
        assert_eq!(paths.absolute(0, "shop", false), Some(2));
    }

    #[test]
    fn a_module_beside_does_not_hide_a_library() {
        let paths = index(&["app/__init__.py", "app/main.py", "app/redis.py"]);
        assert_eq!(paths.absolute(1, "redis", true), None);
        let scripts = index(&["main.py", "agents/__init__.py"]);
        assert_eq!(scripts.absolute(0, "agents", true), Some(1));
    }

    #[test]
    fn relative_imports_count_dots_from_the_package() {
        let paths = index(&["app/__init__.py", "app/core/__init__.py", "app/core/store.py", "app/util.py"]);
        assert_eq!(paths.relative(2, 2, "util"), Some(3));
        assert_eq!(paths.relative(1, 1, "store"), Some(2));
        assert_eq!(paths.relative(2, 1, ""), Some(1));
    }
}
