//! Servers that a project writes itself for a protocol of which packs know the methods: code that asks whether a message is of a
//! method, or keeps a table of handlers by method.
//!
//! A client names the method as well; it asks for none, and the methods that only servers answer do not stand beside it.

use super::{Collector, DraftActor, Entry, programs};
use crate::facts::{ExprId, ExprKind, FileFacts, MODULE};
use crate::knowledge::vocabulary::ProtocolRow;
use crate::link::{ClassRef, FunctionRef, FunctionValue, Kind};
use rustc_hash::FxHashSet;
use std::rc::Rc;

impl Collector<'_, '_, '_, '_> {
    /// Actors that are servers written by hand.
    pub(super) fn protocols(&mut self) {
        let program = self.input.effects.program;
        let rows: Vec<&ProtocolRow> = program.knowledge.protocols().collect();
        let mut found: Vec<(FunctionRef, &ProtocolRow)> = Vec::new();
        for module in (0..program.modules.len() as u32).filter(|m| !program.is_aside(*m) && !program.is_rust(*m)) {
            for row in &rows {
                if asked(program.facts(module), &row.beside).next().is_none() {
                    continue;
                }
                for (method, handler) in asked(program.facts(module), &row.acts) {
                    let at = program.enclosing(module, method);
                    let handler = match handler.map(|value| program.infer(at, value)) {
                        None => Some(at).filter(|at| at.function != MODULE),
                        Some(Kind::Function(value)) => Some(value.function),
                        Some(_) => None,
                    };
                    found.extend(handler.map(|handler| (handler, *row)));
                }
            }
        }
        found.dedup_by_key(|(function, _)| *function);
        if found.is_empty() {
            return;
        }
        let run = self.run_by_actors();
        for (function, row) in found {
            if !run.contains(&function) {
                self.server(function, row);
            }
        }
    }

    fn server(&mut self, function: FunctionRef, row: &ProtocolRow) {
        let program = self.input.effects.program;
        let class = program.function(function).class.filter(|_| program.takes_receiver(function));
        let class = class.map(|class| ClassRef { module: function.module, class });
        let name = match class {
            Some(class) => program.class(class).name.to_string(),
            None => programs::called(program, function.module).0,
        };
        let receiver = class.map(Kind::instance);
        let entry = FunctionValue::of(function, receiver);
        self.draft.actors.push(DraftActor {
            module: Some(function.module),
            entries: vec![Entry { function: Rc::new(entry), tool: true }],
            multiple: row.multiple.then(|| "several clients may call it at once".into()),
            parallel_tools: row.parallel_tools,
            ..DraftActor::new(name, row.actor, row.framework.clone(), program.site(function.module, program.function(function).name_span))
        });
    }

    /// The functions that actors run.
    fn run_by_actors(&self) -> FxHashSet<FunctionRef> {
        let entries = self.draft.actors.iter().flat_map(|a| &a.entries);
        let mut run: FxHashSet<FunctionRef> = entries.map(|e| e.function.function).collect();
        self.each_summary(|summary| {
            let calls = summary.items.iter().flat_map(|i| i.calls()).map(|call| call.function);
            run.extend(summary.items.iter().map(|i| i.function).chain(calls).chain(summary.calls.iter().map(|c| c.function)));
        });
        run
    }
}

/// Where a module asks whether something is one of these methods, or puts a handler under one.
fn asked<'a>(facts: &'a FileFacts, methods: &'a [String]) -> impl Iterator<Item = (ExprId, Option<ExprId>)> + 'a {
    let is_method = |e: &ExprId| matches!(&facts.expr(*e).kind, ExprKind::Str(text) if methods.iter().any(|m| m == text.as_str()));
    let in_expr = move |(index, expr): (usize, &'a crate::facts::Expr)| -> Vec<(ExprId, Option<ExprId>)> {
        match &expr.kind {
            ExprKind::Compare { left, rest } => {
                let compared = std::iter::once(*left).chain(rest.iter().map(|(_, right)| *right));
                compared.filter(is_method).map(|_| (ExprId(index as u32), None)).collect()
            }
            ExprKind::Map(entries) => {
                entries.iter().filter_map(|(key, value)| key.filter(is_method).map(|key| (key, Some(*value)))).collect()
            }
            _ => Vec::new(),
        }
    };
    facts.exprs.iter().enumerate().flat_map(in_expr)
}
