//! What comes out: one statement, in the words an analysis of shared state asks for.

use super::name::{Name, Piece, TableRef};
use super::verb::Verb;

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it does.
    pub verb: Verb,
    /// The table it writes, defines or locks; for a SELECT the first table it reads.
    pub table: Option<TableRef>,
    /// Tables it reads, each once: FROM, JOIN, USING, subqueries. Names of its own CTEs are left out.
    pub reads: Vec<TableRef>,
    /// Columns inserted, assigned by an UPDATE, or selected (`*` as written; an expression without name is left out).
    pub columns: Vec<Name>,
    /// What an INSERT puts into `columns`, in order: the first row of VALUES, or what its SELECT yields.
    pub values: Vec<Value>,
    /// The SET clause of an UPDATE or of a MERGE.
    pub assignments: Vec<Assignment>,
    /// What an INSERT does with a row that is there already; `None`: it fails, or there is a second one.
    pub conflict: Option<Conflict>,
    /// The WHERE clause.
    pub predicate: Predicate,
    /// Row locks it takes, also in a subquery.
    pub locking: Locking,
    /// Whether it has an ORDER BY, also in a subquery.
    pub order_by: bool,
    /// The column by which a query's rows stand, highest first.
    pub highest: Option<Name>,
    /// Whether it has LIMIT, TOP or FETCH FIRST, also in a subquery.
    pub limit: bool,
    /// RETURNING or OUTPUT.
    pub returning: bool,
    /// The first aggregate it computes.
    pub aggregate: Option<Aggregate>,
    /// How many rows it touches.
    pub rows: RowCount,
    /// Where an INSERT's rows come from; `None` for other statements.
    pub source: Option<InsertSource>,
    /// Every function it calls, outer ones first.
    pub functions: Vec<FunctionCall>,
    /// Everything that is filled in, in order of occurrence.
    pub placeholders: Vec<Placeholder>,
    /// False where no grammar accepted it and only keywords were read.
    pub exact: bool,
    /// It is part of the statement before it (a writing CTE) and atomic with it.
    pub inner: bool,
    /// First byte in the flattened text.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

/// Something filled in at run time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Placeholder {
    /// A hole of the caller's [`super::SqlText`].
    Hole(usize),
    /// `?` or `%s`, counted from 0 through the whole text.
    Positional(usize),
    /// `$1`, `?1`, `:1`: the number as written.
    Numbered(usize),
    /// `:name`, `%(name)s`, `$name`; `@name` keeps its at sign, since it may be a variable of the text itself.
    Named(String),
    /// Braces the host fills in before sending: `{name}`, `{0}`, `{}`, `{{ name }}`, `${name}`, `#{name}`.
    Format(String),
}

/// A value as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One of the statement's `placeholders`.
    Placeholder(usize),
    /// A string, number or boolean.
    Text(String),
    /// A string with something filled in: `'stock:{id}'`, `'stock:' || ?`.
    Pattern(Vec<Piece>),
    /// NULL.
    Null,
    /// A column.
    Column(Name),
    /// The row an INSERT proposed: `excluded.x`, `VALUES(x)`, `new.x`.
    Proposed(Name),
    /// A function of values.
    Call {
        /// Its name.
        name: String,
        /// What it gets.
        args: Vec<Value>,
    },
    /// A subquery.
    Subquery,
    /// Anything else.
    Other,
}

/// `column = value` in a SET clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The column.
    pub column: Name,
    /// What it becomes.
    pub value: AssignedValue,
    /// Placeholders that occur anywhere in the value.
    pub placeholders: Vec<usize>,
}

/// What a column becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssignedValue {
    /// One of the statement's `placeholders`.
    Placeholder(usize),
    /// Something made from the column's own value: `n = n + ?`.
    Relative {
        /// Running it twice differs from running it once; false for `COALESCE(n, ?)`, `GREATEST(n, ?)`.
        accumulates: bool,
    },
    /// A constant as written.
    Constant(String),
    /// NULL.
    Null,
    /// The same column of the row an INSERT proposed.
    Proposed,
    /// Anything else: functions, other columns, subqueries.
    Other,
}

/// What an INSERT does with a row that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Columns of ON CONFLICT (…), or those a MERGE compares; empty: any unique key.
    pub target: Vec<Name>,
    /// ON CONSTRAINT.
    pub constraint: Option<Name>,
    /// What is done.
    pub action: ConflictAction,
    /// What DO UPDATE or ON DUPLICATE KEY UPDATE assigns.
    pub assignments: Vec<Assignment>,
    /// DO UPDATE … WHERE.
    pub conditional: bool,
}

/// What is done with a row that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConflictAction {
    /// DO NOTHING, or a MERGE that only inserts.
    DoNothing,
    /// DO UPDATE, ON DUPLICATE KEY UPDATE, or a MERGE that updates.
    DoUpdate,
    /// Deleted and inserted anew.
    Replace,
    /// INSERT IGNORE, INSERT OR IGNORE: other errors are hidden too.
    Ignore,
}

/// A WHERE clause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Predicate {
    /// Its conditions. Under OR and NOT the columns are there with [`Op::Other`].
    pub conditions: Vec<Condition>,
    /// There is one.
    pub has_where: bool,
    /// Only if a subquery finds nothing (or something): `WHERE NOT EXISTS (…)`, also an IF EXISTS around it.
    pub not_exists: bool,
    /// It has an OR.
    pub disjunction: bool,
    /// Something filled in may add conditions or clauses.
    pub open: bool,
    /// Cassandra's `IF …`: a compare-and-set.
    pub compare_and_set: bool,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The table or alias before the column, as written.
    pub qualifier: Option<Name>,
    /// The column.
    pub column: Name,
    /// How it is compared.
    pub op: Op,
    /// With what.
    pub value: Value,
}

