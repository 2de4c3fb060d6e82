//! Walking a function's statements in program order.

use super::call::Coroutine;
use super::context::{Context, Held, RetryUse, token};
use super::copies::Copies;
use super::item::{Call, Check, Item, What};
use super::leaks::Ledger;
use super::state::{End, LeftRounds, State, join_variables};
use super::truth::Truth;
use super::value::{Column, Dep, Deps, Value};
use super::{Effects, ITEMS, Summary};
use crate::facts::{Block, ExprId, ExprKind, FileFacts, FunctionId, GuardItem, Handler, MODULE, Name, ParamKind, StmtId, StmtKind};
use crate::knowledge::vocabulary::Effect;
use crate::link::{ClassRef, FunctionRef, FunctionValue, Hole, Kind, Object, Program, Template};
use crate::source::{Site, Span};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// One walk over one function.
pub(super) struct Walker<'e, 'p, 'k> {
    pub fx: &'e Effects<'p, 'k>,
    pub program: &'p Program<'k>,
    pub facts: &'p FileFacts,
    pub at: FunctionRef,
    /// The receiver, for methods.
    pub receiver: Kind,
    pub receiver_name: Option<Name>,
    pub captured: &'e [(Name, Kind)],
    /// What the caller gives for some of the parameters.
    pub flags: &'e [(u8, Kind)],
    pub state: State,
    pub summary: Summary,
    pub awaits: u32,
    /// What is being awaited: a task that is joined where it is spawned has ended before the next is.
    pub joined: Option<Site>,
    /// How many `finally` blocks surround this point.
    finally: u32,
    /// How many decisions had been made where the innermost loop around this point began its turn.
    pub decided_before_loop: Option<usize>,
    /// How many comprehensions surround this point.
    pub comprehensions: u32,
    /// What is assigned is one of several that a loop goes through: its variable names none of them.
    pub going_through: bool,
    /// How a coroutine made by the next call runs.
    pub coroutine: Coroutine,
    /// The access path of the lock being taken: `self.lock`.
    pub taken: Option<Name>,
    /// The time limit that the call just evaluated makes: a context manager, if it is entered.
    pub limit: Option<Option<f64>>,
    /// Items are made in the name of this function, reached by these calls: a caller-given call being resumed.
    pub proxy: Option<(FunctionRef, Option<Rc<Call>>)>,
    /// How many caller-given calls are being resumed.
    pub depth: u8,
    /// How many were resumed in this walk.
    pub resumed: u16,
    /// The body asks to be run again: the context around all that it does.
    pub again: Option<Context>,
    /// The receiver's type was inferred.
    pub inferring: bool,
    /// Missing arguments are an outsider's: parameters are worth what they are declared to be.
    pub from_outside: bool,
    pub returned: Option<Value>,
    /// The walked code is Rust: guards end with their scope.
    pub rust: bool,
    /// Parameters of statements being built, by where the statement is made.
    pub binds: FxHashMap<Site, Vec<Value>>,
    /// What the receiver's fields hold where the function is left, of all such places so far.
    pub fields_left: Vec<(Name, Value)>,
    /// What is held at every return so far.
    held_at_returns: Option<Vec<Context>>,
    /// What is held wherever it returns a refusal: nothing, `False`.
    held_at_refusals: Option<Vec<Context>>,
    /// More was done than the summary keeps, and that was said.
    cut: bool,
    /// The locks it takes and gives back.
    pub ledger: Ledger,
    /// What was looked at through guards: where the guard was taken, and which field.
    pub looked: FxHashMap<(Site, Option<Name>), Deps>,
    /// What is known where rounds of the loops around are left by `break` or `continue`, outermost loop first.
    left_rounds: Vec<LeftRounds>,
    /// Assignments to columns of rows that were loaded here and are written where they are saved.
    pub unsaved: Vec<u32>,
    /// What callees do.
    pub copies: Copies,
    /// How many `try` of the innermost loop are around whose handlers go on: what fails there may be tried again.
    tried: u32,
    /// The body only says that others have to be written: `raise NotImplementedError`.
    unwritten: bool,
    /// What was read in a loop over values and decided that one of them is passed over.
    pub passing: rustc_hash::FxHashSet<u32>,
    /// How many items there were at the last commit.
    pub committed: usize,
    /// What is evaluated is changed in place.
    pub placing: bool,
    /// What queued calls will have answered when they are sent.
    pub queued: Deps,
    /// Calls already remembered, with what was held and decided at them.
    pub below: rustc_hash::FxHashSet<(*const Summary, u64)>,
}

/// The summary of a function, its decorators applied.
pub(super) fn summarise(
    fx: &Effects,
    at: FunctionRef,
    class: Option<ClassRef>,
    captured: &[(Name, Kind)],
    flags: &[(u8, Kind)],
) -> Summary {
    let mut walker = Walker { flags, ..Walker::new(fx, at, class, captured) };
    let body = &walker.program.function(at).body;
    walker.block(body);
    walker.finish()
}

