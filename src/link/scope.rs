//! Which names a function binds, and by what.

use crate::facts::{Block, ClassId, ExprId, ExprKind, FileFacts, FunctionId, Name, StmtId, StmtKind};
use rustc_hash::FxHashMap;

/// What binds a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Assigned from this expression.
    Value(ExprId),
    /// The type it is annotated with, where no value is given.
    Annotation(ExprId),
    /// The type it is annotated with beside a value: what it is where the value tells nothing.
    Declared(ExprId),
    /// Bound by `with expression as name`.
    Enter(ExprId),
    /// A loop variable over this expression.
    Element(ExprId),
    /// The n-th piece of this expression's value.
    Piece(ExprId, u32),
    /// A nested or module-level function.
    Function(FunctionId),
    /// A class.
    Class(ClassId),
    /// An import, by its index.
    Import(u32),
    /// A parameter, by its index.
    Parameter(u32),
    /// Bound in a way that tells nothing: an exception's name, a deletion.
    Other,
}

/// The names one function (or the module, or a class body) binds.
#[derive(Debug, Default)]
pub struct Scope {
    names: FxHashMap<Name, Vec<Source>>,
    /// Names declared `global` or `nonlocal`.
    outer: Vec<Name>,
    /// Star imports, by index.
    pub stars: Vec<u32>,
}

impl Scope {
    /// The scope of a function's own body.
    pub fn of_function(facts: &FileFacts, function: FunctionId) -> Scope {
        let mut scope = Scope::default();
        let f = facts.function(function);
        for (index, parameter) in f.params.iter().enumerate() {
            scope.bind(&parameter.name, Source::Parameter(index as u32));
        }
        scope.block(facts, &f.body);
        let outer = std::mem::take(&mut scope.outer);
        for name in &outer {
            scope.names.remove(name);
        }
        scope
    }

    /// The scope of a class body.
    pub fn of_block(facts: &FileFacts, block: &Block) -> Scope {
        let mut scope = Scope::default();
        scope.block(facts, block);
        scope
    }

    /// What binds `name` here; empty where nothing does.
    pub fn get(&self, name: &str) -> &[Source] {
        self.names.get(name).map_or(&[], Vec::as_slice)
    }

    /// All names bound here, in no order.
    pub fn names(&self) -> impl Iterator<Item = (&Name, &[Source])> {
        self.names.iter().map(|(n, s)| (n, s.as_slice()))
    }

    fn bind(&mut self, name: &Name, source: Source) {
        self.names.entry(name.clone()).or_default().push(source);
    }

    fn block(&mut self, facts: &FileFacts, block: &Block) {
        let mut pending: Vec<StmtId> = block.iter().rev().copied().collect();
        while let Some(id) = pending.pop() {
            let kind = &facts.stmt(id).kind;
            match kind {
                StmtKind::Assign { targets, value, annotation } => {
                    for target in targets {
                        match (value, annotation) {
                            (Some(value), declared) => {
                                self.target(facts, *target, Source::Value(*value));
                                if let Some(annotation) = declared {
                                    self.target(facts, *target, Source::Declared(*annotation));
                                }
                            }
                            (None, Some(annotation)) => self.target(facts, *target, Source::Annotation(*annotation)),
                            _ => {}
                        }
                    }
                }
                StmtKind::Loop { target, iter, .. } => {
                    if let (Some(target), Some(iter)) = (target, iter) {
                        self.target(facts, *target, Source::Element(*iter));
                    }
                }
                StmtKind::Try { handlers, .. } => {
                    for handler in handlers {
                        if let Some(name) = &handler.name {
                            self.bind(name, Source::Other);
                        }
                    }
                }
                StmtKind::Guarded { items, .. } => {
                    for item in items {
                        if let Some(target) = item.target {
                            self.target(facts, target, Source::Enter(item.context));
                        }
                    }
                }
                StmtKind::Define(function) => self.bind(&facts.function(*function).name, Source::Function(*function)),
                StmtKind::DefineClass(class) => self.bind(&facts.class(*class).name, Source::Class(*class)),
                StmtKind::Outer(names) => self.outer.extend(names.iter().cloned()),
                StmtKind::Import(index) => {
                    let import = &facts.imports[*index as usize];
                    if import.item.as_deref() == Some("*") {
                        self.stars.push(*index);
                    } else {
                        self.bind(&import.binds, Source::Import(*index));
                    }
                }
                _ => {}
            }
            for block in kind.blocks().into_iter().rev() {
                pending.extend(block.iter().rev());
            }
        }
    }

    fn target(&mut self, facts: &FileFacts, target: ExprId, source: Source) {
        match &facts.expr(target).kind {
            ExprKind::Name(name) => self.bind(name, source),
            ExprKind::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let piece = match source {
                        Source::Value(value) => Source::Piece(value, index as u32),
                        _ => Source::Other,
                    };
                    if let ExprKind::Name(name) = &facts.expr(*item).kind {
                        self.bind(name, piece);
                    }
                }
            }
            _ => {}
        }
    }
}
