//! The walk over the syntax tree: a cursor, a stack of open nodes, and a stack of what their children became.
//!
//! Entering a node pushes a [`Frame`]; leaving it hands its children's [`Item`]s to a reducer (`expressions`, `statements`,
//! `definitions`), whose [`Value`] becomes an item of the parent. Nothing recurses over the input, each node is visited once,
//! and values are turned into expressions only when a parent asks for one, so that a name which is a keyword, a parameter or
//! a module never becomes an expression. This file knows the order of the walk, depth limits, scopes and errors; it does not
//! know what any construct means.

use super::grammar::{Field, Grammar, Kind, grammar};
use super::strings;
use crate::facts::*;
use crate::source::{Comment, Language, Span};
use tree_sitter::{Node, Tree, TreeCursor};

/// Deepest nesting of an expression; what is deeper becomes unknown.
pub(super) const MAX_EXPR_DEPTH: u16 = 200;
/// Deepest nesting of statements; what is deeper becomes unknown.
pub(super) const MAX_STMT_DEPTH: u16 = 100;
/// From this `elif` of an `if` on, the rest of the chain becomes one flat choice.
pub(super) const MAX_ELIF_DEPTH: u16 = 32;
/// How many syntax errors, and how many places nested too deep, are told per file.
const MAX_PROBLEMS: usize = 20;

/// An open node.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) field: Field,
    pub(super) span: Span,
    /// Where its children's items start.
    base: usize,
    expr_depth: u16,
    pub(super) stmt_depth: u16,
    /// `elif` clauses seen so far, for an `if`.
    elifs: u16,
    /// The function or class it defines.
    pub(super) index: u32,
    /// Leaving it leaves a scope.
    scoped: bool,
    /// It is or lies in a syntax error.
    in_error: bool,
    /// Strings in it are data even in an annotation.
    data: bool,
}

/// What a child became.
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) field: Field,
    pub(super) span: Span,
    pub(super) value: Value,
}

/// What a node means to its parent.
#[derive(Default)]
pub(super) enum Value {
    /// Nothing, or already taken.
    #[default]
    Nothing,
    /// A token or identifier: its kind and span say it all.
    Leaf,
    /// An expression.
    Expr(ExprId),
    /// A string that may yet be joined to its neighbours.
    Str(Name),
    /// The same with holes.
    Text(Vec<TextPart>),
    /// Items of a tuple, list or set.
    List(Vec<ExprId>),
    /// An unparenthesised chain of `and` (true) or `or`.
    Chain(bool, Vec<ExprId>),
    /// `value as target`.
    As(ExprId, ExprId),
    /// `*value` (1) or `**value` (2).
    Splat(u8, ExprId),
    /// `key: value`.
    Pair(ExprId, ExprId),
    /// The arguments of a call or the bases of a class.
    Args(Vec<Arg>),
    /// One keyword argument.
    Arg(Arg),
    /// Types in brackets.
    Types(Vec<ExprId>),
    /// Parameters, or one.
    Params(Vec<Param>),
    /// `for` of a comprehension.
    Clause(Clause),
    /// `if` of a comprehension or `case`.
    Condition(ExprId),
    /// An assignment; targets innermost first.
    Assign { targets: Vec<ExprId>, value: Option<ExprId>, annotation: Option<ExprId> },
    /// An augmented assignment.
    Update { target: ExprId, op: BinaryOp, value: ExprId },
    /// A finished statement.
    Stmt(StmtId),
    /// An expression statement that is one plain string: perhaps documentation.
    BareString(ExprId),
    /// Several statements.
    Stmts(Block),
    /// Statements of a syntax error, on their way to the next block.
    Strays(Block),
    /// `elif`.
    Elif(ExprId, Block),
    /// `else`.
    Else(Block),
    /// `finally`.
    Finally(Block),
    /// `except`.
    Handler(Handler),
    /// `case` (one item) and the body of a `match`.
    Arms(Vec<(Option<ExprId>, Block)>),
    /// Items of a `with`.
    Guards(Vec<GuardItem>),
    /// `module as alias` of an import.
    Alias(Name, Name),
    /// `..module`: dots and the rest.
    Relative(u8, Name),
}

