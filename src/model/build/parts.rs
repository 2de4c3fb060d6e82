//! Which part of a program a command runs.
//!
//! A script of Python is one part. A program of Rust may have commands: an enumeration that a library fills from the words it is
//! started with, and on whose variants it chooses what to do. Which word chooses which variant is known from packs; here the other
//! arms are left out.
//! Where the words are not known (`$COMMAND`) no part is: a guess would start what nobody starts.

use super::Input;
use super::actors::DraftActor;
use super::commands::{Start, Way};
use super::deployment::DraftUnit;
use crate::effects::{Context, Held, VISITS, Visit, What};
use crate::facts::{Arm, ExprKind, FunctionId, MODULE};
use crate::link::{ClassRef, FunctionRef, FunctionValue, Program};
use crate::source::Site;
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// What a command runs of a program.
pub(super) struct Part {
    /// Its `main`, or its module where that runs.
    pub entry: Rc<FunctionValue>,
    /// Arms of other commands.
    pub without: Vec<Site>,
    /// What the command is called, and where it is defined: where there is none, the program.
    pub name: String,
    pub site: Site,
    /// It does something that others can notice, and ends or loops by itself.
    pub acts: bool,
    /// What it reaches.
    reached: Reached,
    /// What the whole program reaches.
    whole: Rc<Reached>,
}

/// Functions and declarations that a run comes by.
#[derive(Default)]
struct Reached {
    functions: FxHashSet<FunctionRef>,
    declared: FxHashSet<Site>,
}

impl Reached {
    fn of(visits: &[Visit]) -> Reached {
        let mut reached = Reached::default();
        for visit in visits {
            reached.functions.extend(visit.functions());
            reached.declared.extend(visit.told().filter(|t| matches!(t.what(), What::Declare(_))).map(|t| t.own.site));
        }
        reached
    }

    fn meets(&self, actor: &DraftActor) -> bool {
        self.declared.contains(&actor.site) || actor.entries.iter().any(|e| self.functions.contains(&e.function.function))
    }
}

impl Part {
    /// Whether it runs an actor that is declared elsewhere.
    pub fn runs(&self, actor: &DraftActor) -> bool {
        self.reached.meets(actor)
    }

    /// Whether it may do so: nothing shows that another part of the program does.
    pub fn may_run(&self, actor: &DraftActor) -> bool {
        self.runs(actor) || !self.whole.meets(actor)
    }
}

/// For each unit and each of its starts the part of a program that it is.
pub(super) fn of(input: &Input, units: &[DraftUnit]) -> Vec<Vec<Option<Part>>> {
    units.iter().map(|unit| unit.starts.iter().map(|start| part(input, start)).collect()).collect()
}

fn part(input: &Input, start: &Start) -> Option<Part> {
    let program = input.effects.program;
    let (function, name, site) = main(program, start)?;
    let words: &[String] = if let Way::Run(words) = &start.way { words } else { &[] };
    let entry = FunctionValue::of(function, None);
    let summary = input.effects.run(&entry);
    let mut whole = Reached::of(&input.effects.survey(&summary, &[]));
    whole.functions.insert(function);
    let mut chosen = Chosen { program, words, named: None, without: Vec::new() };
    let mut functions: Vec<FunctionRef> = whole.functions.iter().copied().collect();
    functions.sort();
    for at in functions {
        for choice in program.facts(at.module).choices.iter().filter(|c| c.function == at.function) {
            chosen.among(at, &choice.arms)?;
        }
    }
    chosen.without.sort();
    chosen.without.dedup();
    let visits = input.effects.survey(&summary, &chosen.without);
    let (name, site) = chosen.named.map_or((name, site), |(_, name, site)| (name, site));
    let noticed = |visit: &Visit| visit.told().any(|told| super::actors::loops::noticed(told.own));
    // What starts work and leaves it alone is a service, and what it starts are actors of their own; but for what a loop starts in
    // each of its rounds, which is the work of the loop.
    let serves = visits.iter().any(|v| {
        leaves_alone(v.around().collect()) || v.told().any(|told| leaves_alone(told.own.contexts.iter().rev().chain(v.around()).collect()))
    });
    // Of a program that is too large to be looked at as a whole nobody can say that nothing else acts in it.
    let acts = (!serves || visits.iter().any(loops_by_itself)) && visits.len() < VISITS && visits.iter().any(noticed);
    Some(Part { entry: Rc::new(entry), without: chosen.without, name, site, acts, reached: Reached::of(&visits), whole: Rc::new(whole) })
}

/// Whether something that others can notice is done in an endless loop that the program itself runs through.
fn loops_by_itself(visit: &Visit) -> bool {
    visit.told().filter(|told| super::actors::loops::noticed(told.own)).any(|told| {
        let around = told.contexts();
        around.iter().any(|c| c.is_endless()) && !around.iter().any(|c| matches!(c.held, Held::Spawned { .. }))
    })
}

