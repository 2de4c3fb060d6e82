//! Bodies: statements as a region tree in program order, expressions as few kinds of values.

use super::{ClassId, ExprId, FunctionId, Name, StmtId};
use crate::source::Span;
use serde::{Deserialize, Serialize};

/// Statements in program order.
pub type Block = Vec<StmtId>;

/// A statement and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stmt {
    /// What it does.
    pub kind: StmtKind,
    /// The whole statement, its nested blocks included.
    pub span: Span,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum StmtKind {
    /// An expression evaluated for its effect.
    Expr(ExprId),
    /// `a = b = value`; an annotation alone (`x: int`) has no value.
    Assign {
        /// What is assigned to: names, attributes, indices, or lists of them.
        targets: Vec<ExprId>,
        /// The value; `None` for a bare annotation.
        value: Option<ExprId>,
        /// The annotated type.
        annotation: Option<ExprId>,
    },
    /// `target op= value`.
    Update {
        /// What is changed.
        target: ExprId,
        /// By which operation.
        op: BinaryOp,
        /// With which value.
        value: ExprId,
    },
    /// Return to the caller.
    Return(Option<ExprId>),
    /// Raise or re-raise.
    Raise(Option<ExprId>),
    /// Leave the loop.
    Break,
    /// Next round of the loop.
    Continue,
    /// `del target, …`.
    Delete(Vec<ExprId>),
    /// `assert condition`.
    Assert(ExprId),
    /// `if`; `elif` is a branch in `other`.
    Branch {
        /// The condition.
        cond: ExprId,
        /// Where it holds.
        then: Block,
        /// Where it does not.
        other: Block,
    },
    /// `match`: a value and its arms, of which at most one runs.
    Choose {
        /// What is matched.
        subject: ExprId,
        /// The arms in order: a guard or literal pattern where it is an expression, and the body.
        arms: Vec<(Option<ExprId>, Block)>,
    },
    /// `while` (a condition) and `for` (a target and what is iterated).
    Loop {
        /// The condition of a `while`.
        cond: Option<ExprId>,
        /// The loop variable of a `for`.
        target: Option<ExprId>,
        /// What a `for` iterates over.
        iter: Option<ExprId>,
        /// The body.
        body: Block,
        /// Python's `else` of a loop.
        other: Block,
    },
    /// `try`.
    Try {
        /// The guarded statements.
        body: Block,
        /// The handlers in order.
        handlers: Vec<Handler>,
        /// Runs where nothing was raised.
        other: Block,
        /// Runs in every case.
        finally: Block,
    },
    /// `with`, and in Rust the scope a guard lives in: enter, run, leave in every case.
    Guarded {
        /// What is entered, in order.
        items: Vec<GuardItem>,
        /// What runs inside.
        body: Block,
    },
    /// A nested function is defined here.
    Define(FunctionId),
    /// A class is defined here.
    DefineClass(ClassId),
    /// `global`/`nonlocal`: these names belong to an outer scope.
    Outer(Vec<Name>),
    /// An import runs here; its index in [`FileFacts::imports`](super::FileFacts::imports).
    Import(u32),
}

impl StmtKind {
    /// The blocks nested in it, in program order.
    pub fn blocks(&self) -> Vec<&Block> {
        match self {
            StmtKind::Branch { then, other, .. } => vec![then, other],
            StmtKind::Choose { arms, .. } => arms.iter().map(|(_, b)| b).collect(),
            StmtKind::Loop { body, other, .. } => vec![body, other],
            StmtKind::Try { body, handlers, other, finally } => {
                let mut blocks = vec![body];
                blocks.extend(handlers.iter().map(|h| &h.body));
                blocks.extend([other, finally]);
                blocks
            }
            StmtKind::Guarded { body, .. } => vec![body],
            _ => Vec::new(),
        }
    }
}

impl StmtKind {
    /// The expressions it evaluates itself, nested blocks left out.
    pub fn expressions(&self) -> Vec<ExprId> {
        match self {
            StmtKind::Expr(e) | StmtKind::Assert(e) => vec![*e],
            StmtKind::Assign { targets, value, .. } => targets.iter().copied().chain(*value).collect(),
            StmtKind::Update { target, value, .. } => vec![*target, *value],
            StmtKind::Return(value) | StmtKind::Raise(value) => value.iter().copied().collect(),
            StmtKind::Delete(targets) => targets.clone(),
            StmtKind::Branch { cond, .. } => vec![*cond],
            StmtKind::Choose { subject, arms } => std::iter::once(*subject).chain(arms.iter().filter_map(|(g, _)| *g)).collect(),
            StmtKind::Loop { cond, target, iter, .. } => [cond, target, iter].into_iter().filter_map(|e| *e).collect(),
            StmtKind::Guarded { items, .. } => items.iter().flat_map(|i| std::iter::once(i.context).chain(i.target)).collect(),
            _ => Vec::new(),
        }
    }
}