/// How a condition compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Eq,
    /// `<>`
    NotEq,
    /// `<`, `<=`, `>`, `>=`, BETWEEN
    Compare,
    /// IN, `= ANY`
    In,
    /// IS NULL
    IsNull,
    /// IS NOT NULL
    IsNotNull,
    /// Anything else.
    Other,
}

/// Row locks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locking {
    /// FOR UPDATE, FOR NO KEY UPDATE, UPDLOCK, XLOCK.
    pub for_update: bool,
    /// FOR SHARE, FOR KEY SHARE, LOCK IN SHARE MODE.
    pub for_share: bool,
    /// SKIP LOCKED, READPAST.
    pub skip_locked: bool,
    /// NOWAIT.
    pub nowait: bool,
    /// Waits a bounded time: `WAIT n`.
    pub wait: Option<u32>,
    /// Keeps rows from appearing too: HOLDLOCK, SERIALIZABLE, TABLOCKX.
    pub range: bool,
}

/// An aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// MAX.
    Max,
    /// MIN.
    Min,
    /// COUNT.
    Count,
    /// SUM.
    Sum,
    /// Any other.
    Other,
}

/// How many rows a statement touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowCount {
    /// One at most.
    One,
    /// Several are meant.
    Many,
    /// Depends on keys or on what is filled in.
    Unknown,
}

/// Where an INSERT's rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsertSource {
    /// VALUES, or MySQL's SET.
    Values,
    /// A query.
    Select,
    /// DEFAULT VALUES.
    Default,
}

/// A call of a function or procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionCall {
    /// Its name, lower-cased, without schema.
    pub name: String,
    /// What it gets.
    pub args: Vec<Argument>,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name where one is written: `@Resource = …`, `key => …`; lower-cased, without `@`.
    pub name: Option<String>,
    /// Its value.
    pub value: Value,
}

impl Statement {
    /// An empty statement of a kind.
    pub(super) fn new(verb: Verb) -> Statement {
        Statement {
            verb,
            table: None,
            reads: Vec::new(),
            columns: Vec::new(),
            values: Vec::new(),
            assignments: Vec::new(),
            conflict: None,
            predicate: Predicate::default(),
            locking: Locking::default(),
            order_by: false,
            highest: None,
            limit: false,
            returning: false,
            aggregate: None,
            rows: RowCount::Unknown,
            source: None,
            functions: Vec::new(),
            placeholders: Vec::new(),
            exact: true,
            inner: false,
            start: 0,
            end: 0,
        }
    }

    /// Whether it changes rows of `table`.
    pub fn writes(&self) -> bool {
        matches!(
            self.verb,
            Verb::Insert
                | Verb::Update
                | Verb::Delete
                | Verb::Replace
                | Verb::Upsert
                | Verb::Merge
                | Verb::Truncate
                | Verb::Copy { into_table: true }
        )
    }

    /// Whether it adds rows.
    pub fn inserts(&self) -> bool {
        matches!(self.verb, Verb::Insert | Verb::Replace | Verb::Upsert | Verb::Merge)
    }

    /// Whether running it again, with the same things filled in, changes nothing more. It says nothing of two that
    /// run at once (a guarded INSERT is racy), and takes for granted that a unique key stands behind a conflict
    /// clause, which only the schema can tell. True for what writes nothing.
    pub fn is_idempotent(&self) -> bool {
        if matches!(self.verb, Verb::Copy { into_table: true }) {
            return false;
        }
        if self.inserts() {
            let Some(conflict) = &self.conflict else { return self.predicate.not_exists };
            return !conflict.assignments.iter().any(Assignment::accumulates);
        }
        match self.verb {
            // What takes the next few rows takes others the next time.
            Verb::Update | Verb::Delete if self.limit => false,
            Verb::Update => self.applies_once() || !self.assignments.iter().any(Assignment::accumulates),
            _ => true,
        }
    }

    /// Whether an UPDATE changes a column that its WHERE compares, so that it cannot match the same row again.
    fn applies_once(&self) -> bool {
        let changes = |assignment: &Assignment| {
            let compared = |c: &&Condition| c.op == Op::Eq && c.column == assignment.column;
            let Some(before) = self.predicate.conditions.iter().find(compared) else { return false };
            match (&assignment.value, &before.value) {
                (AssignedValue::Relative { accumulates }, _) => *accumulates,
                (AssignedValue::Constant(after), Value::Text(before)) => after != before,
                _ => false,
            }
        };
        !self.predicate.disjunction && self.assignments.iter().any(changes)
    }

    /// The value an INSERT gives to a column.
    pub fn inserted(&self, column: &str) -> Option<&Value> {
        let index = self.columns.iter().position(|name| name.known() == Some(column))?;
        self.values.get(index).filter(|_| self.inserts())
    }

    /// The placeholder a value is, where it is one.
    pub fn placeholder(&self, value: &Value) -> Option<&Placeholder> {
        match value {
            Value::Placeholder(index) => self.placeholders.get(*index),
            _ => None,
        }
    }
}

impl Assignment {
    /// Whether assigning twice differs from once.
    pub fn accumulates(&self) -> bool {
        self.value == AssignedValue::Relative { accumulates: true }
    }
}