impl<'e, 'p, 'k> Walker<'e, 'p, 'k> {
    fn new(fx: &'e Effects<'p, 'k>, at: FunctionRef, class: Option<ClassRef>, captured: &'e [(Name, Kind)]) -> Self {
        let program = fx.program;
        let function = program.function(at);
        let mut walker = Walker {
            fx,
            program,
            facts: program.facts(at.module),
            at,
            receiver: Kind::Unknown,
            receiver_name: None,
            captured,
            flags: &[],
            state: State::default(),
            summary: Summary::default(),
            awaits: 0,
            joined: None,
            finally: 0,
            decided_before_loop: None,
            comprehensions: 0,
            going_through: false,
            coroutine: Coroutine::Loose,
            taken: None,
            limit: None,
            proxy: None,
            depth: 0,
            resumed: 0,
            again: None,
            left_rounds: Vec::new(),
            unsaved: Vec::new(),
            copies: Copies::default(),
            tried: 0,
            unwritten: false,
            inferring: false,
            from_outside: false,
            returned: None,
            rust: program.is_rust(at.module),
            binds: FxHashMap::default(),
            fields_left: Vec::new(),
            held_at_returns: None,
            held_at_refusals: None,
            cut: false,
            ledger: Ledger::default(),
            looked: FxHashMap::default(),
            passing: rustc_hash::FxHashSet::default(),
            committed: 0,
            placing: false,
            queued: Deps::default(),
            below: rustc_hash::FxHashSet::default(),
        };
        for (index, parameter) in function.params.iter().enumerate() {
            let declared = program.parameter_declared(at, index as u32);
            let method = index == 0 && program.takes_receiver(at);
            let value = match (method, declared, class) {
                (true, Kind::Object(object), Some(class)) => {
                    let object = Object { class, exact: true, ..(*object).clone() };
                    Value::of(Kind::Object(Rc::new(object)))
                }
                (true, Kind::Class(_), Some(class)) => Value::of(Kind::Class(class)),
                (true, declared @ (Kind::Object(_) | Kind::Class(_)), None) => Value::of(declared),
                _ => Value {
                    kind: Kind::Parameter(index.min(255) as u8),
                    deps: Deps::one(Dep::Parameter(index.min(255) as u8, Column::WHOLE)),
                    literal: matches!(parameter.kind, ParamKind::Plain | ParamKind::KeywordOnly),
                    ..Value::default()
                },
            };
            if method && !matches!(value.kind, Kind::Parameter(_)) {
                walker.receiver = value.kind.clone();
                walker.receiver_name = Some(parameter.name.clone());
            }
            walker.state.vars.insert(parameter.name.clone(), value);
        }
        walker
    }

    /// What is known of a parameter's value beyond that it is one.
    pub fn parameter_hint(&self, index: u8) -> Kind {
        match self.program.parameter(self.at, u32::from(index)) {
            // Of which type it is stands in the declaration; which one it is, the caller says.
            Kind::Library(value) if value.identity.as_ref().is_none_or(|t| t.constant().is_none()) => {
                let mut value = (*value).clone();
                value.identity = Some(Template::hole(Hole::Parameter(index)));
                Kind::Library(Rc::new(value))
            }
            hint => hint,
        }
    }

    pub fn site(&self, span: Span) -> Site {
        self.program.site(self.at.module, span)
    }

    pub fn block(&mut self, block: &Block) {
        if !self.rust {
            for id in block {
                if self.state.end != End::Open {
                    break;
                }
                self.stmt(*id);
            }
            return;
        }
        let before = self.tokens();
        for id in block {
            if self.state.end != End::Open {
                break;
            }
            let held = self.tokens();
            self.stmt(*id);
            self.end_statement(&held);
        }
        self.end_block(&before, block);
    }

    fn stmt(&mut self, id: StmtId) {
        let facts = self.facts;
        let stmt = facts.stmt(id);
        match &stmt.kind {
            StmtKind::Expr(e) => {
                let value = self.eval(*e);
                self.drop_answer(&value);
                if self.never_returns(*e) {
                    self.state.end = End::Raised;
                }
            }
            StmtKind::Assign { targets, value: Some(value), annotation } => {
                let kept = self.kept_block(*value);
                let mut assigned = kept.unwrap_or_else(|| self.eval(*value));
                let converted = self.converts(*value);
                if let (true, Some(annotation)) = (assigned.kind == Kind::Unknown || converted, annotation) {
                    assigned.kind = self.program.annotation(self.at, *annotation).or(std::mem::take(&mut assigned.kind));
                } else if let Some(annotation) = annotation {
                    let declared = || self.program.annotation(self.at, *annotation);
                    assigned.kind = self.program.or_declared(std::mem::take(&mut assigned.kind), self.at.module, declared);
                }
                if self.rust {
                    self.moved(*value);
                }
                if self.is_answer(&assigned) && self.is_forgotten(targets) {
                    self.drop_answer(&assigned);
                }
                for target in targets {
                    self.assign(*target, assigned.clone(), Some(*value));
                }
            }
            StmtKind::Assign { targets, value: None, annotation: Some(annotation) } => {
                let declared = Value::of(self.program.annotation(self.at, *annotation));
                for target in targets {
                    self.assign(*target, declared.clone(), None);
                }
            }
            StmtKind::Update { target, op, value } => {
                let (before, change) = (self.eval(*target), self.eval(*value));
                let kind = self.program.binary(*op, &before.kind, &change.kind, "", "");
                let after = Value { kind, deps: before.deps.clone().with(&change.deps), ..Value::default() };
                self.assign(*target, after, None);
            }
            StmtKind::Return(value) => {
                self.ends_loop();
                self.coroutine = Coroutine::Awaited;
                let mut value = value.map(|v| self.returned_value(v)).unwrap_or(Value::of(Kind::Null));
                value.truth = self.returned_truth(&value);
                value.compared |= self.rust && self.tells_state(&value);
                let refuses = matches!(value.kind, Kind::Bool(false) | Kind::Null);
                let decided = self.state.control.iter().filter(|(dep, _)| !dep.is_question());
                value.deps.join(&decided.map(|asked| self.as_value(asked)).collect());
                self.returned = Some(match self.returned.take() {
                    Some(before) => before.or(value),
                    None => value,
                });
                self.note_left(self.site(stmt.span));
                self.leave_fields();
                // A refusal says nothing of whoever gets another answer: what was not granted is not held.
                let kept = if refuses { &mut self.held_at_refusals } else { &mut self.held_at_returns };
                let held = &self.state.held;
                match kept {
                    // A guard ends with its scope, whichever way that is left.
                    _ if self.rust => {}
                    Some(kept) => kept.retain(|c| held.iter().any(|h| h.token == c.token)),
                    none => *none = Some(held.clone()),
                }
                self.state.end = End::Left;
            }
            StmtKind::Raise(value) => {
                if let Some(value) = value {
                    self.unwritten |= self.is_unwritten(*value);
                    self.eval(*value);
                }
                self.state.end = End::Raised;
            }
            StmtKind::Break => {
                self.ends_loop();
                if let Some(rounds) = self.left_rounds.last_mut() {
                    rounds.breaks.push(self.state.held.clone());
                    rounds.leave(&self.state);
                }
                self.state.end = End::Left;
            }
            StmtKind::Continue => {
                self.passes_over();
                if let Some(rounds) = self.left_rounds.last_mut() {
                    rounds.leave(&self.state);
                }
                self.state.end = End::Left;
            }
            StmtKind::Delete(targets) => {
                for target in targets {
                    self.delete(*target);
                }
            }
            StmtKind::Assert(cond) => {
                let on = self.decision(*cond);
                self.state.decide(&on.then);
            }
            StmtKind::Branch { cond, then, other } => self.branch(*cond, then, other),
            StmtKind::Choose { subject, arms } => self.choose(*subject, arms),
            StmtKind::Loop { cond, target, iter, body, other } => self.looping(stmt.span, *cond, *target, *iter, body, other),
            StmtKind::Try { body, handlers, other, finally } => self.guarded_try(stmt.span, body, handlers, other, finally),
            StmtKind::Guarded { items, body } => self.guarded(items, body),
            StmtKind::Define(function) => self.define(*function),
            StmtKind::DefineClass(class) => self.define_class(ClassRef { module: self.at.module, class: *class }),
            StmtKind::Assign { .. } | StmtKind::Outer(_) | StmtKind::Import(_) => {}
        }
    }

