//! Which libraries a module imports, and which anybody does: asked at every call of a method whose receiver is unknown.

use super::Module;
use crate::facts::Name;
use crate::knowledge::{Knowledge, prefixes, vocabulary::PackLanguage};
use rustc_hash::FxHashSet;

/// The import roots of packs that modules import, by module and together.
#[derive(Debug, Default)]
pub(super) struct ImportedRoots {
    of_module: Vec<FxHashSet<Name>>,
    anywhere: FxHashSet<Name>,
}

impl ImportedRoots {
    pub(super) fn new(knowledge: &Knowledge, modules: &[Module]) -> Self {
        let mut roots = ImportedRoots::default();
        for module in modules {
            let language = match module.facts.language {
                crate::source::Language::Rust => PackLanguage::Rust,
                _ => PackLanguage::Python,
            };
            let mut own = FxHashSet::default();
            for import in module.facts.imports.iter().filter(|i| i.level == 0) {
                own.extend(prefixes(&import.module).filter(|p| knowledge.is_external_root(language, p)).map(Name::from));
            }
            roots.anywhere.extend(own.iter().cloned());
            roots.of_module.push(own);
        }
        roots
    }

    /// Whether a module imports one of these roots.
    pub(super) fn imports(&self, module: u32, roots: &[String]) -> bool {
        let own = self.of_module.get(module as usize);
        own.is_some_and(|own| roots.iter().any(|root| own.contains(root.as_str())))
    }

    /// Whether any module does.
    pub(super) fn imported(&self, roots: &[String]) -> bool {
        roots.iter().any(|root| self.anywhere.contains(root.as_str()))
    }
}