/// Whether something is started and left alone, by no loop that goes on for ever. The innermost context comes first.
fn leaves_alone(around: Vec<&Context>) -> bool {
    let mut before = around.iter().rev().take_while(|context| !context.is_endless());
    before.any(|context| matches!(context.held, Held::Spawned { waits: false, .. }))
}

/// What a start runs: the function, what the program is called, and where it stands.
fn main(program: &Program, start: &Start) -> Option<(FunctionRef, String, Site)> {
    let module = start.module;
    let own = |name: &str| {
        let named = program.facts(module).functions.iter().position(|f| f.name == name && f.parent == Some(MODULE) && f.class.is_none());
        let function = FunctionRef { module, function: FunctionId(named? as u32) };
        Some((function, program.site(module, program.function(function).name_span)))
    };
    let binary = program.binaries.iter().find(|(_, built)| *built == module);
    match (&start.way, binary) {
        (Way::Imported | Way::Alone, _) => None,
        (Way::Called(name), _) => own(name).map(|(function, site)| (function, name.clone(), site)),
        (Way::Run(_), Some((binary, _))) => own("main").map(|(function, site)| (function, binary.name.clone(), site)),
        (Way::Run(_), None) => {
            let (name, site) = super::actors::programs::called(program, module);
            Some((FunctionRef { module, function: MODULE }, name, site))
        }
    }
}

/// What the words of a command choose.
struct Chosen<'c, 'k> {
    program: &'c Program<'k>,
    words: &'c [String],
    /// The last word that is a command, by its place: `jobs sweep` is called `sweep`.
    named: Option<(usize, String, Site)>,
    without: Vec<Site>,
}

impl Chosen<'_, '_> {
    /// Leave out the arms of a choice between commands that are not chosen; `None` where the words do not tell.
    fn among(&mut self, at: FunctionRef, arms: &[Arm]) -> Option<()> {
        let of_arms: Vec<Vec<(ClassRef, usize)>> = arms.iter().map(|arm| self.commands(at, arm)).collect();
        if of_arms.iter().all(Vec::is_empty) {
            return Some(());
        }
        let taken: Vec<bool> = of_arms.iter().map(|all| self.is_taken(all)).collect();
        let is_told = of_arms.iter().zip(&taken).any(|(all, taken)| *taken && !all.is_empty());
        if !is_told && self.words.iter().any(|w| w.contains('$')) {
            return None;
        }
        for ((arm, commands), taken) in arms.iter().zip(&of_arms).zip(taken) {
            // The arm for the rest runs where no other one does.
            let runs = if commands.is_empty() { !is_told } else { taken };
            if !runs {
                self.without.push(self.program.site(at.module, arm.span));
            }
        }
        Some(())
    }

    /// The commands that an arm is for.
    fn commands(&self, at: FunctionRef, arm: &Arm) -> Vec<(ClassRef, usize)> {
        let facts = self.program.facts(at.module);
        let command = |path: &crate::facts::ExprId| {
            let ExprKind::Attr { base, name } = &facts.expr(*path).kind else { return None };
            let crate::link::Kind::Class(class) = self.program.infer(at, *base) else { return None };
            self.program.commands_row(class)?;
            let variant = self.program.class(class).variants.iter().position(|v| v.name == *name)?;
            Some((class, variant))
        };
        arm.variants.iter().filter_map(command).collect()
    }

    /// Whether of each enumeration that a pattern asks for a variant is chosen: `Jobs(Sweep | Report)`.
    fn is_taken(&mut self, commands: &[(ClassRef, usize)]) -> bool {
        let chosen: Vec<(ClassRef, bool)> = commands.iter().map(|(class, variant)| (*class, self.is_chosen(*class, *variant))).collect();
        chosen.iter().all(|(class, _)| chosen.iter().any(|(other, taken)| other == class && *taken))
    }

    /// Whether a word of the command line is the name of a command and of none of its siblings before it.
    fn is_chosen(&mut self, class: ClassRef, variant: usize) -> bool {
        let program = self.program;
        let names = program.command_names(class);
        let known = |word: &String| names.iter().position(|names| names.iter().any(|name| plain(name) == plain(word)));
        let found = self.words.iter().enumerate().find_map(|(place, word)| Some((place, word, known(word)?)));
        let Some((place, word, _)) = found.filter(|(.., of)| *of == variant) else { return false };
        if self.named.as_ref().is_none_or(|(before, ..)| *before <= place) {
            let site = program.site(class.module, program.class(class).variants[variant].name_span);
            self.named = Some((place, word.clone(), site));
        }
        true
    }
}

/// A command's name without what styles of writing differ in: `DropOld`, `drop-old`, `drop_old`.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}