    /// Whether a value is assigned to one variable that nothing mentions again.
    fn is_forgotten(&self, targets: &[ExprId]) -> bool {
        let [target] = targets else { return false };
        let ExprKind::Name(name) = &self.facts.expr(*target).kind else { return false };
        let within = self.program.function(self.at).span;
        let mentions = |e: &crate::facts::Expr| matches!(&e.kind, ExprKind::Name(n) if n == name) && within.contains(e.span);
        self.at.function != MODULE && self.facts.exprs.iter().filter(|e| mentions(e)).count() <= 1
    }

    /// A returned value; a context manager that is handed on keeps what entering it means.
    fn returned_value(&mut self, expr: ExprId) -> Value {
        let ExprKind::Call { callee, args } = &self.facts.expr(expr).kind else { return self.eval(expr) };
        let called = self.eval_call(expr, *callee, args);
        if let Some((opened, value)) = called.opened {
            let contexts = self.state.held.iter().cloned().chain(opened).collect();
            self.summary.yields.get_or_insert((contexts, value));
        }
        called.value
    }

    fn looping(&mut self, span: Span, cond: Option<ExprId>, target: Option<ExprId>, iter: Option<ExprId>, body: &Block, other: &Block) {
        let before = self.state.clone();
        let mut sorted = false;
        let mut on = Vec::new();
        if let Some(iter) = iter {
            let iterated = self.iterated(iter);
            sorted = iterated.sorted;
            let through = self.reached_through(&iterated);
            let kind = self.element_kind(&iterated.kind);
            // Lists that were filled in order lie in what is gone through in order.
            let element = Value { kind, deps: iterated.deps.clone(), through, sorted, ..Value::default() };
            let missing = |dep: &Dep| self.summary.behind(dep).and_then(Item::access).is_some_and(|a| a.absence);
            let asks = |dep: &Dep| match () {
                () if self.rust => Check::Existence,
                // Gone through is what was missing there.
                () if missing(dep) => Check::Absence,
                () => iterated.truth.check(),
            };
            on = iterated.deps.iter().map(|d| (*d, asks(d))).collect();
            if let Some(target) = target {
                self.assign_each(target, element);
            }
        }
        let values = iter.is_some_and(|i| self.range_length(i).is_none());
        let mut endless = false;
        let mut flagged = Vec::new();
        if let Some(cond) = cond {
            let before = self.summary.items.len();
            let value = self.decision(cond).then;
            // `while flags.is_enabled("triage")`: as well.
            let flags = |item: &Item| matches!(&*item.what, What::Control { effect: Effect::Environment, .. });
            flagged = (before..self.summary.items.len()).filter(|at| flags(&self.summary.items[*at])).collect();
            endless = !flagged.is_empty()
                || match &self.facts.expr(cond).kind {
                    ExprKind::Bool(true) | ExprKind::Int(_) => true,
                    // `while self.running`, `while not stop.is_set()`: until somebody says stop.
                    ExprKind::Not(_) | ExprKind::Attr { .. } | ExprKind::Name(_) => true,
                    _ => false,
                };
            on = value;
        }
        let open_ended = iter.is_none() && cond.is_none_or(|c| matches!(self.facts.expr(c).kind, ExprKind::Bool(true) | ExprKind::Int(1)));
        let waits = self.rust && open_ended && self.awaits_next(body);
        endless |= waits;
        let site = self.site(span);
        let held = self.retry_loop(iter, body).map_or(Held::Loop { endless, sorted, waits, values }, |attempts| {
            Held::Retry(Rc::new(RetryUse { api: "retry loop".into(), attempts, after: self.tries_again_after(body) }))
        });
        self.state.held.push(Context { token: token(site, 1), held, site, function: self.at });
        // A flag is asked for in every round.
        for at in flagged {
            self.summary.items[at].contexts = Rc::new(self.state.held.clone());
        }
        self.state.decide(&on);
        self.left_rounds.push(LeftRounds::default());
        let tried = std::mem::take(&mut self.tried);
        let around = self.decided_before_loop.replace(self.state.control.len());
        self.block(body);
        self.decided_before_loop = around;
        self.tried = tried;
        let LeftRounds { breaks, known } = self.left_rounds.pop().unwrap_or_default();
        self.state.held.retain(|c| c.token != token(site, 1));
        let falls_through = self.state.end == End::Open;
        self.state.end = End::Open;
        // A guard goes with the loop's body; what was taken on a file that was open before does not.
        let start = body.first().map_or(span.start, |first| self.facts.stmt(*first).span.start);
        let outlives = |c: &&Context| !self.rust || c.lock().and_then(|l| l.handle).is_some_and(|h| self.is_open(h, Some(start)));
        let left_with: Vec<u64> = breaks.iter().flatten().filter(outlives).map(|c| c.token).collect();
        let mut after = std::mem::take(&mut self.state);
        after.control = before.control.clone();
        // Not in Rust: what comes together there is more than the ways to a place are told apart by.
        if let Some(known) = known.filter(|_| !self.rust) {
            after.vars = if falls_through { join_variables(known, after.vars) } else { known };
        }
        // What the body takes and keeps is held afterwards: `for r in sorted(ids): stack.enter_context(lock(r))`.
        let mut kept = after.held.clone();
        // `while True: if lock.acquire(blocking=False): break`: nothing else leads behind it.
        if let (true, Some((first, others))) = (open_ended, breaks.split_first()) {
            let taken = |c: &&Context| c.lock().is_some() && !kept.iter().any(|k| k.token == c.token) && left_with.contains(&c.token);
            let everywhere = |c: &&Context| others.iter().all(|held| held.iter().any(|o| o.token == c.token));
            kept.extend(first.iter().filter(taken).filter(everywhere).cloned().collect::<Vec<_>>());
        }
        let vars = before.join(after);
        self.state = State { held: kept, ..vars };
        self.block(other);
    }

