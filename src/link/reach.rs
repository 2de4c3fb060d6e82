//! Which files' bodies can matter: those connected by imports with a file that may declare an actor.
//!
//! Works on outlines alone, so that most files of a large tree are never lowered. It asks for too much rather than too
//! little: everything that imports a possible actor, directly or not, and everything that those import. A program that
//! another file may start is a possible actor as well.

use super::{CratePaths, ModulePaths};
use crate::facts::Outline;
use std::collections::BTreeMap;

/// For each file, whether its bodies are needed. `library` tells the roots of libraries that packs know.
pub fn needed(paths: &ModulePaths, outlines: &[Outline], library: impl Fn(&str) -> bool) -> Vec<bool> {
    let count = outlines.len();
    let mut forward: Vec<Vec<u32>> = vec![Vec::new(); count];
    let mut backward: Vec<Vec<u32>> = vec![Vec::new(); count];
    for (from, outline) in outlines.iter().enumerate() {
        for import in &outline.imports {
            let level = import.bytes().take_while(|b| *b == b'.').count();
            let dotted = &import[level..];
            let found = if level > 0 {
                paths.relative(from as u32, level.min(255) as u8, dotted)
            } else {
                let root = dotted.split('.').next().unwrap_or("");
                paths.absolute(from as u32, dotted, library(root))
            };
            if let Some(to) = found {
                forward[from].push(to);
                backward[to as usize].push(from as u32);
            }
        }
    }
    let mut actors: Vec<u32> = (0..count as u32).filter(|i| outlines[*i as usize].names_actor).collect();
    let mut scripts: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for index in (0..count as u32).filter(|i| outlines[*i as usize].is_script) {
        scripts.entry(paths.stem(index)).or_default().push(index);
    }
    for (from, outline) in outlines.iter().enumerate() {
        let from = from as u32;
        for to in outline.starts.iter().filter_map(|name| scripts.get(name.as_str())).flatten().filter(|to| **to != from) {
            forward[from as usize].push(*to);
            backward[*to as usize].push(from);
            actors.push(*to);
        }
    }
    let importing = spread(actors, &backward, count);
    let roots = (0..count as u32).filter(|i| importing[*i as usize]);
    spread(roots.collect(), &forward, count)
}

/// As [`needed`], for Rust: every module that a path leads through counts as imported. A program that a command may start is
/// marked as a script.
pub fn needed_rust(paths: &CratePaths, outlines: &[Outline]) -> Vec<bool> {
    let count = outlines.len();
    let mut forward: Vec<Vec<u32>> = vec![Vec::new(); count];
    let mut backward: Vec<Vec<u32>> = vec![Vec::new(); count];
    for (from, outline) in outlines.iter().enumerate() {
        let mut targets: Vec<u32> = outline.imports.iter().flat_map(|p| paths.through(from as u32, p.split("::"))).collect();
        targets.sort_unstable();
        targets.dedup();
        for to in targets.into_iter().filter(|to| *to != from as u32) {
            forward[from].push(to);
            backward[to as usize].push(from as u32);
        }
    }
    let actors = (0..count as u32).filter(|i| outlines[*i as usize].names_actor);
    let importing = spread(actors.collect(), &backward, count);
    let roots = (0..count as u32).filter(|i| importing[*i as usize] || outlines[*i as usize].is_script);
    spread(roots.collect(), &forward, count)
}

fn spread(mut pending: Vec<u32>, edges: &[Vec<u32>], count: usize) -> Vec<bool> {
    let mut reached = vec![false; count];
    for start in &pending {
        reached[*start as usize] = true;
    }
    while let Some(at) = pending.pop() {
        for next in &edges[at as usize] {
            if !std::mem::replace(&mut reached[*next as usize], true) {
                pending.push(*next);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_actor_or_its_users_import_is_needed_and_the_rest_is_not() {
        let paths = ModulePaths::new(["agent.py", "lonely.py", "main.py", "store.py", "wiring.py"].into_iter());
        let outline = |imports: &[&str], names_actor| Outline {
            imports: imports.iter().map(|i| (*i).into()).collect(),
            names_actor,
            ..Outline::default()
        };
        let outlines = [
            outline(&["store"], true),
            outline(&["store"], false),
            outline(&["agent", "wiring"], false),
            outline(&[], false),
            outline(&[], false),
        ];
        assert_eq!(needed(&paths, &outlines, |_| false), [true, false, true, true, true]);
    }

    #[test]
    fn a_program_that_another_file_starts_is_needed_and_one_that_nobody_names_is_not() {
        let paths = ModulePaths::new(["bin/idle.py", "bin/work.py", "boss.py", "rows.py"].into_iter());
        let script = Outline { is_script: true, ..Outline::default() };
        let outlines = [
            script.clone(),
            Outline { imports: vec!["rows".into()], ..script },
            Outline { starts: vec!["work".into()], ..Outline::default() },
            Outline::default(),
        ];
        assert_eq!(needed(&paths, &outlines, |_| false), [false, true, true, true]);
    }
}
