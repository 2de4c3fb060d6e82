//! Programs of the project that its own code starts, and scripts that think in a loop: actors that nothing declares.
//!
//! A script that nobody starts is an actor only where its own loop calls a model; others are an operator's.

use super::{Collector, Declared, DraftActor, Entry, is_aside};
use crate::effects::{Context, Held, Summary, What};
use crate::facts::{Arg, ExprId, ExprKind, MODULE};
use crate::knowledge::vocabulary::{ActorKind, Effect};
use crate::link::{FunctionRef, FunctionValue, Kind, Program};
use crate::source::{Site, Span};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many calls below the script itself its loop is looked for.
const DEEP: u8 = 4;
/// How many words of a command are looked at.
const WORDS: usize = 32;

impl Collector<'_, '_, '_, '_> {
    /// Actors that are programs.
    pub(super) fn programs(&mut self) {
        let program = self.input.effects.program;
        let mut started: BTreeMap<u32, bool> = BTreeMap::new();
        let mut unknown_command: Option<bool> = None;
        for d in self.declared.iter().filter(|d| d.declaration.effect == Effect::Spawn) {
            match self.script_of(d) {
                Some(module) => *started.entry(module).or_default() |= many(d),
                None if is_unknown(&d.declaration.entries) => unknown_command = Some(unknown_command.unwrap_or(false) || many(d)),
                None => {}
            }
        }
        // Code that starts several of what it looks up may start one twice.
        if let Some(several) = unknown_command {
            for module in self.commands_in_tables() {
                *started.entry(module).or_default() |= several;
            }
        }
        for module in 0..program.modules.len() as u32 {
            let thinks = self.thinks_in_a_loop(module);
            if program.is_aside(module) || !(thinks || started.contains_key(&module)) {
                continue;
            }
            let kind = if thinks { ActorKind::Agent } else { ActorKind::Job };
            self.script(module, kind, started.get(&module).copied().unwrap_or(false));
        }
    }

    fn script(&mut self, module: u32, kind: ActorKind, many: bool) {
        let program = self.input.effects.program;
        let function = FunctionRef { module, function: MODULE };
        let entry = FunctionValue::of(function, None);
        let (name, site) = called(program, module);
        self.draft.actors.push(DraftActor {
            module: Some(module),
            entries: vec![Entry { function: Rc::new(entry), tool: false }],
            multiple: many.then(|| "several are started".into()),
            ..DraftActor::new(name, kind, "", site)
        });
    }

    /// The module that a command runs.
    fn script_of(&self, d: &Declared) -> Option<u32> {
        let mut words = Vec::new();
        d.declaration.entries.iter().for_each(|k| words_of(k, &mut words));
        self.script_named(d.function.module, &words)
    }

    /// The module of the project that a command's words name: `-m jobs.sync`, `…/bin/work.py`.
    fn script_named(&self, from: u32, words: &[String]) -> Option<u32> {
        let program = self.input.effects.program;
        for (index, word) in words.iter().enumerate() {
            if !(word == "-m" || word.ends_with(".py")) || !self.may_run_scripts(&words[..index]) {
                continue;
            }
            if word == "-m" {
                let dotted = words.get(index + 1)?;
                let inner = format!("{dotted}.__main__");
                return program.find_module(from, 0, &inner).or_else(|| program.find_module(from, 0, dotted));
            }
            // The unknown beginning of a path says nothing.
            let known = word.rsplit('*').next().unwrap_or(word).trim_start_matches(['.', '/', '~']);
            return self.only_module_at(known).or_else(|| self.only_module_at(known.rsplit('/').next()?));
        }
        None
    }

    /// Whether what comes after these words may be a script that runs: `git add` runs none. A program that is not known
    /// (`sys.executable`) leaves no word.
    fn may_run_scripts(&self, before: &[String]) -> bool {
        let program = before.iter().find(|word| !word.starts_with('-'));
        program.is_none() || before.iter().any(|word| self.input.effects.program.knowledge.runs_scripts(word))
    }

    /// The one module whose path ends so.
    fn only_module_at(&self, tail: &str) -> Option<u32> {
        let modules = &self.input.effects.program.modules;
        let ends = |path: &str| path.strip_suffix(tail).is_some_and(|head| head.is_empty() || head.ends_with('/'));
        let named = self.files.get(file_name(tail))?;
        let mut found = named.iter().copied().filter(|module| ends(&modules[*module as usize].path));
        let module = found.next()?;
        found.next().is_none().then_some(module)
    }

