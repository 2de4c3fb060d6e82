//! Statements built by calls: which columns they ask for and which they set.
//!
//! `update(Order).where(Order.status == "open").values(status="taken")` says the same as the text would. The conditions are
//! read from the expressions as they stand; what only runs can tell (a list of conditions, a filter made elsewhere) is not known.

use super::call::{CallPlace, Given};
use super::fixed;
use super::item::{Access, Operation};
use super::rows::given_at;
use super::value::{Deps, Value};
use super::walk::Walker;
use crate::facts::{CompareOp, ExprId, ExprKind, Name};
use crate::knowledge::vocabulary::{Effect, Row};
use crate::link::{Asked, Kind, LibraryValue, RELATED, argument};
use std::rc::Rc;

/// How deep conditions are nested.
const DEPTH: u8 = 6;
/// How builders call comparisons: `tries__lt=3`, `tries.lt(3)`.
const BOUNDS: [&str; 8] = ["lt", "lte", "le", "gt", "gte", "ge", "range", "between"];
/// What SQL calls the order from the highest down, and every builder of it after it.
const DESCENDING: &str = "desc";

impl Walker<'_, '_, '_> {
    /// A statement with what one more call says of it.
    pub fn built_further(&self, effect: Effect, row: &Row, given: &[Given], place: &CallPlace, result: Value) -> Value {
        let Kind::Library(statement) = &result.kind else { return result };
        let mut statement = (**statement).clone();
        let (mut changed, mut relative) = (Deps::default(), Vec::new());
        let mut parts = place.receiver.as_ref().map(super::keys::keys_built).unwrap_or_default();
        if self.rust && effect == Effect::OrmValues {
            for (column, to_itself) in self.set_by_calls(row, given) {
                if to_itself { relative.push(column) } else { statement.sets.push((column, Kind::Unknown)) }
            }
            changed = super::call::all_deps(given);
        }
        for argument in given {
            let asked = statement.asks.len();
            match (effect, &argument.name) {
                (Effect::OrmFilter, Some(name)) => {
                    statement.asks.push(by_keyword(name, &argument.value.kind));
                    statement.traits.extend(self.is_list_of_keys(name, &argument.value).then(|| Name::from("unsorted")));
                }
                (Effect::OrmFilter, None) => self.asked(argument.expr, false, DEPTH, &mut statement.asks),
                _ if self.rust => {}
                (_, Some(name)) if self.is_relative(name, argument.expr, place) => relative.push(name.clone()),
                (_, name) => {
                    changed.join(&argument.value.deps);
                    statement.sets.extend(set(name.as_ref(), &argument.value.kind));
                    if effect == Effect::OrmValues && name.is_none() && given.len() == 1 {
                        statement.traits.extend(self.rows_given(&argument.value));
                    }
                    if matches!(argument.value.kind, Kind::Parameter(_)) && name.is_none() {
                        statement.given = argument.value.kind.clone();
                    }
                }
            }
            // What is held against a value that the code was given; a constant tells no record from others.
            let held = statement.asks[asked..].iter().filter(|a| !a.fixed);
            parts.extend(held.map(|a| (a.column.clone(), argument.value.deps.clone())));
        }
        if effect == Effect::OrmFilter && statement.subject == Kind::Unknown && statement.identity.is_none() {
            match given.iter().find_map(|g| self.asked_of(g.expr?, DEPTH)) {
                Some(Kind::Library(columns)) => statement.identity = columns.identity.clone(),
                Some(class) => statement.subject = class,
                None => {}
            }
        }
        // `update(stock=Product.stock - n)` changes it by an amount, in one step.
        let moves = !relative.is_empty();
        if moves && statement.sets.is_empty() {
            statement.traits.push("increment".into());
            statement.sets = relative.into_iter().map(|column| (column, Kind::Unknown)).collect();
        }
        let kind = Kind::Library(Rc::new(statement));
        // What a condition is made of is not what is written.
        let deps = match (effect, &place.receiver) {
            (Effect::OrmFilter, Some(receiver)) => receiver.deps.clone(),
            (Effect::OrmValues, receiver) if moves => receiver.as_ref().map_or(changed.clone(), |r| r.deps.clone().with(&changed)),
            _ => result.deps,
        };
        let parts = (!parts.is_empty()).then(|| Rc::new(parts.into_iter().map(|(name, deps)| (Some(name), deps)).collect()));
        Value { kind, deps, parts, ..result }
    }

    /// A statement that adds a row with what it does where the row is there: it sets these columns of it, and no others.
    pub fn on_conflict(&self, row: &Row, given: &[Given], result: Value) -> Value {
        let Kind::Library(statement) = &result.kind else { return result };
        let mut statement = (**statement).clone();
        let mut deps = result.deps.clone();
        for argument in row.value.iter().filter_map(|place| given_at(place, given)) {
            statement.sets = set(None, &argument.value.kind);
            deps.join(&argument.value.deps);
        }
        if let Some(target) = row.key.as_deref().and_then(|place| given_at(place, given)) {
            statement.target_of_conflict = self.listed_columns(target);
        }
        Value { kind: Kind::Library(Rc::new(statement)), deps, ..result }
    }

    /// The columns of a list of names or of columns.
    fn listed_columns(&self, given: &Given) -> Vec<Name> {
        let Some(ExprKind::List(items)) = given.expr.map(|expr| &self.facts.expr(expr).kind) else { return Vec::new() };
        let column = |item: &ExprId| match &self.facts.expr(*item).kind {
            ExprKind::Str(text) => Some(text.as_str().into()),
            _ => self.column(*item),
        };
        items.iter().filter_map(column).collect()
    }

    /// A query with the order of its rows: which column the first of them has the highest value of.
    pub fn ordered(&self, given: &[Given], result: Value) -> Value {
        let Kind::Library(query) = &result.kind else { return result };
        let mut query = (**query).clone();
        query.highest = given.first().and_then(|first| self.descending(first));
        Value { kind: Kind::Library(Rc::new(query)), ..result }
    }

    /// An aggregate with the column whose highest value it is: `func.max(Order.number)`.
    pub fn highest_of(&self, row: &Row, given: &[Given], result: Value) -> Value {
        let column = row.key.as_deref().and_then(|place| given_at(place, given)).and_then(|g| self.column(g.expr?));
        let (Some(column), Kind::Library(aggregate)) = (column, &result.kind) else { return result };
        let mut aggregate = (**aggregate).clone();
        aggregate.highest = Some(column);
        Value { kind: Kind::Library(Rc::new(aggregate)), ..result }
    }

    /// The column by which rows stand highest first: `Order.number.desc()`, `desc(Order.number)`, `-Order.number`, `"-number"`.
    fn descending(&self, by: &Given) -> Option<Name> {
        if let Kind::Text(text) = &by.value.kind {
            return text.constant()?.strip_prefix('-').map(Name::from);
        }
        match &self.facts.expr(by.expr?).kind {
            ExprKind::Unary(inner) => self.column(*inner),
            ExprKind::Call { callee, args } => match (&self.facts.expr(*callee).kind, args.as_slice()) {
                (ExprKind::Attr { base, name }, []) if name == DESCENDING => self.column(*base),
                (ExprKind::Attr { name, .. } | ExprKind::Name(name), [column]) if name == DESCENDING => self.column(column.value),
                _ => None,
            },
            _ => None,
        }
    }

    /// What a list of rows that a statement is given says: that there are many, and that nobody put them in order.
    pub fn rows_given(&self, rows: &Value) -> Vec<Name> {
        let declared = self.opened_object(&rows.kind);
        match (&rows.kind, declared) {
            (Kind::List(_), _) | (_, Kind::List(_)) if rows.sorted => vec!["many".into()],
            (Kind::List(_), _) | (_, Kind::List(_)) => vec!["many".into(), "unsorted".into()],
            _ => Vec::new(),
        }
    }

    /// Whether a query asks for the rows of a list of keys that nobody put in order: `filter(pk__in=ids)`.
    fn is_list_of_keys(&self, name: &Name, keys: &Value) -> bool {
        let given = || match (&keys.kind, self.opened(&keys.kind)) {
            (Kind::Parameter(_), declared) => declared.library().is_none(),
            (Kind::List(keys), _) => keys.is_empty() || !keys.iter().all(|key| by_keyword(name, key).fixed),
            _ => false,
        };
        matches!(name.as_str(), "pk__in" | "id__in") && !keys.sorted && given()
    }

    /// Whether a column is set to itself and something more: `stock=Product.stock - n`, of the mapped class and of no row.
    fn is_relative(&self, column: &Name, value: Option<ExprId>, place: &CallPlace) -> bool {
        let of_class = |e: ExprId| match &self.facts.expr(e).kind {
            ExprKind::Attr { base, name } => {
                let same = || place.receiver_path.is_some() && self.path(*base) == place.receiver_path;
                name == column && (same() || matches!(self.program.infer(self.at, *base), Kind::Class(_)))
            }
            _ => false,
        };
        match value.map(|v| &self.facts.expr(v).kind) {
            Some(ExprKind::Binary { left, right, .. }) => of_class(*left) || of_class(*right),
            _ => false,
        }
    }

    /// The columns that a condition names.
    fn asked(&self, condition: Option<ExprId>, negated: bool, depth: u8, asks: &mut Vec<Asked>) {
        let (Some(condition), true) = (condition, depth > 0) else { return };
        let facts = self.facts;
        match &facts.expr(condition).kind {
            ExprKind::Compare { left, rest } => {
                let ([(op, right)], Some(column)) = (rest.as_slice(), self.column(*left)) else { return };
                let fixed = *op != CompareOp::Eq || negated || self.is_constant(*right);
                let bounds = matches!(op, CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge);
                asks.push(Asked { column, fixed, bounds });
            }
            ExprKind::Logic { items, .. } => items.iter().for_each(|i| self.asked(Some(*i), negated, depth - 1, asks)),
            ExprKind::Binary { left, right, .. } => [left, right].into_iter().for_each(|i| self.asked(Some(*i), negated, depth - 1, asks)),
            ExprKind::Not(inner) | ExprKind::Unary(inner) => self.asked(Some(*inner), true, depth - 1, asks),
            ExprKind::Call { callee, args } => match &facts.expr(*callee).kind {
                // `orders::owner.is_null()`, `status.eq("open").and(owner.is_null())`.
                ExprKind::Attr { base, name } if self.rust => match &facts.expr(*base).kind {
                    ExprKind::Call { .. } => {
                        self.asked(Some(*base), negated, depth - 1, asks);
                        args.iter().for_each(|a| self.asked(Some(a.value), negated, depth - 1, asks));
                    }
                    _ => {
                        let fixed = name != "eq" || negated || args.iter().all(|a| self.is_constant(a.value));
                        let bounds = BOUNDS.contains(&name.as_str());
                        asks.extend(self.column(*base).map(|column| Asked { column, fixed, bounds }));
                    }
                },
                // `Order.owner.is_(None)`, `Order.status.in_(["open"])`.
                ExprKind::Attr { base, .. } if let Some(column) = self.column(*base) => {
                    let fixed = args.iter().all(|a| self.is_constant(a.value));
                    asks.push(Asked { column, fixed, bounds: false });
                }
                _ => args.iter().for_each(|a| self.asked(Some(a.value), negated, depth - 1, asks)),
            },
            _ => {}
        }
    }

    /// What a condition is about, by its first column: `exists().where(Order.number == number)`.
    fn asked_of(&self, condition: ExprId, depth: u8) -> Option<Kind> {
        let further = |expr: &ExprId| if depth > 0 { self.asked_of(*expr, depth - 1) } else { None };
        match &self.facts.expr(condition).kind {
            ExprKind::Compare { left, .. } => further(left),
            ExprKind::Logic { items, .. } => items.iter().find_map(further),
            ExprKind::Binary { left, right, .. } => [left, right].into_iter().find_map(further),
            ExprKind::Not(inner) | ExprKind::Unary(inner) => further(inner),
            ExprKind::Call { callee, args } => match &self.facts.expr(*callee).kind {
                ExprKind::Attr { base, .. } => further(base),
                _ => args.iter().find_map(|a| further(&a.value)),
            },
            ExprKind::Attr { base, .. } => match self.program.infer(self.at, *base) {
                class @ Kind::Class(_) => Some(class),
                Kind::Library(columns) if self.program.knowledge.type_def(columns.ty).columns => Some(Kind::Library(columns)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The argument that a call gives back as it is: `cast(Any, Order.status)` is `Order.status`.
    fn stood_for(&self, expr: ExprId) -> ExprId {
        let (false, ExprKind::Call { callee, args }) = (self.rust, &self.facts.expr(expr).kind) else { return expr };
        let place = self.program.library_function(self.at, *callee).and_then(|found| found.row.stands_for.as_deref());
        let args: Vec<(Option<Name>, ExprId)> = args.iter().map(|a| (a.name.clone(), a.value)).collect();
        place.and_then(|place| argument(place, &args)).copied().unwrap_or(expr)
    }

    fn column(&self, expr: ExprId) -> Option<Name> {
        match &self.facts.expr(self.stood_for(expr)).kind {
            // `Column::UnitPrice` of an enumeration is the column `unit_price`.
            ExprKind::Attr { name, .. } if self.rust => Some(crate::link::snake(name).into()),
            ExprKind::Attr { name, .. } => Some(name.clone()),
            ExprKind::Name(name) if self.rust => Some(name.clone()),
            _ => None,
        }
    }

    /// The columns that values in Rust set, and whether to themselves and something more: `stock.eq(stock - 1)`, several in a
    /// tuple, or a column and its value where a row says so.
    fn set_by_calls(&self, row: &Row, given: &[Given]) -> Vec<(Name, bool)> {
        let exprs: Vec<ExprId> = given.iter().filter_map(|g| g.expr).collect();
        if let (Some(column), [_, value]) = (row.key.as_ref().and(exprs.first()), exprs.as_slice()) {
            return self.column(*column).map(|c| (c.clone(), self.names_column(*value, &c))).into_iter().collect();
        }
        let mut pending = exprs;
        let mut found = Vec::new();
        while let Some(expr) = pending.pop() {
            match &self.facts.expr(expr).kind {
                ExprKind::List(items) => pending.extend(items.iter().rev()),
                ExprKind::Call { callee, args } => {
                    let (ExprKind::Attr { base, .. }, [value]) = (&self.facts.expr(*callee).kind, args.as_slice()) else { continue };
                    if let Some(column) = self.column(*base) {
                        let to_itself = self.names_column(value.value, &column);
                        found.push((column, to_itself));
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// Whether an expression is made of a column, and of no field of a value.
    fn names_column(&self, expr: ExprId, column: &Name) -> bool {
        let mut pending = vec![expr];
        while let Some(expr) = pending.pop() {
            let kind = &self.facts.expr(expr).kind;
            match kind {
                ExprKind::Name(_) | ExprKind::Attr { .. } if self.column(expr).as_ref() == Some(column) => {
                    return self.is_of_no_value(expr);
                }
                _ => pending.extend(kind.children()),
            }
        }
        false
    }

    /// Whether a path leads to something that is declared and not to what a variable holds.
    fn is_of_no_value(&self, expr: ExprId) -> bool {
        let mut root = expr;
        while let ExprKind::Attr { base, .. } = &self.facts.expr(root).kind {
            root = *base;
        }
        self.path(root).is_none_or(|name| !self.state.vars.contains_key(&name))
    }

    /// A value that stands in the code: a literal, or a name written in capitals.
    fn is_constant(&self, expr: ExprId) -> bool {
        match &self.facts.expr(expr).kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Str(_) => true,
            ExprKind::Name(name) => is_constant_name(name),
            ExprKind::Attr { base, name } => is_constant_name(name) || self.column(*base).is_some_and(|inner| is_constant_name(&inner)),
            ExprKind::List(items) => items.iter().all(|i| self.is_constant(*i)),
            _ => false,
        }
    }
}

/// `status="open"`, `tries__lt=3`.
fn by_keyword(name: &Name, value: &Kind) -> Asked {
    let (column, how) = name.split_once("__").map_or((name.as_str(), ""), |(column, how)| (column, how));
    let constant = match value {
        Kind::Null | Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) => true,
        Kind::Text(text) => text.constant().is_some(),
        _ => false,
    };
    let bounds = BOUNDS.contains(&how);
    Asked { column: column.into(), fixed: constant || !matches!(how, "" | "exact" | "in" | "id" | "pk"), bounds }
}

/// The columns that an argument sets, with the values: `status="taken"`, `{"status": "taken"}`, `{Order.status: "taken"}`.
pub(super) fn set(name: Option<&Name>, value: &Kind) -> Vec<(Name, Kind)> {
    match (name, value) {
        (Some(name), _) => vec![(name.clone(), known(value))],
        (None, Kind::Map(entries)) => entries.iter().filter_map(|(key, value)| Some((column_key(key)?, known(value)))).collect(),
        _ => Vec::new(),
    }
}

/// A value as far as a column remembers it.
fn known(value: &Kind) -> Kind {
    if fixed::constant(value).is_some() { value.clone() } else { Kind::Unknown }
}

fn column_key(key: &Kind) -> Option<Name> {
    match key {
        Kind::Text(text) => text.constant().map(Name::from),
        Kind::Member(member) => Some(member.1.clone()),
        _ => None,
    }
}

pub(super) fn is_constant_name(name: &Name) -> bool {
    name.chars().any(|c| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// The columns of a row that is added, where the call says them all: `create(number=n)`, `insert(number=n).execute()`.
fn columns_given(statement: &LibraryValue, given: &[Given]) -> Vec<Name> {
    if given.iter().any(|g| g.spread != 0) {
        return Vec::new();
    }
    let set = statement.sets.iter().map(|(column, _)| column.clone());
    set.chain(given.iter().filter_map(|g| g.name.clone())).chain(pointing_column(statement)).collect()
}

/// The column by which the rows that a manager adds point to the row that has it: `order.lines.create(…)`.
pub(super) fn pointing_column(manager: &LibraryValue) -> Option<Name> {
    let related = manager.traits.iter().any(|t| t == RELATED);
    manager.asks.first().filter(|_| related).map(|ask| ask.column.clone())
}

/// What an access that runs a statement asks for and sets.
pub(super) fn tell(access: &mut Access, statement: &LibraryValue, given: &[Given]) {
    if access.kind != "table" {
        return;
    }
    access.keys = statement.asks.iter().filter(|a| a.fixed).map(|a| a.column.clone()).collect();
    access.bounded = statement.asks.iter().any(|a| a.bounds);
    access.highest = statement.highest.clone();
    match access.operation {
        Operation::Increment => access.columns = statement.sets.iter().map(|(column, _)| column.clone()).collect(),
        Operation::Update => {
            let mut sets = statement.sets.clone();
            if sets.is_empty() {
                let listed = given.iter().filter(|g| g.name.is_none()).flat_map(|g| set(None, &g.value.kind)).collect::<Vec<_>>();
                let named = given.iter().flat_map(|g| g.name.iter().flat_map(|name| set(Some(name), &g.value.kind)));
                sets = if listed.is_empty() { named.collect() } else { listed };
            }
            sets.extend(set(None, &statement.given));
            access.set_to(sets);
            if let Kind::Parameter(index) = &statement.given {
                access.given = Some(*index);
            }
            // It changes what its condition asks for: done twice, the second finds nothing.
            access.conditional |= statement.asks.iter().any(|a| access.columns.contains(&a.column));
        }
        Operation::Upsert => {
            access.keys.extend(statement.target_of_conflict.iter().cloned());
            access.set_to(statement.sets.clone());
        }
        Operation::Insert if access.columns.is_empty() => access.columns = columns_given(statement, given),
        Operation::Delete => access.conditional |= statement.asks.iter().any(|a| a.fixed),
        _ => {}
    }
}