impl ExprKind {
    /// The expressions directly below it; a lambda's body is not below it.
    pub fn children(&self) -> Vec<ExprId> {
        match self {
            ExprKind::Text(parts) => parts
                .iter()
                .filter_map(|p| match p {
                    TextPart::Hole(hole) => Some(*hole),
                    TextPart::Lit(_) => None,
                })
                .collect(),
            ExprKind::Attr { base, .. } => vec![*base],
            ExprKind::Index { base, index } => vec![*base, *index],
            ExprKind::Call { callee, args } => std::iter::once(*callee).chain(args.iter().map(|a| a.value)).collect(),
            ExprKind::Binary { left, right, .. } => vec![*left, *right],
            ExprKind::Compare { left, rest } => std::iter::once(*left).chain(rest.iter().map(|(_, e)| *e)).collect(),
            ExprKind::Logic { items, .. } | ExprKind::List(items) | ExprKind::Unknown(items) => items.clone(),
            ExprKind::Not(e) | ExprKind::Unary(e) | ExprKind::Await(e) | ExprKind::Spread(e) => vec![*e],
            ExprKind::Choice { cond, then, other } => vec![*cond, *then, *other],
            ExprKind::Map(entries) => entries.iter().flat_map(|(k, v)| k.iter().copied().chain([*v])).collect(),
            ExprKind::Comprehension { element, value, clauses } => {
                let mut all = vec![*element];
                all.extend(*value);
                for clause in clauses {
                    all.extend([clause.target, clause.iter]);
                    all.extend(&clause.conds);
                }
                all
            }
            ExprKind::Yield(e) => e.iter().copied().collect(),
            ExprKind::Bind { target, value } => vec![*target, *value],
            _ => Vec::new(),
        }
    }
}

/// One `except` clause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handler {
    /// The caught types (a tuple is flattened); empty catches everything.
    pub types: Vec<ExprId>,
    /// The name the exception is bound to.
    pub name: Option<Name>,
    /// What runs.
    pub body: Block,
    /// The clause.
    pub span: Span,
}

/// One item of a `with`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardItem {
    /// The context manager.
    pub context: ExprId,
    /// What `as` binds.
    pub target: Option<ExprId>,
}

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExprKind {
    /// `None`, `null`, `()`.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer that fits; larger ones are [`ExprKind::Unknown`].
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// A string without holes; adjacent literals are joined.
    Str(Name),
    /// A string with holes: f-strings and their like.
    Text(Vec<TextPart>),
    /// A name.
    Name(Name),
    /// `base.name`.
    Attr {
        /// The object.
        base: ExprId,
        /// The attribute.
        name: Name,
    },
    /// `base[index]`; a slice is an unknown index with its bounds as children.
    Index {
        /// The container.
        base: ExprId,
        /// The key.
        index: ExprId,
    },
    /// A call.
    Call {
        /// What is called.
        callee: ExprId,
        /// Arguments in order.
        args: Vec<Arg>,
    },
    /// Arithmetic, `%` and `|` included.
    Binary {
        /// The operation.
        op: BinaryOp,
        /// Left operand.
        left: ExprId,
        /// Right operand.
        right: ExprId,
    },
    /// `a < b <= c`.
    Compare {
        /// First operand.
        left: ExprId,
        /// Further operators and operands.
        rest: Vec<(CompareOp, ExprId)>,
    },
    /// `a and b` (`all`) or `a or b`.
    Logic {
        /// Whether all must hold.
        all: bool,
        /// The operands.
        items: Vec<ExprId>,
    },
    /// `not a`.
    Not(ExprId),
    /// `-a`, `~a`, `+a`, `*p`, `&x`: a value made of one other.
    Unary(ExprId),
    /// `a if cond else b`.
    Choice {
        /// The condition.
        cond: ExprId,
        /// Where it holds.
        then: ExprId,
        /// Where it does not.
        other: ExprId,
    },
    /// A list, tuple, set or array.
    List(Vec<ExprId>),
    /// A mapping; an entry without a key spreads another mapping.
    Map(Vec<(Option<ExprId>, ExprId)>),
    /// A comprehension or generator: a loop that yields elements.
    Comprehension {
        /// The element, or the key of a dict comprehension.
        element: ExprId,
        /// The value of a dict comprehension.
        value: Option<ExprId>,
        /// `for … in … if …`, outermost first.
        clauses: Vec<Clause>,
    },
    /// A lambda or closure.
    Lambda(FunctionId),
    /// `await a`, `a.await`.
    Await(ExprId),
    /// `yield a`; `from` marks `yield from`.
    Yield(Option<ExprId>),
    /// `*a`, `**a` outside a call's arguments.
    Spread(ExprId),
    /// `(name := value)`.
    Bind {
        /// The name.
        target: ExprId,
        /// The value.
        value: ExprId,
    },
    /// What the front end does not model: its children are still evaluated.
    Unknown(Vec<ExprId>),
}

/// A piece of a string with holes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextPart {
    /// Fixed text.
    Lit(Name),
    /// A value put into the text.
    Hole(ExprId),
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arg {
    /// The keyword; `None` for a positional argument.
    pub name: Option<Name>,
    /// 0: plain, 1: `*value`, 2: `**value`.
    pub spread: u8,
    /// The value.
    pub value: ExprId,
}

/// One `for` of a comprehension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clause {
    /// The variable.
    pub target: ExprId,
    /// What is iterated.
    pub iter: ExprId,
    /// Its conditions.
    pub conds: Vec<ExprId>,
}

/// An arithmetic operation, as far as an analysis tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BinaryOp {
    /// `+`: addition, concatenation.
    Add,
    /// `-`.
    Sub,
    /// `*`.
    Mul,
    /// `/`, `//`: division; on paths, joining.
    Div,
    /// `%`: remainder; on strings, formatting.
    Rem,
    /// `|`: union of sets, mappings and types; chains of nodes.
    Or,
    /// Any other.
    Other,
}

/// A comparison, as far as an analysis tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompareOp {
    /// `==`.
    Eq,
    /// `!=`.
    Ne,
    /// `<`.
    Lt,
    /// `<=`.
    Le,
    /// `>`.
    Gt,
    /// `>=`.
    Ge,
    /// `is`.
    Is,
    /// `is not`.
    IsNot,
    /// `in`.
    In,
    /// `not in`.
    NotIn,
}
