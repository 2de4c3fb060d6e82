//! Which modules of the project import which.

use crate::link::{Kind, Program};
use rustc_hash::FxHashSet;

/// For each module those that it imports.
pub(super) struct Imports(Vec<Vec<u32>>);

impl Imports {
    /// Of every module of a program.
    pub fn of(program: &Program) -> Imports {
        let of = |module: u32| {
            let count = program.facts(module).imports.len() as u32;
            (0..count).filter_map(|index| imported(program, module, index)).collect()
        };
        Imports((0..program.modules.len() as u32).map(of).collect())
    }

    /// Each import: the module that has it, and the one that it reaches.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        self.0.iter().enumerate().flat_map(|(module, others)| others.iter().map(move |other| (module as u32, *other)))
    }

    /// Modules that a module brings into its process: itself, what it imports, and what those import.
    pub fn brought(&self, start: u32) -> FxHashSet<u32> {
        let mut reached: FxHashSet<u32> = FxHashSet::default();
        let mut pending = vec![start];
        while let Some(module) = pending.pop() {
            if reached.insert(module) {
                pending.extend(self.0.get(module as usize).into_iter().flatten());
            }
        }
        reached
    }
}

/// The module of the project that an import statement reaches.
fn imported(program: &Program, module: u32, index: u32) -> Option<u32> {
    let import = &program.facts(module).imports[index as usize];
    if import.item.as_deref() == Some("*") {
        return program.find_module(module, import.level, &import.module);
    }
    let whole = program.find_module(module, import.level, &import.module).filter(|_| !import.module.is_empty() || import.level > 0);
    whole.or_else(|| match program.import(module, index) {
        Kind::Module(found) => Some(found),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_in_a_circle_end() {
        let imports = Imports(vec![vec![1], vec![2, 0], vec![1], vec![0]]);
        let mut reached: Vec<u32> = imports.brought(0).into_iter().collect();
        reached.sort_unstable();
        assert_eq!(reached, [0, 1, 2]);
    }
}
