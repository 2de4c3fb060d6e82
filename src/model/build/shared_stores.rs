//! Parts of a repository in two languages that nothing but their database joins.
//!
//! One part in Python and one in Rust, nobody else, touch a table. They meet where the database is provably one: its table is
//! created in one place, and that is no part's own; or both open it by one environment variable, and no place but one creates
//! the table. Where more than two touch it the repository is a collection of programs, each with a database of its own, and
//! where each side creates it they are two that do the same.

use super::Input;
use super::schema::Schema;
use super::systems::{common, folder_of};
use crate::facts::{ExprId, ExprKind, Name};
use crate::knowledge::vocabulary::PackLanguage;
use crate::link::{Hole, Kind, Part};
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};

/// Stores of which nothing more is known than that they speak SQL.
const ANY: &str = "sql";

/// Modules whose parts use one database; `root` gives the number of a module's part.
pub(super) fn joined(input: &Input, schema: &Schema, root: impl Fn(u32) -> u32) -> Vec<(u32, u32)> {
    let program = input.effects.program;
    let languages: FxHashSet<PackLanguage> = (0..program.modules.len() as u32).map(|m| program.language(m)).collect();
    if languages.len() < 2 {
        return Vec::new();
    }
    let mut joined: BTreeSet<(u32, u32)> = BTreeSet::new();
    for (table, users) in tables(input, &root) {
        let [one, other] = users.values().collect::<Vec<_>>()[..] else { continue };
        let alike = one.store == other.store || one.store == ANY || other.store == ANY;
        if one.languages.len() != 1 || other.languages.len() != 1 || one.languages == other.languages || !alike {
            continue;
        }
        let path = |file: crate::source::FileId| folder_of(&input.files[file.index()].path);
        let places: BTreeSet<&str> = schema.created(&table).iter().map(|site| path(site.file)).collect();
        let by_variable =
            || opened_by(input, root(one.module), &root).intersection(&opened_by(input, root(other.module), &root)).next().is_some();
        let own = |place: &str| [one, other].iter().any(|user| is_below(place, &folder(input, root(user.module), &root)));
        if places.len() <= 1 && (places.iter().any(|place| !own(place)) || by_variable()) {
            joined.insert((one.module, other.module));
        }
    }
    joined.into_iter().collect()
}

/// A part of the repository that touches a table.
struct User {
    /// One of the modules that do.
    module: u32,
    languages: BTreeSet<&'static str>,
    store: Name,
}

/// For each table the parts that touch it, by their numbers.
fn tables(input: &Input, root: &impl Fn(u32) -> u32) -> BTreeMap<String, BTreeMap<u32, User>> {
    let program = input.effects.program;
    let mut found: BTreeMap<String, BTreeMap<u32, User>> = BTreeMap::new();
    for function in program.functions().filter(|f| !program.is_aside(f.module)) {
        for item in input.effects.summary(function, None).items.iter().filter(|i| i.chain.is_none()) {
            let Some(access) = item.access().filter(|a| a.kind == "table" && !a.private) else { continue };
            let Some(table) = access.name.as_ref().and_then(|name| name.constant()) else { continue };
            let users = found.entry(table.to_string()).or_default();
            let user = users.entry(root(function.module)).or_insert_with(|| User {
                module: function.module,
                languages: BTreeSet::new(),
                store: access.store.clone(),
            });
            user.languages.insert(if program.is_rust(function.module) { "rust" } else { "python" });
        }
    }
    found
}

/// The folder that holds a part, with its final slash; empty for the top.
fn folder(input: &Input, part: u32, root: &impl Fn(u32) -> u32) -> String {
    let modules = input.effects.program.modules.iter().enumerate().filter(|(m, _)| root(*m as u32) == part);
    let folders = modules.map(|(_, module)| folder_of(&module.path).to_string());
    folders.reduce(|a, b| common(&a, &b)).unwrap_or_default()
}

/// Whether a folder is a part's, or below one; what lies at the top is nobody's own.
fn is_below(place: &str, part: &str) -> bool {
    let part = part.strip_suffix("src/").unwrap_or(part);
    !part.is_empty() && place.starts_with(part)
}

/// The environment variables by which a part opens stores.
fn opened_by(input: &Input, part: u32, root: &impl Fn(u32) -> u32) -> BTreeSet<Name> {
    let program = input.effects.program;
    let mut found = BTreeSet::new();
    for module in (0..program.modules.len() as u32).filter(|m| root(*m) == part && !program.is_aside(*m)) {
        for (index, expr) in program.facts(module).exprs.iter().enumerate() {
            let ExprKind::Call { args, .. } = &expr.kind else { continue };
            let call = ExprId(index as u32);
            let at = program.enclosing(module, call);
            let named: Vec<Name> = args.iter().flat_map(|a| variables(&program.infer(at, a.value))).collect();
            if named.is_empty() {
                continue;
            }
            let opens = matches!(program.infer(at, call), Kind::Library(value) if program.knowledge.store_of(value.ty).is_some());
            found.extend(named.into_iter().filter(|_| opens));
        }
    }
    found
}

/// The environment variables that a text holds.
fn variables(kind: &Kind) -> Vec<Name> {
    let Kind::Text(text) = kind else { return Vec::new() };
    let variable = |part: &Part| match part {
        Part::Hole(Hole::Environment(name)) => Some(name.clone()),
        _ => None,
    };
    text.parts.iter().filter_map(variable).collect()
}
