//! Engines of databases: which isolation the transactions have that are begun on them.
//!
//! An engine says it where it is made, a connection where it is set up. Who is handed an engine of a project's own class knows
//! only the class: such an engine is as all those are that the project hands on. One that is used up where it is made, to look
//! at a server's version, says nothing of the others.

use super::{ClassRef, FunctionRef, Kind, LibraryValue, Program, argument, last_name, remember};
use crate::facts::{Arg, ExprId, ExprKind, MODULE, Name, ParamKind, StmtKind};
use std::rc::Rc;

/// How far what a value was derived from is followed: a cursor, its connection, its pool.
const PARENTS: usize = 4;
/// How many functions hand on what the next one makes.
const FACTORIES: usize = 3;
/// What is set by a value that nobody here knows.
const UNKNOWN: &str = "unknown";

/// A call that makes an engine, and the function it stands in.
type Making = (FunctionRef, ExprId);

impl Program<'_> {
    /// The isolation that a value's transactions have by what it, or an engine behind it, was made with.
    pub fn isolation_of(&self, value: &Rc<LibraryValue>) -> Option<Name> {
        let mut behind = vec![(value.clone(), 0)];
        while let Some((value, far)) = behind.pop() {
            let said = &self.knowledge.type_def(value.ty).isolation_with;
            if let Some(level) = said.iter().find_map(|place| argument(place, &value.args)).filter(|level| **level != Kind::Null) {
                return Some(level.as_text().map_or_else(|| UNKNOWN.into(), |level| level.to_lowercase().into()));
            }
            if let (Kind::Class(class), false) = (&value.subject, said.is_empty())
                && let Some(level) = self.isolation_of_engines(*class)
            {
                return Some(level);
            }
            if far < PARENTS {
                let made_with = value.args.iter().filter_map(|(_, given)| given.library()).chain(value.parent.as_ref());
                behind.extend(made_with.map(|next| (next.clone(), far + 1)));
            }
        }
        None
    }

    /// The isolation of all engines of a project's own class that are handed on; none where they differ or one of them does not say.
    pub fn isolation_of_engines(&self, class: ClassRef) -> Option<Name> {
        let said = self.external_type(class).map(|ty| &self.knowledge.type_def(ty).isolation_with).filter(|said| !said.is_empty())?;
        remember(&self.caches.isolations, class, || {
            let makings = self.engines_of(class);
            // A command that makes one for its own objects tells of nobody else's, where others come from a factory.
            let mut common: Vec<&Making> = makings.iter().filter(|m| self.is_returned(**m) || self.is_kept(**m)).collect();
            if common.is_empty() {
                common = makings.iter().filter(|m| self.is_given(**m)).collect();
            }
            let mut levels = common.into_iter().map(|making| self.level_of(*making, said));
            let first = levels.next()??;
            levels.all(|level| level.as_ref() == Some(&first)).then_some(first)
        })
    }

    /// Where engines of a class are made: its calls, and of functions that hand on what they are given the calls of those.
    fn engines_of(&self, class: ClassRef) -> Vec<Making> {
        let mut makings: Vec<Making> = self.made_by_calls(&self.class(class).name, &|callee| *callee == Kind::Class(class));
        for _ in 0..FACTORIES {
            let mut next: Vec<Making> = Vec::new();
            for making in &makings {
                let factory = self.function(making.0);
                // `def create(*args, **kwargs): return Engine(create_engine(*args, **kwargs))`
                if factory.params.iter().any(|p| p.kind == ParamKind::RestKeywords) && self.is_returned(*making) {
                    next.extend(self.made_by_calls(&factory.name, &|callee| matches!(callee, Kind::Function(f) if f.function == making.0)));
                } else {
                    next.push(*making);
                }
            }
            if next == makings {
                break;
            }
            makings = next;
        }
        makings
    }

    fn made_by_calls(&self, name: &str, is: &dyn Fn(&Kind) -> bool) -> Vec<Making> {
        let calls = self.calls_named(name).iter().filter(|(module, _)| !self.is_aside(*module));
        calls
            .map(|(module, call)| (self.enclosing(*module, *call), *call))
            .filter(|(at, call)| match &self.facts(at.module).expr(*call).kind {
                ExprKind::Call { callee, .. } => is(&self.infer(*at, *callee)),
                _ => false,
            })
            .collect()
    }

    /// The isolation that an engine is made with: a text, or the default of a parameter that its callers may leave out.
    fn level_of(&self, (at, call): Making, said: &[String]) -> Option<Name> {
        let ExprKind::Call { args, .. } = &self.facts(at.module).expr(call).kind else { return None };
        let named = |arg: &&Arg| arg.name.as_ref().is_some_and(|name| said.iter().any(|s| s == name));
        if let Some(arg) = args.iter().find(named) {
            let default = match &self.facts(at.module).expr(arg.value).kind {
                ExprKind::Name(name) => self.function(at).params.iter().position(|p| p.name == *name),
                _ => None,
            };
            let level = match default {
                Some(index) => self.default_of(at, index as u32),
                None => self.infer(at, arg.value),
            };
            return level.as_text().map(|level| level.to_lowercase().into());
        }
        args.iter().find_map(|arg| self.isolation_of(self.infer(at, arg.value).library()?))
    }

    /// Whether what a call makes is what its function returns or yields.
    fn is_returned(&self, making: Making) -> bool {
        let facts = self.facts(making.0.module);
        let within = self.function(making.0).span;
        let names = self.names_of(making);
        let is = |expr: ExprId| self.is_making(making, &names, expr);
        let returned = facts.stmts.iter().filter(|s| within.contains(s.span)).any(|s| match &s.kind {
            StmtKind::Return(Some(value)) => is(*value),
            _ => false,
        });
        returned
            || facts.exprs.iter().filter(|e| within.contains(e.span)).any(|e| match &e.kind {
                ExprKind::Yield(Some(value)) => is(*value),
                _ => false,
            })
    }

    /// Whether an object or a module keeps what a call makes.
    fn is_kept(&self, making: Making) -> bool {
        let at = making.0;
        let facts = self.facts(at.module);
        let within = self.function(at).span;
        let names = self.names_of(making);
        let lasts = |target: ExprId| at.function == MODULE || !matches!(facts.expr(target).kind, ExprKind::Name(_));
        facts.stmts.iter().filter(|s| at.function == MODULE || within.contains(s.span)).any(|s| match &s.kind {
            StmtKind::Assign { targets, value: Some(value), .. } => {
                self.is_making(making, &names, *value) && targets.iter().any(|target| lasts(*target))
            }
            _ => false,
        })
    }

    /// Whether what a call makes is given to an object that is made in the same function.
    fn is_given(&self, making: Making) -> bool {
        let at = making.0;
        let facts = self.facts(at.module);
        let within = self.function(at).span;
        let names = self.names_of(making);
        facts.exprs.iter().filter(|e| at.function == MODULE || within.contains(e.span)).any(|e| match &e.kind {
            ExprKind::Call { callee, args } => {
                args.iter().any(|a| self.is_making(making, &names, a.value))
                    && matches!(self.infer(at, *callee), Kind::Class(_) | Kind::Unknown)
            }
            _ => false,
        })
    }

    /// The names that what is made is given in its function.
    fn names_of(&self, making: Making) -> Vec<Name> {
        let facts = self.facts(making.0.module);
        let within = self.function(making.0).span;
        let assigned = facts.stmts.iter().filter(|s| within.contains(s.span)).filter_map(|s| match &s.kind {
            StmtKind::Assign { targets, value: Some(value), .. } if self.is_making(making, &[], *value) => Some(targets),
            _ => None,
        });
        assigned
            .flatten()
            .filter(|t| matches!(facts.expr(**t).kind, ExprKind::Name(_)))
            .filter_map(|t| last_name(facts, *t).cloned())
            .collect()
    }

    fn is_making(&self, making: Making, names: &[Name], expr: ExprId) -> bool {
        match &self.facts(making.0.module).expr(expr).kind {
            ExprKind::Await(inner) => self.is_making(making, names, *inner),
            ExprKind::Name(name) => names.contains(name),
            _ => expr == making.1,
        }
    }
}