    /// Whether a loop runs its body again on failure and stops on success; how often at most.
    fn retry_loop(&mut self, iter: Option<ExprId>, body: &Block) -> Option<Option<i64>> {
        let facts = self.facts;
        let ends = |block: &Block| self.leaves(block);
        let succeeds = |block: &Block| block.iter().any(|s| matches!(facts.stmt(*s).kind, StmtKind::Return(_) | StmtKind::Break));
        if self.rust && self.retries_result(body) {
            return match iter.map(|i| self.range_length(i)) {
                Some(None) => None,
                Some(Some(attempts)) => Some(attempts),
                None => Some(None),
            };
        }
        let mut after_try = false;
        for (index, stmt) in body.iter().enumerate() {
            let StmtKind::Try { body: tried, handlers, other, .. } = &facts.stmt(*stmt).kind else { continue };
            after_try |= succeeds(tried) || succeeds(other) || (succeeds(&body[index + 1..].to_vec()) && iter.is_some());
            if after_try && handlers.iter().any(|h| !ends(&h.body)) {
                let attempts = iter.and_then(|i| self.range_length(i));
                // A `for` over anything but attempts is a loop over data.
                if iter.is_some() && attempts.is_none() {
                    return None;
                }
                return Some(attempts.flatten());
            }
        }
        None
    }

    /// The errors after which a loop that tries again does so, by their last names; none where it is after any.
    fn tries_again_after(&self, body: &Block) -> Rc<Vec<Name>> {
        let tries = body.iter().filter_map(|stmt| match &self.facts.stmt(*stmt).kind {
            StmtKind::Try { handlers, .. } if !self.rust => Some(handlers),
            _ => None,
        });
        let going_on: Vec<&Handler> = tries.flatten().filter(|handler| !self.leaves(&handler.body)).collect();
        if going_on.iter().any(|handler| handler.types.is_empty()) {
            return Rc::default();
        }
        let named = |error: &ExprId| crate::link::last_name(self.facts, *error).cloned().unwrap_or_default();
        Rc::new(going_on.iter().flat_map(|handler| handler.types.iter().map(named)).collect())
    }

    /// Whether a block ends with leaving what is around it.
    fn leaves(&self, block: &Block) -> bool {
        let leaves = |kind: &StmtKind| matches!(kind, StmtKind::Return(_) | StmtKind::Break | StmtKind::Raise(_));
        block.last().is_some_and(|last| leaves(&self.facts.stmt(*last).kind))
    }

    /// Whether one way through a block returns and none raises.
    fn returns_within(&self, block: &Block) -> bool {
        let mut pending: Vec<&Block> = vec![block];
        let mut returns = false;
        while let Some(block) = pending.pop() {
            for kind in block.iter().map(|stmt| &self.facts.stmt(*stmt).kind) {
                match kind {
                    StmtKind::Raise(_) => return false,
                    StmtKind::Return(_) => returns = true,
                    kind => pending.extend(kind.blocks()),
                }
            }
        }
        returns
    }

    /// One way of several. One that ends with leaving a loop that tries again does nothing that is tried again: its error leaves
    /// the loop as well.
    pub(super) fn way(&mut self, block: &Block) {
        let inner = self.state.held.iter().rposition(|c| c.function == self.at && c.token == token(c.site, 1));
        let retry = inner.filter(|at| matches!(self.state.held[*at].held, Held::Retry(_)) && self.tried == 0 && self.leaves(block));
        let Some(at) = retry.filter(|_| !self.rust) else { return self.block(block) };
        let context = self.state.held.remove(at);
        self.block(block);
        self.state.held.insert(at.min(self.state.held.len()), context);
    }

