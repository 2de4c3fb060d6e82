//! Guards: locks that are given back where a value is dropped, as Rust does it.
//!
//! A guard lives as long as a variable holds it: one that no variable holds at the end of its statement was a temporary, and
//! at the end of a block all guards made in it go, but for those handed out of it. Transactions end the same way.
//! Variables whose name starts with `$` are the front end's: they carry the value of a block to where it is used.

use super::call::{CallPlace, Given};
use super::context::{Context, Held, token};
use super::item::Check;
use super::value::{Dep, Deps, Value};
use super::walk::Walker;
use crate::facts::{Block, ExprId, ExprKind, Name, StmtKind};
use crate::knowledge::vocabulary::Effect;
use crate::link::{FunctionRef, FunctionValue, Kind};
use crate::source::Site;
use std::rc::Rc;

/// Traits and types of what can be run.
const CODE: [&str; 10] =
    ["Future", "IntoFuture", "BoxFuture", "LocalBoxFuture", "Fn", "FnMut", "FnOnce", "AsyncFn", "AsyncFnMut", "AsyncFnOnce"];
/// How many boxes are opened to see whether code is in them.
const BOXES: usize = 3;

/// Methods of a result that hand what is in it over to a closure.
const CONSUMING: [&str; 6] = ["map", "map_or", "map_or_else", "and_then", "is_ok_and", "is_some_and"];

/// How many futures are opened to see which one they run.
const FUTURES: usize = 6;

/// What tells transactions that a call begins from those of blocks.
const BEGUN: u64 = 12;