    /// Scripts whose commands stand in the code as values, for code that starts commands it looks up.
    fn commands_in_tables(&self) -> Vec<u32> {
        let program = self.input.effects.program;
        let mut found = Vec::new();
        for (index, module) in program.modules.iter().enumerate().filter(|(_, m)| !is_aside(&m.path)) {
            for expr in &module.facts.exprs {
                let ExprKind::Str(text) = &expr.kind else { continue };
                if !text.starts_with("python") || text.contains('\n') {
                    continue;
                }
                let words: Vec<String> = text.split_whitespace().take(WORDS).map(str::to_string).collect();
                let script = self.script_named(index as u32, &words);
                found.extend(script.filter(|_| !self.is_told(index as u32, expr.span)));
            }
        }
        found
    }

    /// Whether a text is given to something outside the project, as help is printed.
    fn is_told(&self, module: u32, text: Span) -> bool {
        let program = self.input.effects.program;
        let facts = program.facts(module);
        let outside =
            |callee: ExprId| !matches!(program.infer(program.enclosing(module, callee), callee), Kind::Class(_) | Kind::Function(_));
        let given = |args: &[Arg]| args.iter().any(|arg| facts.expr(arg.value).span == text);
        facts.exprs.iter().any(|e| matches!(&e.kind, ExprKind::Call { callee, args } if given(args) && outside(*callee)))
    }

    /// Whether running a module calls a model again and again until it is stopped, and no person answers in between.
    fn thinks_in_a_loop(&self, module: u32) -> bool {
        let program = self.input.effects.program;
        let text = &self.input.files[program.modules[module as usize].file.index()].text;
        if !text.contains("__main__") || text.contains("input(") {
            return false;
        }
        let summary = self.input.effects.summary(FunctionRef { module, function: MODULE }, None);
        // Where it runs agents, those are the actors.
        let runs = |effect: Effect| matches!(effect, Effect::Actor | Effect::Run | Effect::Orchestrator);
        thinks_in_a_loop(&summary, DEEP) && !summary.items.iter().any(|i| matches!(&*i.what, What::Declare(d) if runs(d.effect)))
    }
}

/// Modules by the names of their files.
pub(super) fn by_file<'p>(program: &'p Program) -> FxHashMap<&'p str, Vec<u32>> {
    let mut files: FxHashMap<&str, Vec<u32>> = FxHashMap::default();
    for (index, module) in program.modules.iter().enumerate() {
        files.entry(file_name(&module.path)).or_default().push(index as u32);
    }
    files
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What a script is called, and where it stands: its `main` where it has one.
pub(in crate::model::build) fn called(program: &Program, module: u32) -> (String, Site) {
    let main = program.facts(module).functions.iter().find(|f| f.name == "main" && f.parent == Some(MODULE));
    let path = &program.modules[module as usize].path;
    let path = path.strip_suffix("/__main__.py").or_else(|| path.strip_suffix(".py")).unwrap_or(path);
    let name = path.rsplit('/').next().unwrap_or(path);
    (name.to_string(), program.site(module, main.map_or(Span::new(0, 0), |f| f.name_span)))
}

/// Whether a model is called in an endless loop of a function or of what it calls.
fn thinks_in_a_loop(summary: &Summary, depth: u8) -> bool {
    let endless = |contexts: &[Context]| contexts.iter().any(Context::is_endless);
    let calls_model = |what: &What| matches!(what, What::Pause { effect: Effect::ModelCall, .. });
    summary.items.iter().any(|i| calls_model(&i.what) && endless(&i.contexts))
        || summary.calls.iter().any(|c| c.summary.thinks && (endless(&c.contexts) || depth > 0 && thinks_in_a_loop(&c.summary, depth - 1)))
}

/// Whether several are started: in a loop, or by a function that is called in one.
fn many(d: &Declared) -> bool {
    d.declaration.multiple || d.contexts.iter().any(|c| matches!(c.held, Held::Loop { .. } | Held::Spawned { many: true, .. }))
}

/// Whether a command is nothing that stands in the code.
fn is_unknown(entries: &[Kind]) -> bool {
    let mut words = Vec::new();
    entries.iter().for_each(|k| words_of(k, &mut words));
    words.iter().all(|w| w.trim_matches('*').is_empty() || !w.contains(|c: char| c.is_alphabetic()))
}

/// The words of a command.
fn words_of(kind: &Kind, words: &mut Vec<String>) {
    if words.len() > WORDS {
        return;
    }
    match kind {
        Kind::Text(text) => words.extend(text.pattern().split_whitespace().map(str::to_string)),
        Kind::List(items) => items.iter().for_each(|k| words_of(k, words)),
        Kind::OneOf(kinds) => kinds.iter().for_each(|k| words_of(k, words)),
        Kind::Library(value) => words.extend(value.identity.as_ref().map(|t| t.pattern())),
        _ => {}
    }
}