    /// How often `range(n)` runs, where an expression is one; the inner `None` where n is not known.
    fn range_length(&mut self, iter: ExprId) -> Option<Option<i64>> {
        let ExprKind::Call { callee, args } = &self.facts.expr(iter).kind else { return None };
        let range = crate::link::last_name(self.facts, *callee).is_some_and(|n| n == "range" || n == "count");
        let stop = args.last().map(|a| a.value);
        range.then(|| stop.and_then(|s| self.program.infer(self.at, s).number()).map(|n| n as i64))
    }

    fn guarded_try(&mut self, span: Span, body: &Block, handlers: &[Handler], other: &Block, finally: &Block) {
        let before = self.state.clone();
        let first = self.summary.items.len();
        let site = self.site(span);
        if !handlers.is_empty() {
            let caught = handlers.iter().flat_map(|h| {
                let names: Vec<Name> = h.types.iter().filter_map(|t| crate::link::last_name(self.facts, *t).cloned()).collect();
                if names.is_empty() { vec!["".into()] } else { names }
            });
            let held = Held::Caught { types: Rc::new(caught.collect()), looks_again: false };
            self.state.held.push(Context { token: token(site, 2), held, site, function: self.at });
        }
        let goes_on = u32::from(handlers.iter().any(|handler| !self.leaves(&handler.body)));
        self.tried += goes_on;
        self.block(body);
        self.tried -= goes_on;
        self.state.held.retain(|c| c.token != token(site, 2));
        if self.state.end == End::Open {
            self.block(other);
        }
        let after_body = std::mem::take(&mut self.state);
        // A handler runs because something in the body failed: what was read there decided it.
        let decided: Vec<(Dep, Check)> = (first..self.summary.items.len())
            .filter(|i| self.summary.items[*i].access().is_some_and(|a| a.operation.is_read()))
            .map(|i| (Dep::Item(i as u32, Column::WHOLE), Check::Existence))
            .collect();
        let mut ends = vec![after_body.clone()];
        for handler in handlers {
            self.state = before.clone();
            self.state.vars = after_body.vars.clone();
            self.state.decide(&decided);
            let handling = self.summary.items.len();
            self.begin_handling();
            self.way(&handler.body);
            self.end_handling(token(site, 2), self.state.end != End::Open && self.catches_all(handler));
            if self.catches_all(handler) && self.summary.items.iter().skip(handling).any(looks_at_table) {
                self.look_again(token(site, 2));
            }
            ends.push(std::mem::take(&mut self.state));
        }
        // Who returns in the middle of what is tried does not come here, whatever the handlers do; who raises there may.
        let returned = after_body.end == End::Open && self.returns_within(body);
        let control = if returned { after_body.control.clone() } else { before.control.clone() };
        let mut open: Vec<State> = Vec::new();
        let mut left = End::Raised;
        for end in ends {
            match end.end {
                End::Open => open.push(end),
                End::Left => left = End::Left,
                End::Raised => {}
            }
        }
        let end = if open.is_empty() { left } else { End::Open };
        let single = open.len() == 1;
        let mut joined = match open.into_iter().reduce(State::join) {
            Some(joined) => joined,
            None => after_body.clone(),
        };
        joined.control = if single { joined.control } else { control };
        joined.end = End::Open;
        // On the way out by an error or a return, locks of the body may still be held: `finally` releases them.
        for context in &after_body.held {
            if !finally.is_empty() && !joined.held.iter().any(|c| c.token == context.token) {
                joined.held.push(context.clone());
            }
        }
        let around: Vec<u64> = joined.held.iter().map(|c| c.token).collect();
        self.state = joined;
        self.finally += 1;
        self.block(finally);
        self.finally -= 1;
        // What `finally` gives back is not held behind a return either.
        let given_back: Vec<u64> = around.into_iter().filter(|t| !self.state.held.iter().any(|c| c.token == *t)).collect();
        self.not_held_at_returns(&given_back);
        if self.state.end == End::Open {
            self.state.end = end;
        }
    }

    /// Whoever lost to another actor is told what that left: the error was handled for all that was tried.
    fn look_again(&mut self, tried: u64) {
        let tell = |contexts: &mut Vec<Context>| {
            for context in contexts.iter_mut().filter(|c| c.token == tried) {
                if let Held::Caught { looks_again, .. } = &mut context.held {
                    *looks_again = true;
                }
            }
        };
        for item in self.summary.items.iter_mut().filter(|i| i.contexts.iter().any(|c| c.token == tried)) {
            let mut contexts = (*item.contexts).clone();
            tell(&mut contexts);
            item.contexts = Rc::new(contexts);
        }
        if let Some(flushed) = &mut self.summary.flushes {
            tell(flushed);
        }
    }