impl Walker<'_, '_, '_> {
    /// What is held now, by token.
    pub fn tokens(&self) -> Vec<u64> {
        self.state.held.iter().map(|c| c.token).collect()
    }

    /// Temporaries of a statement go.
    pub fn end_statement(&mut self, before: &[u64]) {
        self.drop_guards(before, None);
    }

    /// What a block made and keeps to itself goes.
    pub fn end_block(&mut self, before: &[u64], block: &Block) {
        let start = block.first().map_or(0, |first| self.facts.stmt(*first).span.start);
        self.drop_guards(before, Some(start));
    }

    /// Drop what nothing holds any longer: at the end of a statement no variable, at the end of the block that starts here none
    /// from outside of it.
    fn drop_guards(&mut self, before: &[u64], block: Option<u32>) {
        if self.state.held.len() <= before.len() && self.state.held.iter().all(|c| before.contains(&c.token)) {
            return;
        }
        // Rows stay locked until the transaction ends: with this block where it began here, else later.
        let rows_end = block.is_some() && self.ends_transaction(before);
        let closed: Vec<Site> = self.handles().filter(|handle| !self.is_open(*handle, block)).collect();
        let (vars, returned) = (&self.state.vars, &self.returned);
        let keeps = |name: &Name| block.is_none() || name.starts_with('$');
        let carried = |site: Site| {
            vars.iter().any(|(name, value)| keeps(name) && carries(&value.kind, site))
                || returned.as_ref().is_some_and(|value| carries(&value.kind, site))
        };
        self.state.held.retain(|context| {
            before.contains(&context.token)
                || match &context.held {
                    Held::Lock(lock) if lock.guard => carried(context.site),
                    Held::Lock(lock) => !lock.handle.is_some_and(|handle| closed.contains(&handle)),
                    Held::Transaction { .. } => block.is_none(),
                    Held::Rows(_) => !rows_end,
                    _ => true,
                }
        });
    }

    /// Where the open files were made that locks are held on.
    fn handles(&self) -> impl Iterator<Item = Site> {
        self.state.held.iter().filter_map(|c| c.lock()?.handle)
    }

    /// Whether an open file stays open: a variable holds it, or what is returned does. At the end of the block that starts here
    /// the variable is one that was there before, since what a block declares it mentions first.
    pub fn is_open(&self, handle: Site, block: Option<u32>) -> bool {
        let stays = |name: &Name| name.starts_with('$') || block.is_none_or(|start| self.is_from_before(name, start));
        self.state.vars.iter().any(|(name, value)| holds(&value.kind, handle) && stays(name))
            || self.returned.as_ref().is_some_and(|value| holds(&value.kind, handle))
    }

    /// Whether a path leads from a parameter, or from a variable that the function mentions before this point.
    fn is_from_before(&self, path: &Name, start: u32) -> bool {
        let root = path.split('.').next().unwrap_or(path);
        let function = self.program.function(self.at);
        let first = || {
            let named = self.facts.exprs.iter().filter(|e| matches!(&e.kind, ExprKind::Name(name) if name == root));
            named.map(|e| e.span).filter(|span| function.span.contains(*span)).map(|span| span.start).min()
        };
        function.params.iter().any(|p| p.name == root) || first().is_none_or(|first| first < start)
    }

    /// Whether the transaction that is open ends with a block: one that began in it, or that of each statement where none was begun.
    fn ends_transaction(&self, before: &[u64]) -> bool {
        let mut open = self.state.held.iter().filter(|c| matches!(c.held, Held::Transaction { .. })).peekable();
        match open.peek() {
            Some(_) => open.any(|c| !before.contains(&c.token)),
            None => !self.is_given_transaction(),
        }
    }

    /// Whether the function works in a transaction of its caller: one of its parameters is one.
    fn is_given_transaction(&self) -> bool {
        let count = self.program.function(self.at).params.len().min(256);
        let commits = |kind: Kind| match kind {
            Kind::Library(value) => self.program.knowledge.type_def(value.ty).methods.iter().any(|row| row.effect == Effect::Commit),
            _ => false,
        };
        (0..count).any(|index| commits(self.parameter_hint(index as u8)))
    }

    /// Leave locks and transactions behind, as code does that runs in a task of its own; what was held.
    pub fn set_apart(&mut self) -> Vec<Context> {
        let held = self.state.held.clone();
        self.state.held.retain(|c| !matches!(c.held, Held::Lock(_) | Held::Transaction { .. } | Held::Rows(_)));
        held
    }

    /// `drop(guard)`.
    pub fn drop_value(&mut self, value: &Value) {
        for kind in value.kind.alternatives() {
            if let Kind::Library(library) = kind
                && let Some(site) = library.site
            {
                self.state.held.retain(|c| !(c.site == site && c.lock().is_some_and(|l| l.guard)));
            }
            self.close(kind);
        }
    }

    /// What was held on an open file ends where the file is closed: with the value that is it or has it.
    pub fn close(&mut self, kind: &Kind) {
        self.state.held.retain(|c| !c.lock().and_then(|lock| lock.handle).is_some_and(|handle| holds(kind, handle)));
    }

    /// A method of the result of taking a lock that hands the guard over to a closure: `lock.lock().map(|state| state.len())`. The
    /// guard ends with the closure, unless that gives it back.
    pub fn consumed(&mut self, method: &Name, place: &CallPlace, result: &Value) {
        if !CONSUMING.contains(&method.as_str()) {
            return;
        }
        let Some(receiver) = place.receiver.clone() else { return };
        let given_back = |site| carries(&result.kind, site);
        if self.guard_behind(&receiver).is_some_and(|through| !through.guard.site.is_some_and(given_back)) {
            self.drop_value(&receiver);
        }
    }

    /// A value that the front end carried to here in a variable of its own is carried no longer.
    pub fn moved(&mut self, expr: ExprId) {
        if let ExprKind::Name(name) = &self.facts.expr(expr).kind
            && name.starts_with('$')
        {
            self.state.vars.remove(name);
        }
    }

    /// Begin a transaction that lives as long as the block around it.
    pub fn begin(&mut self, isolation: Option<Name>, site: Site) {
        let context =
            Context { token: token(site, BEGUN), held: Held::Transaction { isolation, of_caller: None }, site, function: self.at };
        self.state.held.push(context);
    }

    /// End what a call began in Python, where a block begins the others.
    pub fn end_watch(&mut self) {
        self.state.held.retain(|c| c.token != token(c.site, BEGUN));
    }

    /// End the innermost transaction that a call began.
    pub fn end_begun(&mut self) {
        if let Some(at) = self.state.held.iter().rposition(|c| matches!(c.held, Held::Transaction { .. })) {
            self.state.held.remove(at);
        }
        self.state.end_transaction();
    }

    /// Closures given to a method that nothing is known of run there, on what the method is called on: `rows.iter().map(…)`.
    /// `maps` says that the result is what the closures make of it, and not it itself.
    pub fn run_closures(&mut self, receiver: &Value, given: &[Given], place: &CallPlace, result: &Value, maps: bool) -> Option<Value> {
        let mut found: Option<Value> = None;
        // For each of what there is, as in a loop over it.
        let control = self.state.control.clone();
        let on: Vec<(Dep, Check)> = receiver.deps.iter().filter(|d| **d != Dep::Fresh).map(|d| (*d, Check::Existence)).collect();
        self.state.decide(&on);
        for closure in given {
            let is_code = match &closure.value.kind {
                Kind::Parameter(index) => self.is_code(*index),
                Kind::Captured(name) => self.is_captured_code(name),
                _ => false,
            };
            if is_code {
                let called = self.call_later(&closure.value.kind, &[], place);
                found = Some(found.map_or(called.value.clone(), |before| before.or(called.value)));
                continue;
            }
            let Kind::Function(function) = &closure.value.kind else { continue };
            if self.program.function(function.function).name != "<lambda>" {
                continue;
            }
            let element = Value { kind: self.program.element(&receiver.kind), ..receiver.clone() };
            let element = if element.kind == Kind::Unknown { receiver.clone() } else { element };
            let count = self.program.function(function.function).params.len();
            let args: Vec<Given> = (0..count).map(|_| Given { name: None, value: element.clone(), expr: None, spread: 0 }).collect();
            let called = self.call_function(function, &args, place, &super::call::Coroutine::Awaited);
            found = Some(match found {
                Some(before) => before.or(called.value),
                None => called.value,
            });
        }
        self.state.control = control;
        let found = found?;
        // `.map(|job| job.state)`: of what was read, that field.
        let told = |dep: &Dep| maps && found.deps.iter().any(|d| d.same_record(dep));
        let deps = result.deps.iter().filter(|d| !told(d)).cloned().collect::<Deps>().with(&found.deps);
        let kind = if result.kind == Kind::Unknown { found.kind } else { result.kind.clone() };
        Some(Value { kind, deps, ..Value::default() })
    }

    /// Whether a name that was captured is a parameter of a function around that is declared to be code.
    fn is_captured_code(&self, name: &Name) -> bool {
        let mut around = self.program.function(self.at).parent;
        while let Some(function) = around {
            let at = FunctionRef { module: self.at.module, function };
            if let Some(index) = self.program.function(at).params.iter().position(|p| p.name == *name) {
                return self.is_code_of(at, index);
            }
            around = self.program.function(at).parent;
        }
        false
    }

    /// Whether a parameter is declared to be code: a closure, a future.
    fn is_code(&self, index: u8) -> bool {
        self.is_code_of(self.at, usize::from(index))
    }

    fn is_code_of(&self, function: FunctionRef, index: usize) -> bool {
        let Some(annotation) = self.program.function(function).params.get(index).and_then(|p| p.annotation) else {
            return false;
        };
        let facts = self.program.facts(function.module);
        // `Pin<Box<dyn Future<Output = T>>>`
        let mut ty = annotation;
        for _ in 0..BOXES {
            let (head, inner) = match facts.expr(ty).kind {
                ExprKind::Index { base, index } => (base, Some(index)),
                _ => (ty, None),
            };
            match (crate::link::last_name(facts, head).map(Name::as_str), inner) {
                (Some("Pin" | "Box"), Some(inner)) => ty = inner,
                (name, _) => return name.is_some_and(|n| CODE.contains(&n)),
            }
        }
        false
    }

    /// `future.await`: an async block that a variable holds, or that the caller gives, runs here.
    pub fn awaited(&mut self, value: Value, site: Site) -> Value {
        let place = CallPlace { site, receiver: None, receiver_path: None, receiver_name: Name::default(), written: false };
        match &value.kind {
            Kind::Parameter(index) if self.is_code(*index) => self.call_later(&value.kind, &[], &place).value,
            Kind::Captured(name) if self.is_captured_code(name) => self.call_later(&value.kind, &[], &place).value,
            kind @ Kind::Function(function) if self.is_block(kind) => {
                let function = function.clone();
                self.call_function(&function, &[], &place, &super::call::Coroutine::Awaited).value
            }
            _ => value,
        }
    }

    /// An async block that is kept or handed on, bare or with what a method adds to it (`async { … }.instrument(span)`): it runs
    /// where somebody awaits or spawns it, and not here.
    pub fn kept_block(&self, expr: ExprId) -> Option<Value> {
        let facts = self.facts;
        let ExprKind::Call { callee, args } = &facts.expr(self.future_in(expr)).kind else { return None };
        match (&facts.expr(*callee).kind, args.as_slice()) {
            (ExprKind::Lambda(function), []) if self.rust && facts.function(*function).is_async => {
                Some(self.closure(FunctionRef { module: self.at.module, function: *function }))
            }
            _ => None,
        }
    }

    /// The future that another one is made of and runs: `fut.instrument(span)`, `Instrument::instrument(fut, span)`,
    /// `Box::pin(fut)`. What a method makes of an async block or of a call of an async function is a future as well, whatever
    /// the method.
    fn future_in(&self, expr: ExprId) -> ExprId {
        let mut at = expr;
        for _ in 0..FUTURES {
            let ExprKind::Call { callee, args } = &self.facts.expr(at).kind else { break };
            let inner = match &self.facts.expr(*callee).kind {
                _ if !self.rust => None,
                ExprKind::Name(_) | ExprKind::Attr { .. } if let Some(position) = self.handed_through(*callee) => {
                    args.get(position).map(|arg| arg.value)
                }
                ExprKind::Attr { base, .. } => Some(*base).filter(|base| self.is_future(self.future_in(*base))),
                _ => None,
            };
            let Some(inner) = inner else { break };
            at = inner;
        }
        at
    }

    /// Whether an expression is an async block, a variable that keeps one, or a call of an async function.
    fn is_future(&self, expr: ExprId) -> bool {
        let is_async = |function: FunctionRef| self.program.function(function).is_async;
        match &self.facts.expr(expr).kind {
            ExprKind::Name(name) => self.state.vars.get(name).is_some_and(|value| self.is_block(&value.kind)),
            ExprKind::Call { callee, .. } => match &self.facts.expr(*callee).kind {
                ExprKind::Lambda(function) => is_async(FunctionRef { module: self.at.module, function: *function }),
                ExprKind::Name(_) | ExprKind::Attr { .. } => {
                    matches!(self.program.infer(self.at, *callee), Kind::Function(value) if is_async(value.function))
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a value is an async block that runs where it is awaited or spawned.
    fn is_block(&self, kind: &Kind) -> bool {
        let Kind::Function(value) = kind else { return false };
        let function = self.program.function(value.function);
        self.rust && function.name == "<lambda>" && function.is_async && function.params.is_empty()
    }

    /// Which argument a library's function gives back as it is.
    fn handed_through(&self, callee: ExprId) -> Option<usize> {
        let found = self.program.library_function(self.at, callee)?;
        let returns = found.row.returns.as_deref().filter(|_| found.row.effect == Effect::Value)?;
        returns.strip_prefix("argument ")?.parse().ok()
    }

    /// A call of an async function that is given where code is asked for: it runs where that code is awaited or spawned.
    pub fn kept_future(&mut self, target: FunctionRef, position: usize, expr: ExprId) -> Option<Value> {
        let facts = self.facts;
        let ExprKind::Call { callee, args } = &facts.expr(expr).kind else { return None };
        if !self.rust || !self.is_code_of(target, position) {
            return None;
        }
        let Kind::Function(function) = self.program.infer(self.at, *callee) else { return None };
        if !self.program.function(function.function).is_async || self.program.function(function.function).name == "<lambda>" {
            return None;
        }
        let receiver = match &facts.expr(*callee).kind {
            ExprKind::Attr { base, .. } if function.receiver.is_some() => Some(self.eval(*base).kind),
            _ => function.receiver.clone(),
        };
        let mut kept = FunctionValue { receiver, ..(*function).clone() };
        kept.bound.extend(args.iter().map(|a| (a.name.clone(), self.eval(a.value).kind)));
        Some(Value::of(Kind::Function(Rc::new(kept))))
    }

    /// Whether a loop tries again on an error and stops on success: a match on a result in it, whose good arm leaves.
    pub fn retries_result(&self, body: &Block) -> bool {
        let facts = self.facts;
        let leaves = |block: &Block| {
            let mut last = block.last().copied();
            while let Some(id) = last {
                match &facts.stmt(id).kind {
                    StmtKind::Return(_) | StmtKind::Break | StmtKind::Raise(_) => return true,
                    StmtKind::Guarded { body, .. } => last = body.last().copied(),
                    _ => return false,
                }
            }
            false
        };
        let mut pending: Vec<_> = body.clone();
        while let Some(id) = pending.pop() {
            match &facts.stmt(id).kind {
                StmtKind::Guarded { body, .. } => pending.extend(body),
                StmtKind::Choose { arms, .. } => {
                    let arm =
                        |wanted: bool| arms.iter().find(|(guard, _)| guard.is_some_and(|g| facts.expr(g).kind == ExprKind::Bool(wanted)));
                    if let (Some((_, good)), Some((_, bad))) = (arm(true), arm(false))
                        && leaves(good)
                        && !leaves(bad)
                    {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    /// Whether a loop waits for what comes next: `while let Some(message) = receiver.recv().await`.
    pub fn awaits_next(&self, body: &Block) -> bool {
        let Some(first) = body.first() else { return false };
        match &self.facts.stmt(*first).kind {
            // `select!` with an arm that takes what came in.
            StmtKind::Choose { arms, .. } => arms.iter().any(|(_, arm)| match arm.get(1).map(|s| &self.facts.stmt(*s).kind) {
                Some(StmtKind::Assign { value: Some(value), .. }) => {
                    matches!(&self.facts.expr(*value).kind, ExprKind::Name(name) if name.starts_with('$'))
                }
                _ => false,
            }),
            StmtKind::Guarded { items, .. } => items.first().is_some_and(|i| matches!(self.facts.expr(i.context).kind, ExprKind::Await(_))),
            _ => false,
        }
    }

    /// The function that spawned code is: an async block or an async function's call, with what it captured or was given.
    pub fn spawned_function(&mut self, expr: ExprId) -> Option<Rc<FunctionValue>> {
        let facts = self.facts;
        let mut expr = expr;
        while let ExprKind::Await(inner) = facts.expr(expr).kind {
            expr = inner;
        }
        expr = self.future_in(expr);
        if let ExprKind::Name(name) = &facts.expr(expr).kind
            && let Some(Value { kind: kind @ Kind::Function(block), .. }) = self.state.vars.get(name)
            && self.is_block(kind)
        {
            return Some(block.clone());
        }
        let (callee, args) = match &facts.expr(expr).kind {
            ExprKind::Call { callee, args } => (*callee, args.clone()),
            ExprKind::Lambda(_) => (expr, Vec::new()),
            _ => return None,
        };
        let items = self.summary.items.len();
        let value = self.eval(callee);
        let given: Vec<(Option<Name>, Kind)> = args.iter().map(|a| (a.name.clone(), self.eval(a.value).kind)).collect();
        self.summary.items.truncate(items);
        let Kind::Function(function) = value.kind else { return None };
        let mut function = (*function).clone();
        function.bound.extend(given);
        Some(Rc::new(function))
    }
}

/// Whether a value is, or holds, the guard that was made at a place.
fn carries(kind: &Kind, site: Site) -> bool {
    match kind {
        Kind::Library(value) => value.site == Some(site) && value.lock.as_ref().is_some_and(|l| l.guard),
        Kind::List(items) => items.iter().any(|k| carries(k, site)),
        Kind::OneOf(kinds) => kinds.iter().any(|k| carries(k, site)),
        Kind::Object(object) => object.args.iter().any(|(_, k)| matches!(k, Kind::Library(_)) && carries(k, site)),
        _ => false,
    }
}

/// Whether a value is, or holds, what was made at a place.
pub(super) fn holds(kind: &Kind, site: Site) -> bool {
    match kind {
        Kind::Library(value) => value.site == Some(site),
        Kind::List(items) => items.iter().any(|k| holds(k, site)),
        Kind::OneOf(kinds) => kinds.iter().any(|k| holds(k, site)),
        Kind::Object(object) => object.args.iter().any(|(_, k)| holds(k, site)),
        _ => false,
    }
}
