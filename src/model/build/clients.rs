//! Servers that each client starts for itself: what runs over stdio has one client, and several clients are several processes.
//!
//! Told by the calls that run a server, of which packs know how it is reached. Where a module runs one in another way as well,
//! how many processes there are is for whoever deploys it to choose, and nothing is told; nor is it of actors in other modules,
//! which a program's other commands may run in other ways, nor of a server that the settings of one client name.

use super::Input;
use super::actors::is_aside;
use super::commands::{Way, start};
use super::deployment::DraftUnit;
use crate::facts::{Arg, ExprId, ExprKind, Name};
use crate::knowledge::RowId;
use crate::knowledge::vocabulary::Row;
use crate::link::{Kind, last_name};
use rustc_hash::FxHashSet;

/// A unit for each module that runs such a server, but for those that one client alone starts.
pub(super) fn units(input: &Input, by_one_client: &FxHashSet<u32>) -> Vec<DraftUnit> {
    let program = input.effects.program;
    let words = program.knowledge.words_of_clients();
    let mut found = Vec::new();
    for (index, module) in program.modules.iter().enumerate() {
        if is_aside(&module.path) || by_one_client.contains(&(index as u32)) {
            continue;
        }
        let mut only = true;
        let mut place = None;
        for expr in &module.facts.exprs {
            let ExprKind::Call { callee, args } = &expr.kind else { continue };
            if !last_name(&module.facts, *callee).is_some_and(|name| words.contains(name.as_str())) {
                continue;
            }
            let Some((row, per_client)) = run(input, index as u32, *callee, args) else { continue };
            only &= per_client;
            let site = program.site(index as u32, expr.span);
            place = place.or(Some(site));
            if per_client && input.effects.records() {
                input.effects.record(RowId::of(row), site, "a process for each client".into());
            }
        }
        if let Some(site) = place.filter(|_| only) {
            let name = module.path.rsplit('/').next().unwrap_or(&module.path);
            let starts = vec![start(index as u32, Way::Alone)];
            found.push(DraftUnit { starts, per_client: true, ..DraftUnit::new(name, &module.path, site) });
        }
    }
    found
}

/// The row of a call that says whether each client starts a server for itself, and what it says.
fn run<'i>(input: &'i Input, module: u32, callee: ExprId, args: &[Arg]) -> Option<(&'i Row, bool)> {
    let program = input.effects.program;
    let at = program.enclosing(module, callee);
    let method = || match &program.facts(module).expr(callee).kind {
        ExprKind::Attr { base, name } => program.knowledge.method(program.infer(at, *base).library()?.ty, name),
        _ => None,
    };
    let row = program.library_function(at, callee).or_else(method)?.row;
    let args: Vec<(Option<Name>, Kind)> = args.iter().map(|a| (a.name.clone(), program.infer(at, a.value))).collect();
    let said = program.variant(row, &args).and_then(|variant| variant.per_client);
    Some((row, said.or(row.per_client)?))
}