    fn guarded(&mut self, items: &[GuardItem], body: &Block) {
        let before: Vec<u64> = self.state.held.iter().map(|c| c.token).collect();
        let (mut leaving, mut closing) = (Vec::new(), Vec::new());
        let mut transactional = false;
        if self.rust {
            return self.scoped(items, body);
        }
        for item in items {
            let entered = self.enter(item.context);
            transactional |= entered.ends_transaction;
            leaving.extend(entered.exit);
            closing.push(entered.value.kind.clone());
            if self.is_answer(&entered.value) && item.target.is_none_or(|t| self.is_forgotten(&[t])) {
                self.drop_answer(&entered.value);
            }
            if let Some(target) = item.target {
                self.assign(target, entered.value, None);
            }
        }
        let own: Vec<u64> = self.state.held.iter().map(|c| c.token).filter(|t| !before.contains(t)).collect();
        let begun = self.summary.items.len();
        self.block(body);
        let end = std::mem::take(&mut self.state.end);
        // Leaving runs on every way out.
        self.finally += 1;
        for (receiver, exit) in leaving {
            self.call_method(&Value::of(receiver), exit, self.site(self.facts.expr(items[0].context).span));
        }
        self.finally -= 1;
        self.state.held.retain(|c| !own.contains(&c.token));
        self.not_held_at_returns(&own);
        closing.iter().for_each(|opened| self.closed(opened));
        if closing.iter().any(|opened| self.is_session_of_its_own(opened)) {
            self.detach_rows(begun);
        }
        if transactional {
            self.state.held.retain(|c| before.contains(&c.token) || !c.ends_with_transaction());
        }
        self.state.end = end;
    }

    /// A block of its own, or one that looks at values which live as long as it.
    fn scoped(&mut self, items: &[GuardItem], body: &Block) {
        let before = self.tokens();
        let mut targets = Vec::new();
        for item in items {
            let value = self.eval(item.context);
            if let Some(target) = item.target {
                let hidden = crate::link::last_name(self.facts, target).map(|n| (n.clone(), self.state.vars.get(n).cloned()));
                targets.extend(hidden);
                self.assign(target, value, None);
            }
        }
        self.block(body);
        for (target, hidden) in targets.into_iter().rev() {
            match hidden {
                Some(value) => self.state.vars.insert(target, value),
                None => self.state.vars.remove(&target),
            };
        }
        self.end_block(&before, body);
    }

    fn catches_all(&self, handler: &Handler) -> bool {
        let all = |t: &ExprId| crate::link::last_name(self.facts, *t).is_some_and(|n| n == "Exception" || n == "BaseException");
        handler.types.is_empty() || handler.types.iter().any(all)
    }

    /// A file was closed where the block around its use ended: what was held on it is held no longer, on any way out.
    fn closed(&mut self, opened: &Kind) {
        let on_it = |c: &Context| c.lock().and_then(|lock| lock.handle).is_some_and(|handle| super::guard::holds(opened, handle));
        let returns = [&self.held_at_returns, &self.held_at_refusals].into_iter().flatten().flatten();
        let tokens: Vec<u64> = self.state.held.iter().chain(returns).filter(|c| on_it(c)).map(|c| c.token).collect();
        self.close(opened);
        self.not_held_at_returns(&tokens);
    }

    fn not_held_at_returns(&mut self, tokens: &[u64]) {
        self.not_left(tokens);
        for held in [&mut self.held_at_returns, &mut self.held_at_refusals].into_iter().flatten() {
            held.retain(|c| !tokens.contains(&c.token));
        }
    }

    fn define(&mut self, function: FunctionId) {
        let target = FunctionRef { module: self.at.module, function };
        let name = self.program.function(target).name.clone();
        let value = self.closure(target);
        self.state.vars.insert(name, value.clone());
        self.decorators(target, value.kind);
    }

    /// A nested function with what it sees of this one.
    pub fn closure(&self, function: FunctionRef) -> Value {
        let captured: Vec<(Name, Kind)> = if self.at.function == MODULE {
            Vec::new()
        } else {
            let used = self.program.names_used(function);
            let own = self.state.vars.iter().filter(|(n, _)| used.contains(*n)).map(|(n, v)| (n.clone(), v.kind.clone()));
            let around = self.captured.iter().filter(|(n, _)| used.contains(n) && !self.state.vars.contains_key(n)).cloned();
            // What was the caller's where this function was made is captured here, and so it is for what is made in it.
            let around = around.map(|(n, kind)| match self.rust && super::bind::is_callers(&kind) {
                true => (n.clone(), Kind::Captured(n)),
                false => (n, kind),
            });
            let mut all: Vec<(Name, Kind)> = own.chain(around).filter(|(_, k)| *k != Kind::Unknown).collect();
            all.sort_by(|a, b| a.0.cmp(&b.0));
            all
        };
        // In Rust a closure is a value that most methods take; only what it names flows into it.
        let named = self.rust.then(|| self.program.names_used(function));
        let deps = self
            .state
            .vars
            .iter()
            .filter(|(name, _)| named.as_ref().is_none_or(|used| used.contains(*name)))
            .map(|(_, value)| value)
            .filter(|v| matches!(v.deps.iter().next(), Some(Dep::Item(..))))
            .fold(Deps::default(), |d, v| d.with(&v.deps));
        let value = FunctionValue { function, receiver: None, bound: Vec::new(), captured: Rc::new(captured), plain: false };
        Value {
            kind: Kind::Function(Rc::new(value)),
            deps: if self.at.function == MODULE { Deps::default() } else { deps },
            ..Value::default()
        }
    }

