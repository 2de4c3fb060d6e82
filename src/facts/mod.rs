//! The language-neutral form of one file: definitions, and bodies as region trees.
//!
//! A front end (`parse/`) lowers text to these types; everything after it reads nothing else of a file. They hold what an
//! analysis needs, not what a printer needs: no pointer into a parser's tree, no token, and flat vectors with indices, so
//! that deep nesting in the input never becomes deep recursion when facts are dropped or stored.
//! What a front end does not know becomes [`ExprKind::Unknown`] with its children: it is never an error.
//! This module refuses to know any library's name and any rule.

mod body;
mod document;
mod outline;

pub use body::{Arg, BinaryOp, Block, Clause, CompareOp, Expr, ExprKind, GuardItem, Handler, Stmt, StmtKind, TextPart};
pub use document::{Document, Entry, Node, NodeId, NodeKind};
pub use outline::Outline;

use crate::source::{Comment, Language, Span};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// A name in a program; short ones live inline.
pub type Name = CompactString;

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub u32);
        impl $name {
            /// The index itself, for looking the thing up in its file's vector.
            pub fn index(self) -> usize { self.0 as usize }
        }
    };
}
index!(
    /// A function of one file; 0 is the module's own top-level code.
    FunctionId
);
index!(
    /// A class (Python) or type with methods (Rust) of one file.
    ClassId
);
index!(
    /// An expression of one file.
    ExprId
);
index!(
    /// A statement of one file.
    StmtId
);

/// Everything one file says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileFacts {
    /// The language it was lowered from.
    pub language: Language,
    /// Functions in source order; the first is the module's top-level code, named `<module>`.
    pub functions: Vec<Function>,
    /// Classes in source order.
    pub classes: Vec<Class>,
    /// Imports of every scope, in source order.
    pub imports: Vec<Import>,
    /// All expressions; children come before their parents.
    pub exprs: Vec<Expr>,
    /// All statements.
    pub stmts: Vec<Stmt>,
    /// Where code chooses by the variant of a type (Rust).
    pub choices: Vec<Choice>,
    /// Comments, for silencing and for fixture markers.
    pub comments: Vec<Comment>,
    /// What could not be read, by place.
    pub problems: Vec<Problem>,
}

/// A part of a file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Where.
    pub span: Span,
    /// What is wrong, as a phrase: `syntax error`.
    pub what: String,
}

/// The module whose top-level code function 0 is.
pub const MODULE: FunctionId = FunctionId(0);

/// The attribute that `setattr(row, key, value)` sets, where its name does not stand there.
pub const ANY_ATTRIBUTE: &str = "*";
/// What stands in the name of an attribute for the part that is not told: `getattr(self, f"tool_{name}")`.
pub const NAMED_ANYHOW: char = '*';

/// A function, method, lambda, or the module's top-level code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Its own name; `<module>` for function 0 and `<lambda>` for lambdas.
    pub name: Name,
    /// Names of the enclosing classes and functions and its own, joined by dots: `Store.save`, `build.handler`.
    pub qualified: Name,
    /// Parameters in order, the receiver (`self`) included.
    pub params: Vec<Param>,
    /// Decorators, outermost first.
    pub decorators: Vec<ExprId>,
    /// The annotation of what it returns.
    pub returns: Option<ExprId>,
    /// Statements in program order.
    pub body: Block,
    /// From the first decorator or keyword to the end of the body.
    pub span: Span,
    /// Its name where it is defined; for function 0 an empty span at the start of the file.
    pub name_span: Span,
    /// The function it is nested in; `None` for function 0 only.
    pub parent: Option<FunctionId>,
    /// The class whose body directly defines it.
    pub class: Option<ClassId>,
    /// `async def`, `async fn`.
    pub is_async: bool,
    /// Its body holds a `yield`.
    pub is_generator: bool,
    /// It takes its receiver as `&mut self`, to change it.
    pub changes_receiver: bool,
    /// An inline module of Rust: nobody calls it, its scope is the module's.
    pub is_namespace: bool,
    /// The documentation string, where there is one: text for a tool's description, never evidence of behaviour.
    pub doc: Option<ExprId>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its annotated type.
    pub annotation: Option<ExprId>,
    /// Its default value.
    pub default: Option<ExprId>,
    /// How arguments reach it.
    pub kind: ParamKind,
    /// Where it is declared.
    pub span: Span,
}