/// A function or class whose body is being walked.
#[derive(Clone)]
pub(super) struct Scope {
    /// The innermost function.
    pub(super) function: FunctionId,
    /// The class, when the scope is a class's body.
    pub(super) class: Option<ClassId>,
    /// Its qualified name; empty for the module.
    pub(super) name: Name,
}

/// The state of lowering one file.
pub(super) struct Lowering<'t> {
    pub(super) text: &'t str,
    pub(super) facts: FileFacts,
    pub(super) scopes: Vec<Scope>,
    /// Names bound by patterns of `case` clauses that are still open.
    pub(super) captures: Vec<(Name, Span)>,
    grammar: &'static Grammar,
    frames: Vec<Frame>,
    items: Vec<Item>,
    /// How many open nodes are types, and how many of their parts hold data instead.
    types: u32,
    data: u32,
    /// There is a syntax error somewhere.
    broken: bool,
    syntax_errors: usize,
    too_deep: usize,
}

/// Lower a whole tree; `hidden` are comments that do not stand in it.
pub(super) fn lower(tree: &Tree, text: &str, hidden: &[Span]) -> FileFacts {
    let mut facts = FileFacts::empty(Language::Python);
    facts.exprs.reserve(text.len() / 12);
    facts.stmts.reserve(text.len() / 50);
    let module = Scope { function: MODULE, class: None, name: Name::default() };
    let mut lowering = Lowering {
        text,
        facts,
        scopes: vec![module],
        captures: Vec::new(),
        grammar: grammar(),
        frames: Vec::with_capacity(64),
        items: Vec::with_capacity(256),
        types: 0,
        data: 0,
        broken: tree.root_node().has_error(),
        syntax_errors: 0,
        too_deep: 0,
    };
    lowering.walk(&mut tree.walk());
    if !hidden.is_empty() {
        hidden.iter().for_each(|span| lowering.comment(*span));
        lowering.facts.comments.sort_by_key(|c| c.span);
    }
    lowering.finish()
}

impl<'t> Lowering<'t> {
    fn walk(&mut self, cursor: &mut TreeCursor<'_>) {
        loop {
            if self.enter(cursor) {
                if cursor.goto_first_child() {
                    continue;
                }
                self.leave();
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                self.leave();
            }
        }
    }

    /// Look at a node; whether its children are to be walked.
    fn enter(&mut self, cursor: &TreeCursor<'_>) -> bool {
        let node = cursor.node();
        let kind = self.grammar.kind(node.kind_id());
        if kind.is_ignored() {
            if self.broken && kind == Kind::Skip && node.is_missing() {
                self.report_error(node);
            }
            return false;
        }
        let span = Span::new(node.start_byte() as u32, node.end_byte() as u32);
        if kind == Kind::Comment {
            self.comment(span);
            return false;
        }
        let field = self.grammar.field(cursor.field_id());
        if kind.is_leaf() {
            if self.broken && span.start == span.end && node.is_missing() {
                self.report_error(node);
            }
            let value = self.leaf(kind, span);
            self.items.push(Item { kind, field, span, value });
            return false;
        }
        if kind == Kind::String && !strings::literal(self.slice(span)).interpolated {
            let value = self.plain_string(span);
            self.items.push(Item { kind, field, span, value });
            return false;
        }
        self.open(node, kind, field, span)
    }