    /// Assign a value to a target: a name, an attribute, an index, or a list of targets.
    pub fn assign(&mut self, target: ExprId, value: Value, from: Option<ExprId>) {
        let facts = self.facts;
        self.writing_variable(target, &value);
        match &facts.expr(target).kind {
            ExprKind::Name(name) => {
                let value = self.aimed(value, name);
                if self.at.function == MODULE {
                    // Module variables are read through the program, which knows all their assignments.
                    self.state.vars.insert(name.clone(), value);
                } else {
                    self.forget(name);
                    self.state.vars.insert(name.clone(), value);
                }
            }
            ExprKind::List(items) => {
                let pieces = match (&value.kind, from.map(|f| &facts.expr(f).kind)) {
                    (Kind::List(kinds), _) if kinds.len() == items.len() => Some(kinds.clone()),
                    _ => None,
                };
                for (index, item) in items.iter().enumerate() {
                    let whole = if value.kind.is_fresh() { value.kind.clone() } else { Kind::Unknown };
                    let kind = pieces.as_ref().map_or(whole, |p| p[index].clone());
                    let truth = if index == 0 { value.truth } else { Truth::Either };
                    self.assign(*item, Value { kind, truth, answer: None, ..value.clone() }, None);
                }
            }
            ExprKind::Spread(inner) => self.assign(*inner, value, None),
            ExprKind::Attr { base, name } => {
                let holder = self.eval_place(*base);
                let site = self.site(facts.expr(target).span);
                let set = Value { deps: self.unless_kept(*base, name, from, &value.deps), ..value.clone() };
                let path = self.path(*base);
                let own = path.is_some() && path == self.receiver_name;
                self.set_attribute(&holder, own, name, &set, site);
                self.write_through(&holder, Some(name), &value, site);
                if let Some(path) = path {
                    let value = self.aimed(value, name);
                    if own {
                        self.set_field(name, value.clone());
                    } else if let Some(holder) = self.state.vars.get_mut(&path) {
                        match self.rust {
                            true => holder.taint(&value.deps),
                            false => holder.set_field(Column::named(name), &value.deps),
                        }
                    }
                    self.state.vars.insert(compact_str::format_compact!("{path}.{name}"), value);
                }
            }
            ExprKind::Unary(inner) if self.rust => {
                let site = self.site(facts.expr(target).span);
                let place = self.eval_place(*inner);
                self.write_through(&place, None, &value, site);
                self.touch(*inner, &value.deps);
            }
            ExprKind::Index { base, index } => {
                let (key, holder) = (self.eval(*index), self.eval_place(*base));
                let site = self.site(facts.expr(target).span);
                self.by_syntax("__setitem__", &holder, &[key.clone(), value.clone()], site, Value::default());
                self.write_through(&holder, None, &value, site);
                self.changed_within(*base, &value.deps, site);
                self.touch(*base, &value.deps);
                self.add_entry(*base, &key, &value);
            }
            _ => {}
        }
    }

    /// `values["label"] = label`, of a mapping whose entries are known so far.
    fn add_entry(&mut self, base: ExprId, key: &Value, value: &Value) {
        let ExprKind::Name(name) = &self.facts.expr(base).kind else { return };
        if key.kind.as_text().is_none() {
            return;
        }
        if let Some(Kind::Map(entries)) = self.state.vars.get_mut(name).map(|held| &mut held.kind) {
            let entries = Rc::make_mut(entries);
            entries.retain(|(known, _)| *known != key.kind);
            entries.push((key.kind.clone(), value.kind.clone()));
        }
    }

    /// `row.label = label or row.label`: where the column keeps what it has, nothing is made of that.
    fn unless_kept(&self, base: ExprId, name: &Name, from: Option<ExprId>, deps: &Deps) -> Deps {
        let path = self.path(base);
        let same = |e: &ExprId| match &self.facts.expr(*e).kind {
            ExprKind::Attr { base, name: other } => other == name && path.is_some() && self.path(*base) == path,
            _ => false,
        };
        let keeps = match from.map(|f| &self.facts.expr(f).kind) {
            Some(ExprKind::Choice { then, other, .. }) => same(then) || same(other),
            Some(ExprKind::Logic { all: false, items }) => items.iter().any(same),
            _ => false,
        };
        if keeps { deps.without(Column::named(name)) } else { deps.clone() }
    }

    /// A container or object that a path names now also depends on these.
    pub fn touch(&mut self, container: ExprId, deps: &Deps) {
        let mut expr = container;
        loop {
            if let Some(path) = self.path(expr) {
                let inferred = if self.state.vars.contains_key(&path) { Value::default() } else { self.eval(expr) };
                let holder = self.state.vars.entry(path.clone()).or_insert(inferred);
                holder.taint(deps);
                let holder = holder.clone();
                if let Some(field) = self.own_field_at(&path) {
                    self.set_field(&field, holder);
                }
                return;
            }
            match &self.facts.expr(expr).kind {
                ExprKind::Index { base, .. } | ExprKind::Attr { base, .. } => expr = *base,
                ExprKind::Call { callee, .. } => expr = *callee,
                _ => return,
            }
        }
    }

    fn forget(&mut self, name: &Name) {
        let prefix = format!("{name}.");
        self.state.vars.retain(|n, _| !n.starts_with(&prefix));
    }

    /// Assign one of the values that a loop goes through.
    pub fn assign_each(&mut self, target: ExprId, element: Value) {
        let before = std::mem::replace(&mut self.going_through, true);
        self.assign(target, element, None);
        self.going_through = before;
    }

    fn aimed(&mut self, mut value: Value, name: &Name) -> Value {
        if let Kind::Object(object) = &value.kind
            && let Some(made) = object.site.filter(|_| !self.going_through)
        {
            self.name_declaration(made, name);
        }
        if let Kind::Library(library) = &value.kind
            && library.target.is_none()
        {
            if let Some(made) = library.site.filter(|_| !self.going_through) {
                self.name_declaration(made, name);
            }
            let mut library = (**library).clone();
            library.target = Some(name.clone());
            value.kind = Kind::Library(Rc::new(library));
        }
        value
    }

    fn delete(&mut self, target: ExprId) {
        if let ExprKind::Index { base, index } = self.facts.expr(target).kind {
            let (key, holder) = (self.eval(index), self.eval(base));
            let site = self.site(self.facts.expr(target).span);
            self.by_syntax("__delitem__", &holder, std::slice::from_ref(&key), site, Value::default());
            self.changed_within(base, &key.deps, site);
            self.touch(base, &key.deps);
        }
    }

