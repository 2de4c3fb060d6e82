//! Qualified names and how packs' names match them.
//!
//! A qualified name is a chain of segments, joined by `.` (Python) or `::` (Rust); both are read everywhere.
//! `root.**.Name` stands for `Name` anywhere under `root`, `root.Name` included, since libraries move their classes
//! between modules. An exact name wins over a pattern, and a pattern with a longer root over one with a shorter.
//! This module refuses to know what a name means.

use super::rows::pattern;
use compact_str::CompactString;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// The last segment: `Redis` of `redis.asyncio.Redis`.
pub fn last_segment(name: &str) -> &str {
    name.rsplit(['.', ':']).next().unwrap_or(name)
}

/// The name itself and its ever shorter prefixes, by whole segments: `a.b.c`, `a.b`, `a`.
pub fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |longer| {
        let cut = longer.rfind(['.', ':'])?;
        let shorter = longer.get(..cut)?.trim_end_matches(':');
        (!shorter.is_empty()).then_some(shorter)
    })
}

/// A name with its segments joined by dots.
fn dotted(name: &str) -> Cow<'_, str> {
    if name.contains("::") { Cow::Owned(name.replace("::", ".")) } else { Cow::Borrowed(name) }
}

/// A map from packs' names to what they stand for.
#[derive(Clone, Debug)]
pub struct Names<T> {
    exact: FxHashMap<CompactString, T>,
    /// By last segment, so that a name that no pattern ends with costs one look-up.
    patterns: FxHashMap<CompactString, Vec<Pattern<T>>>,
}

#[derive(Clone, Debug)]
struct Pattern<T> {
    root: CompactString,
    rest: CompactString,
    meaning: T,
}

impl<T> Pattern<T> {
    fn matches(&self, name: &str) -> bool {
        let Some(below) = name.strip_prefix(self.root.as_str()) else { return false };
        let Some(between) = below.strip_suffix(self.rest.as_str()) else { return false };
        between.starts_with(['.', ':']) && between.ends_with(['.', ':'])
    }
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Names { exact: FxHashMap::default(), patterns: FxHashMap::default() }
    }
}

impl<T: Copy> Names<T> {
    /// Adds a name or pattern; a later one replaces an equal one.
    pub fn insert(&mut self, name: &str, meaning: T) {
        let name = &*dotted(name);
        let Some((root, rest)) = pattern(name) else {
            self.exact.insert(name.into(), meaning);
            return;
        };
        let patterns = self.patterns.entry(last_segment(rest).into()).or_default();
        match patterns.iter_mut().find(|known| known.root == root && known.rest == rest) {
            Some(known) => known.meaning = meaning,
            None => {
                patterns.push(Pattern { root: root.into(), rest: rest.into(), meaning });
                patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.root.len() + pattern.rest.len()));
            }
        }
    }

    /// What a qualified name stands for.
    pub fn get(&self, name: &str) -> Option<T> {
        let name = &*dotted(name);
        if let Some(meaning) = self.exact.get(name) {
            return Some(*meaning);
        }
        let patterns = self.patterns.get(last_segment(name))?;
        patterns.iter().find(|pattern| pattern.matches(name)).map(|pattern| pattern.meaning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_name_wins_and_patterns_match_whole_segments() {
        let mut names = Names::default();
        names.insert("redis.**.Redis", 1);
        names.insert("redis.asyncio.**.Redis", 2);
        names.insert("redis.client.Redis", 3);
        names.insert("redis.**.Script.register", 4);
        names.insert("sqlx::**::PgPool", 5);
        assert_eq!(names.get("redis.Redis"), Some(1));
        assert_eq!(names.get("redis.a.b.Redis"), Some(1));
        assert_eq!(names.get("redis.asyncio.client.Redis"), Some(2));
        assert_eq!(names.get("redis.client.Redis"), Some(3));
        assert_eq!(names.get("redis.x.Script.register"), Some(4));
        assert_eq!(names.get("sqlx::postgres::PgPool"), Some(5));
        for other in ["redis", "Redis", "redisx.Redis", "redis.xRedis", "redis.register", "rq.Redis", ""] {
            assert_eq!(names.get(other), None, "{other}");
        }
    }

    #[test]
    fn names_fall_into_segments() {
        assert_eq!(last_segment("a::b::C"), "C");
        assert_eq!(last_segment("C"), "C");
        assert_eq!(prefixes("a.b.c").collect::<Vec<_>>(), ["a.b.c", "a.b", "a"]);
        assert_eq!(prefixes("a::b").collect::<Vec<_>>(), ["a::b", "a"]);
    }
}