    /// Open a node with children, unless it is nested too deep or says nothing here.
    fn open(&mut self, node: Node<'_>, kind: Kind, field: Field, span: Span) -> bool {
        let parent = self.frames.last().copied();
        let (parent_kind, mut frame) = match parent {
            Some(parent) => (parent.kind, Frame { kind, field, span, base: 0, elifs: 0, index: 0, scoped: false, data: false, ..parent }),
            None => (Kind::Skip, Frame::root(kind, span)),
        };
        frame.base = self.items.len();
        if kind == Kind::TypeParameter && matches!(parent_kind, Kind::Function | Kind::Class) {
            return false;
        }
        let chained = kind == Kind::Boolean && parent_kind == Kind::Boolean && field == Field::Left;
        frame.expr_depth += u16::from(kind.deepens() && !chained);
        frame.stmt_depth += u16::from(kind.is_compound());
        if parent_kind == Kind::If && matches!(kind, Kind::Elif | Kind::Else) {
            frame.stmt_depth += self.count_elif(kind);
        }
        if frame.expr_depth > MAX_EXPR_DEPTH || frame.stmt_depth > MAX_STMT_DEPTH {
            self.cut(kind, field, span);
            return false;
        }
        if kind == Kind::Error {
            if !frame.in_error {
                self.report_error(node);
            }
            frame.in_error = true;
        }
        self.enter_annotation(kind, &mut frame);
        match kind {
            Kind::Function => frame.index = self.declare_function(span, self.name_of(node)),
            Kind::Class => frame.index = self.declare_class(span, self.name_of(node)),
            Kind::Lambda => frame.index = self.declare_lambda(span),
            _ => {}
        }
        if let Some(parent) = parent.filter(|_| field == Field::Body) {
            frame.scoped = self.enter_scope(parent.kind, parent.index);
        }
        self.frames.push(frame);
        true
    }

    /// Close the innermost node and reduce its children.
    fn leave(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        if frame.scoped {
            self.scopes.pop();
        }
        self.types -= u32::from(frame.kind == Kind::Type);
        self.data -= u32::from(frame.data);
        let mut items = std::mem::take(&mut self.items);
        let children = items.get_mut(frame.base..).unwrap_or_default();
        let strays = if self.broken { strays(children, frame.kind) } else { Vec::new() };
        let value = self.reduce(&frame, children);
        items.truncate(frame.base);
        if !matches!(value, Value::Nothing) {
            items.push(Item { kind: frame.kind, field: frame.field, span: frame.span, value });
        }
        if !strays.is_empty() {
            items.push(Item { kind: Kind::Error, field: Field::Plain, span: frame.span, value: Value::Strays(strays) });
        }
        self.items = items;
    }

    fn reduce(&mut self, frame: &Frame, items: &mut [Item]) -> Value {
        if let Some(value) = self.reduce_expression(frame, items) {
            return value;
        }
        if let Some(value) = self.reduce_statement(frame, items) {
            return value;
        }
        self.reduce_definition(frame, items)
    }

    /// The parent of the node that is being reduced.
    pub(super) fn parent_kind(&self) -> Kind {
        self.frames.last().map_or(Kind::Skip, |f| f.kind)
    }

    /// The function or class that the parent of the node being reduced defines.
    pub(super) fn parent_index(&self) -> u32 {
        self.frames.last().map_or(0, |f| f.index)
    }

    /// Replace a node that is nested too deep by an unknown value.
    fn cut(&mut self, kind: Kind, field: Field, span: Span) {
        if self.too_deep < MAX_PROBLEMS {
            self.too_deep += 1;
            self.facts.problems.push(Problem { span, what: "nested too deep".to_owned() });
        }
        let unknown = self.push_expr(ExprKind::Unknown(Vec::new()), span);
        let value = if kind.is_compound() {
            Value::Stmt(self.push_stmt(StmtKind::Expr(unknown), span))
        } else if kind == Kind::Elif {
            Value::Elif(unknown, Vec::new())
        } else if kind == Kind::Else {
            Value::Else(Vec::new())
        } else {
            Value::Expr(unknown)
        };
        self.items.push(Item { kind, field, span, value });
    }

    /// How much deeper an `elif` or `else` lies than its `if`.
    fn count_elif(&mut self, kind: Kind) -> u16 {
        let Some(parent) = self.frames.last_mut() else { return 0 };
        parent.elifs = parent.elifs.saturating_add(u16::from(kind == Kind::Elif));
        let flat_from = elif_limit(parent.stmt_depth);
        if parent.elifs > flat_from { flat_from + 1 } else { parent.elifs }
    }

    /// Keep count of types, whose strings are types too, and of what in them is data all the same.
    fn enter_annotation(&mut self, kind: Kind, frame: &mut Frame) {
        self.types += u32::from(kind == Kind::Type);
        if self.types > 0 {
            frame.data = match kind {
                Kind::ArgumentList => true,
                Kind::GenericType | Kind::Subscript => {
                    let head = self.slice(frame.span).split('[').next().unwrap_or("");
                    matches!(head.rsplit('.').next().unwrap_or("").trim(), "Literal" | "Annotated")
                }
                _ => false,
            };
            self.data += u32::from(frame.data);
        }
    }

