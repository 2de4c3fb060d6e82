//! Objects of libraries whose attributes are the constants of a module of the project: `django.conf.settings`.
//!
//! The environment names the module; the files that start the project's programs set the variable where nobody else has. Where they
//! name several, which of them holds is not known here, and such an object stays the library's.

use super::{Kind, Program};
use crate::facts::ExprKind;
use crate::knowledge::vocabulary::SettingsRow;
use std::path::Path;

/// The names of such objects, each with the module.
pub(super) type Settings<'k> = Vec<(&'k str, u32)>;

impl<'k> Program<'k> {
    /// Such objects of the libraries that are known, where the project says or shows which module it is.
    pub(super) fn find_settings(&self) -> Settings<'k> {
        let rows = self.knowledge.packs().iter().filter_map(|pack| pack.settings.as_ref());
        rows.filter_map(|row| Some((row.name.as_str(), self.settings_module(row)?))).collect()
    }

    /// An attribute of such an object, where the project's module has it.
    pub(super) fn setting(&self, object: &str, name: &str) -> Option<Kind> {
        let (_, module) = self.settings.iter().find(|(known, _)| *known == object)?;
        Some(self.module_member(*module, name)).filter(|value| *value != Kind::Unknown)
    }

    fn settings_module(&self, row: &SettingsRow) -> Option<u32> {
        let named = |files: &[&str]| {
            let files: Vec<String> = files.iter().map(|file| file.to_string()).collect();
            let of = move |path: &str| Path::new(path).file_name().is_some_and(|f| files.iter().any(|file| f == file.as_str()));
            (0..self.modules.len() as u32).filter(move |module| of(&self.modules[*module as usize].path))
        };
        let starting: Vec<&str> = row.set_in.iter().map(String::as_str).collect();
        let told: Vec<u32> = named(&starting).filter_map(|module| self.named_by_environment(module, &row.variable)).collect();
        match told.split_first() {
            Some((first, others)) => others.iter().all(|other| other == first).then_some(*first),
            None => {
                let mut alone = named(&[&row.file]);
                alone.next().filter(|_| alone.next().is_none())
            }
        }
    }

    /// The module that a file names in a call for a variable of the environment: `os.environ.setdefault("SETTINGS", "shop.settings")`.
    fn named_by_environment(&self, module: u32, variable: &str) -> Option<u32> {
        let facts = self.facts(module);
        facts.exprs.iter().find_map(|expr| {
            let ExprKind::Call { args, .. } = &expr.kind else { return None };
            let [name, value] = args.as_slice() else { return None };
            match (&facts.expr(name.value).kind, &facts.expr(value.value).kind) {
                (ExprKind::Str(name), ExprKind::Str(value)) if name == variable => self.find_module(module, 0, value),
                _ => None,
            }
        })
    }
}