/// How arguments reach a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParamKind {
    /// By position or by name.
    Plain,
    /// By name alone.
    KeywordOnly,
    /// `*args`.
    Rest,
    /// `**kwargs`.
    RestKeywords,
}

/// A class, or in Rust a type with its impls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// Its own name.
    pub name: Name,
    /// Enclosing names and its own, joined by dots.
    pub qualified: Name,
    /// Base classes (Python), implemented traits (Rust).
    pub bases: Vec<ExprId>,
    /// Keyword arguments of the class statement: `metaclass=`, `table=True`.
    pub keywords: Vec<(Name, ExprId)>,
    /// Decorators, outermost first.
    pub decorators: Vec<ExprId>,
    /// Class-level statements, method definitions included.
    pub body: Block,
    /// Methods in source order.
    pub methods: Vec<FunctionId>,
    /// From the first decorator or keyword to the end of the body.
    pub span: Span,
    /// Its name where it is defined.
    pub name_span: Span,
    /// The function whose body defines it.
    pub parent: FunctionId,
    /// The class that encloses it directly.
    pub outer: Option<ClassId>,
    /// The variants of an enumeration (Rust).
    pub variants: Vec<Variant>,
}

/// One variant of an enumeration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Its name.
    pub name: Name,
    /// Its attributes.
    pub decorators: Vec<ExprId>,
    /// Its name where it is defined.
    pub name_span: Span,
}

/// A `match` or `if let` that asks which variant of a type a value is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The function it stands in.
    pub function: FunctionId,
    /// Its arms, in order.
    pub arms: Vec<Arm>,
}

/// One arm of a choice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Paths of the variants that it is for; none where it is for the rest.
    pub variants: Vec<ExprId>,
    /// What runs where it is chosen.
    pub span: Span,
}

/// One imported name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The module as written, dots of a relative import left out; may be empty for `from . import x`.
    pub module: Name,
    /// How many dots a relative import starts with; 0 is absolute.
    pub level: u8,
    /// The imported item: `None` for `import a.b`, `*` for a star import.
    pub item: Option<Name>,
    /// The name it binds: the alias, the item, or for `import a.b` the first segment `a`.
    pub binds: Name,
    /// Whether `import a.b as c` (so that `c` is `a.b` and not `a`).
    pub aliased: bool,
    /// The function in whose scope it stands.
    pub scope: FunctionId,
    /// Where it stands.
    pub span: Span,
}

impl FileFacts {
    /// Facts of a file that holds nothing.
    pub fn empty(language: Language) -> Self {
        let module = Function {
            name: "<module>".into(),
            qualified: "<module>".into(),
            params: Vec::new(),
            decorators: Vec::new(),
            returns: None,
            body: Vec::new(),
            span: Span::default(),
            name_span: Span::default(),
            parent: None,
            class: None,
            is_async: false,
            is_generator: false,
            changes_receiver: false,
            is_namespace: false,
            doc: None,
        };
        FileFacts {
            language,
            functions: vec![module],
            classes: Vec::new(),
            imports: Vec::new(),
            exprs: Vec::new(),
            stmts: Vec::new(),
            choices: Vec::new(),
            comments: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// An expression by id.
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.index()]
    }

    /// A statement by id.
    pub fn stmt(&self, id: StmtId) -> &Stmt {
        &self.stmts[id.index()]
    }

    /// A function by id.
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.index()]
    }

    /// A class by id.
    pub fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.index()]
    }

    /// The innermost function whose span covers `offset`, for naming the place of something.
    pub fn function_at(&self, offset: u32) -> FunctionId {
        let covering = |f: &Function| f.span.start <= offset && offset < f.span.end;
        let inner = self.functions.iter().enumerate().skip(1).filter(|(_, f)| covering(f) && f.name != "<lambda>");
        inner.max_by_key(|(_, f)| f.span.start).map_or(MODULE, |(i, _)| FunctionId(i as u32))
    }
}