    /// The access path of a name or attribute: `self.store`.
    pub fn path(&self, expr: ExprId) -> Option<Name> {
        match &self.facts.expr(expr).kind {
            ExprKind::Name(name) => Some(name.clone()),
            ExprKind::Attr { base, name } => self.path(*base).map(|p| compact_str::format_compact!("{p}.{name}")),
            ExprKind::Await(inner) => self.path(*inner),
            ExprKind::Unary(inner) if self.rust => self.path(*inner),
            // `groups.setdefault(key, []).append(value)` changes the groups.
            ExprKind::Call { callee, .. } if !self.rust => match &self.facts.expr(*callee).kind {
                ExprKind::Attr { base, name } if name == "setdefault" => self.path(*base),
                _ => None,
            },
            _ => None,
        }
    }

    /// Add a finished item; what it became.
    pub fn push_item(&mut self, item: Item) -> Deps {
        if self.summary.items.len() >= ITEMS {
            if !self.cut {
                self.cut = true;
                self.fx.note_unresolved(item.site, format!("more than {ITEMS} effects below {}", self.program.qualified(self.at)));
            }
            return Deps::default();
        }
        let index = self.summary.items.len() as u32;
        self.summary.items.push(item);
        Deps::one(Dep::Item(index, Column::WHOLE))
    }

    /// Whether this point runs on every way out.
    pub fn certain(&self) -> bool {
        self.finally > 0
    }

    /// What a generator hands its `with`.
    pub fn yielded(&mut self, value: Value) {
        self.note_handed();
        // `if not key: yield; return`: where there is nothing to lock, it hands over without a lock.
        let locks = |held: &[Context]| held.iter().filter(|c| c.lock().is_some()).count();
        if self.summary.yields.as_ref().is_none_or(|(before, _)| locks(before) < locks(&self.state.held)) {
            self.summary.yields = Some((self.state.held.clone(), value));
        }
    }

    /// Whether a statement calls what never returns.
    fn never_returns(&self, statement: ExprId) -> bool {
        let callee = match &self.facts.expr(statement).kind {
            ExprKind::Await(inner) => return self.never_returns(*inner),
            ExprKind::Call { callee, .. } => *callee,
            _ => return false,
        };
        match self.program.infer(self.at, callee) {
            Kind::Function(value) => self.fx.known(value.function).is_some_and(|summary| summary.never_returns),
            Kind::External(name) => {
                let found = self.program.knowledge.function(self.program.language(self.at.module), &name);
                found.is_some_and(|found| found.row.effect == Effect::Exit)
            }
            _ => false,
        }
    }

    /// `raise NotImplementedError`, which Python's documentation keeps for methods that others have to write.
    fn is_unwritten(&self, raised: ExprId) -> bool {
        match &self.facts.expr(raised).kind {
            ExprKind::Call { callee, .. } => self.is_unwritten(*callee),
            ExprKind::Name(name) => name == "NotImplementedError",
            _ => false,
        }
    }

    /// `value.into()` in Rust: what it becomes, its declaration says.
    fn converts(&self, value: ExprId) -> bool {
        let ExprKind::Call { callee, .. } = &self.facts.expr(value).kind else { return false };
        self.rust && matches!(&self.facts.expr(*callee).kind, ExprKind::Attr { name, .. } if name == "into" || name == "try_into")
    }

    fn finish(mut self) -> Summary {
        let returns = self.returned.is_some();
        self.summary.limits_waits = self.state.waits_limited;
        self.summary.returns = self.returned.take().unwrap_or(Value::of(Kind::Null));
        self.summary.awaits = self.awaits;
        if self.state.end == End::Open {
            self.leave_fields();
        }
        if !self.fields_left.is_empty() {
            self.summary.fields = std::mem::take(&mut self.fields_left);
        }
        let generator = self.program.function(self.at).is_generator;
        // What a method refuses to do, another class may do.
        let alone = self.program.function(self.at).class.is_none();
        self.summary.never_returns = alone && self.state.end == End::Raised && !returns && !generator && !self.unwritten;
        if !generator {
            let at_returns = self.held_at_returns.take().or(self.held_at_refusals.take()).unwrap_or_default();
            let new = at_returns.into_iter().filter(|c| !self.state.held.iter().any(|h| h.token == c.token));
            let held = self.state.held.iter().cloned().chain(new);
            self.summary.leaves = held.filter(|c| matches!(c.held, Held::Lock(_) | Held::Rows(_))).collect();
        }
        self.summary.raises_on.sort();
        self.summary.raises_on.dedup();
        self.summary.refuses.sort();
        self.summary.refuses.dedup();
        self.forget_unsaved();
        self.note_asked();
        self.note_leaks();
        self.note_conflicts();
        if let Some(again) = self.again.take() {
            self.summary.surround(&[again]);
        }
        self.summary.settle();
        self.summary
    }
}

fn looks_at_table(item: &Item) -> bool {
    item.access().is_some_and(|a| a.kind == "table" && a.operation.is_read())
}

/// The summary of calling a function from outside the program.
pub(super) fn enter_from_outside(fx: &Effects, entry: &FunctionValue) -> Summary {
    let top = FunctionRef { module: entry.function.module, function: MODULE };
    let mut walker = Walker::new(fx, top, None, &[]);
    walker.from_outside = true;
    let function = fx.program.function(entry.function);
    let site = fx.program.site(entry.function.module, function.name_span);
    let place = super::call::CallPlace {
        site,
        receiver: entry.receiver.clone().map(Value::of),
        receiver_path: None,
        receiver_name: Name::default(),
        written: false,
    };
    // The body itself runs, whatever a decorator made of calls to it.
    walker.call_function(entry, &[], &place, &Coroutine::Awaited);
    walker.finish()
}