    fn plain_string(&mut self, span: Span) -> Value {
        let literal = strings::literal(self.slice(span));
        if self.types > 0 && self.data == 0 && !literal.content.contains('\\') {
            let content = literal.content.trim();
            if let Some(id) = super::annotation::lower(content, span, &mut self.facts.exprs) {
                return Value::Expr(id);
            }
        }
        Value::Str(strings::decode(literal.content, literal.raw))
    }

    fn comment(&mut self, span: Span) {
        let before = &self.text.as_bytes()[..span.start as usize];
        let blank = |b: &&u8| matches!(b, b' ' | b'\t' | b'\x0c');
        let alone = before.iter().rev().find(|b| !blank(b)).is_none_or(|b| matches!(b, b'\n' | b'\r'));
        let text = self.slice(span).trim_start_matches('#').trim().to_owned();
        self.facts.comments.push(Comment { text, span, alone });
    }

    fn report_error(&mut self, node: Node<'_>) {
        let inside = self.frames.last().is_some_and(|f| f.in_error);
        if !inside && self.syntax_errors < MAX_PROBLEMS {
            self.facts
                .problems
                .push(Problem { span: Span::new(node.start_byte() as u32, node.end_byte() as u32), what: "syntax error".to_owned() });
        }
        self.syntax_errors += 1;
    }

    fn name_of(&self, node: Node<'_>) -> Span {
        let name = node.child_by_field_id(self.grammar.name_field);
        name.map_or_else(Span::default, |n| Span::new(n.start_byte() as u32, n.end_byte() as u32))
    }

    /// The text of a span.
    pub(super) fn slice(&self, span: Span) -> &'t str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The text of a span as a name.
    pub(super) fn name(&self, span: Span) -> Name {
        Name::new(self.slice(span))
    }

    /// Add an expression.
    pub(super) fn push_expr(&mut self, kind: ExprKind, span: Span) -> ExprId {
        self.facts.exprs.push(Expr { kind, span });
        ExprId(self.facts.exprs.len() as u32 - 1)
    }

    /// Add a statement.
    pub(super) fn push_stmt(&mut self, kind: StmtKind, span: Span) -> StmtId {
        self.facts.stmts.push(Stmt { kind, span });
        StmtId(self.facts.stmts.len() as u32 - 1)
    }

    /// The scope that is being walked.
    pub(super) fn scope(&self) -> Scope {
        self.scopes.last().cloned().unwrap_or(Scope { function: MODULE, class: None, name: Name::default() })
    }

    fn finish(mut self) -> FileFacts {
        let mut items = std::mem::take(&mut self.items);
        let (body, doc) = self.body(&mut items, true);
        let end = self.text.len() as u32;
        if let Some(module) = self.facts.functions.first_mut() {
            module.body = body;
            module.doc = module.doc.or(doc);
            module.span = Span::new(0, end);
        }
        self.facts.problems.sort_by_key(|p| p.span);
        self.facts
    }
}

impl Frame {
    fn root(kind: Kind, span: Span) -> Self {
        Frame {
            kind,
            field: Field::Plain,
            span,
            base: 0,
            expr_depth: 0,
            stmt_depth: 0,
            elifs: 0,
            index: 0,
            scoped: false,
            in_error: false,
            data: false,
        }
    }
}

/// How many `elif` of an `if` at this depth nest before the rest becomes one flat choice.
pub(super) fn elif_limit(stmt_depth: u16) -> u16 {
    MAX_ELIF_DEPTH.min(MAX_STMT_DEPTH.saturating_sub(stmt_depth + 1))
}

/// Take the statements of syntax errors out of the children of a node that is no block.
fn strays(items: &mut [Item], kind: Kind) -> Block {
    if matches!(kind, Kind::Module | Kind::Block | Kind::Error) {
        return Vec::new();
    }
    let mut strays = Vec::new();
    for item in items {
        if let Value::Strays(more) = &mut item.value {
            strays.append(more);
            item.value = Value::Nothing;
        }
    }
    strays
}
