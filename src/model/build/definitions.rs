//! Where tables are defined: SQL scripts and texts, migrations in code, mapped classes; applied in their order.
//!
//! Migrations are numbered or chained, and some undo others: what undoes is left out, since it is not what runs. What tests
//! define is theirs alone. Which calls define what, and what the tools of migrations call things, packs say.

use super::Input;
use super::actors::is_aside;
use super::schema::{Filled, Schema};
use super::systems::globs;
use crate::facts::{Arg, ClassId, ExprId, ExprKind, Name, Stmt, StmtKind};
use crate::knowledge::vocabulary::{Defines, MigrationRow, SchemaRow};
use crate::link::{ClassRef, FunctionRef, Kind, argument, last_name};
use crate::source::{FileId, Site, Span};
use crate::sql::{Dialect, SqlText};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Ordering;

/// Longer texts hold no definition of a table.
const LONGEST: usize = 64 * 1024;

/// Every definition of the project, applied.
pub(super) fn schema(input: &Input) -> Schema {
    let mut reader = Reader::new(input);
    reader.scripts();
    reader.modules();
    reader.classes();
    reader.schema
}

struct Reader<'i, 'a, 'p, 'k> {
    input: &'i Input<'a, 'p, 'k>,
    schema: Schema,
    rows: FxHashMap<&'i str, &'i SchemaRow>,
    migrations: Vec<&'i MigrationRow>,
}

impl<'i, 'a, 'p, 'k> Reader<'i, 'a, 'p, 'k> {
    fn new(input: &'i Input<'a, 'p, 'k>) -> Self {
        let knowledge = input.effects.program.knowledge;
        let mut rows = FxHashMap::default();
        for row in knowledge.schema_rows() {
            rows.extend(row.name.iter().map(|name| (name.as_str(), row)));
        }
        Reader { input, schema: Schema::default(), rows, migrations: knowledge.migrations().collect() }
    }

    /// SQL scripts, by their numbers.
    fn scripts(&mut self) {
        let input = self.input;
        let undo = globs(&self.migrations.iter().flat_map(|m| m.undo.clone()).collect::<Vec<_>>());
        let path = |file: FileId| input.files[file.index()].path.as_str();
        let mut scripts: Vec<&(FileId, Vec<crate::sql::Statement>)> = input.scripts.iter().collect();
        scripts.retain(|(file, _)| !undo.is_match(path(*file)) && !is_test(path(*file)));
        scripts.sort_by(|a, b| natural(path(a.0), path(b.0)));
        for (file, statements) in scripts {
            let text = &input.files[file.index()].text;
            let marks = self.migrations.iter().flat_map(|m| &m.undo_after);
            let end = marks.filter_map(|mark| text.find(mark.as_str())).min().unwrap_or(text.len());
            for statement in statements.iter().filter(|s| s.start < end) {
                let site = Site { file: *file, span: Span::new(statement.start as u32, statement.end as u32) };
                self.schema.apply(statement, site);
            }
        }
    }

    /// DDL in texts, and calls of code that define tables; migrations in their order.
    fn modules(&mut self) {
        let program = self.input.effects.program;
        let mut order: Vec<u32> = (0..program.modules.len() as u32).filter(|m| !is_test(&program.modules[*m as usize].path)).collect();
        order.sort_by(|a, b| natural(&program.modules[*a as usize].path, &program.modules[*b as usize].path));
        let depths = self.depths(&order);
        order.sort_by_key(|module| depths.get(module).copied().unwrap_or(0));
        for module in order {
            self.module(module);
        }
    }

    /// How many migrations come before each one of a chain.
    fn depths(&self, modules: &[u32]) -> FxHashMap<u32, usize> {
        let program = self.input.effects.program;
        let mut of: FxHashMap<String, (u32, Vec<String>)> = FxHashMap::default();
        for row in &self.migrations {
            let (Some(revision), Some(after)) = (&row.revision, &row.after) else { continue };
            for module in modules {
                let texts = |name: &str| match program.module_member(*module, name) {
                    Kind::List(items) => items.iter().filter_map(|i| i.as_text().map(str::to_string)).collect(),
                    kind => kind.as_text().map(str::to_string).into_iter().collect::<Vec<_>>(),
                };
                if let Some(id) = texts(revision).pop() {
                    of.insert(id, (*module, texts(after)));
                }
            }
        }
        let mut depths: FxHashMap<u32, usize> = FxHashMap::default();
        for (module, before) in of.values() {
            // A chain that leads back into itself ends where everything has been seen.
            let mut seen: FxHashSet<&str> = FxHashSet::default();
            let mut pending: Vec<&str> = before.iter().map(String::as_str).collect();
            while let Some(id) = pending.pop() {
                if seen.insert(id) {
                    pending.extend(of.get(id).into_iter().flat_map(|(_, before)| before.iter().map(String::as_str)));
                }
            }
            depths.insert(*module, seen.len());
        }
        depths
    }

    fn module(&mut self, module: u32) {
        let program = self.input.effects.program;
        let facts = program.facts(module);
        let undoing: Vec<Span> = facts
            .functions
            .iter()
            .filter(|f| self.migrations.iter().any(|m| m.undo_functions.iter().any(|n| f.name == n.as_str())))
            .map(|f| f.span)
            .collect();
        let undone = |span: Span| undoing.iter().any(|u| u.contains(span));
        let mut calls: Vec<ExprId> = Vec::new();
        for (index, expr) in facts.exprs.iter().enumerate() {
            match &expr.kind {
                ExprKind::Str(text) if !undone(expr.span) => self.text(text, facts_file(self.input, module), expr.span),
                ExprKind::Call { .. } if !undone(expr.span) => calls.push(ExprId(index as u32)),
                _ => {}
            }
        }
        if self.imports_rows(module) {
            calls.sort_by_key(|c| facts.expr(*c).span);
            let batches = self.batches(module);
            for call in calls {
                self.call(module, call, None, &batches);
            }
        }
    }

    /// Whether a module imports anything that rows speak about, so that its calls are worth resolving.
    fn imports_rows(&self, module: u32) -> bool {
        let root = |name: &str| name.split('.').next().unwrap_or("").to_string();
        let roots: FxHashSet<String> = self.rows.keys().map(|name| root(name)).collect();
        self.input.effects.program.facts(module).imports.iter().any(|i| roots.contains(&root(&i.module)))
    }

    fn text(&mut self, text: &Name, file: FileId, span: Span) {
        let start = text.trim_start();
        let defines =
            ["create", "alter", "CREATE", "ALTER", "Create"].iter().any(|w| start.starts_with(w)) || text.contains("CREATE TABLE");
        if defines && text.len() < LONGEST {
            for statement in crate::sql::parse(&SqlText::plain(text.as_str()), Dialect::Generic) {
                self.schema.apply(&statement, Site { file, span });
            }
        }
    }

    /// `with op.batch_alter_table("t") as batch:`: the variable, where it holds, the table, and whose rows speak about its methods.
    fn batches(&self, module: u32) -> Vec<Batch<'i>> {
        let program = self.input.effects.program;
        let facts = program.facts(module);
        let mut found = Vec::new();
        for Stmt { kind, span, .. } in &facts.stmts {
            let StmtKind::Guarded { items, .. } = kind else { continue };
            for item in items {
                let Some(variable) = item.target.and_then(|t| last_name(facts, t)) else { continue };
                let Some((row, args)) = self.row(module, item.context, &[]) else { continue };
                let table = row.table.as_deref().and_then(|p| argument(p, &args)).and_then(Kind::as_text);
                if let (Some(methods), Some(table)) = (row.methods.as_deref(), table) {
                    found.push(Batch { variable: variable.to_string(), span: *span, table: table.to_string(), methods });
                }
            }
        }
        found
    }

    /// The row of a call, with what it is given.
    fn row(&self, module: u32, call: ExprId, batches: &[Batch<'i>]) -> Option<(&'i SchemaRow, crate::link::Args<Kind>)> {
        let program = self.input.effects.program;
        let facts = program.facts(module);
        let ExprKind::Call { callee, args } = &facts.expr(call).kind else { return None };
        let at = program.enclosing(module, call);
        let row = match &facts.expr(*callee).kind {
            ExprKind::Attr { base, name } if batch(batches, facts.expr(call).span, last_name(facts, *base)).is_some() => {
                let methods = batch(batches, facts.expr(call).span, last_name(facts, *base))?.methods;
                *self.rows.get(format!("{methods}.{name}").as_str())?
            }
            _ => match program.infer(at, *callee) {
                Kind::External(name) => *self.rows.get(name.as_str())?,
                _ => return None,
            },
        };
        Some((row, given(program, at, args)))
    }

    /// What a call defines; inside the definition of a table, of that table.
    fn call(&mut self, module: u32, call: ExprId, table: Option<&str>, batches: &[Batch<'i>]) {
        let program = self.input.effects.program;
        let facts = program.facts(module);
        let Some((row, args)) = self.row(module, call, batches) else { return };
        let site = program.site(module, facts.expr(call).span);
        let ExprKind::Call { callee, .. } = &facts.expr(call).kind else { return };
        let batch = match &facts.expr(*callee).kind {
            ExprKind::Attr { base, .. } => batch(batches, facts.expr(call).span, last_name(facts, *base)).map(|b| b.table.clone()),
            _ => None,
        };
        let text = |place: &Option<String>| place.as_deref().and_then(|p| argument(p, &args)).and_then(|k| k.as_text().map(str::to_string));
        let name = text(&row.key_name);
        let Some(table) = text(&row.table).or(batch).or(table.map(str::to_string)) else {
            if row.does == Defines::DropKey {
                self.schema.drop_key(None, &name.unwrap_or_default());
            }
            return;
        };
        let is_true = |place: &Option<String>| place.as_deref().and_then(|p| argument(p, &args)).is_some_and(|k| *k == Kind::Bool(true));
        match row.does {
            Defines::Table => {
                self.schema.create(&table, site);
                self.inside(module, call, &table, batches);
            }
            // A column added on its own: its call stands among the arguments.
            Defines::AddColumn => self.inside(module, call, &table, batches),
            Defines::Column => self.column(&table, &text(&row.columns).unwrap_or_default(), row, &args, site),
            Defines::Unique if row.partial.iter().all(|p| argument(p, &args).is_none_or(|k| *k == Kind::Null)) => {
                if row.unique.is_none() || is_true(&row.unique) {
                    let columns = columns(row, &args);
                    if columns.iter().any(|column| column.contains('(')) {
                        // `Index("one", text("(true)"), unique=True)`: expressions of SQL.
                        let (name, parts) = (name.unwrap_or_default(), columns.join(", "));
                        for statement in
                            crate::sql::parse(&SqlText::plain(format!("CREATE UNIQUE INDEX {name} ON {table} ({parts})")), Dialect::Generic)
                        {
                            self.schema.apply(&statement, site);
                        }
                    } else if !columns.is_empty() {
                        self.schema.unique(&table, columns, name, site);
                    }
                }
            }
            Defines::DropTable => self.schema.drop_table(&table),
            Defines::DropKey => self.schema.drop_key(Some(&table), &name.unwrap_or_default()),
            Defines::Unique | Defines::Batch => {}
        }
    }

    /// The definitions among the arguments of a call.
    fn inside(&mut self, module: u32, call: ExprId, table: &str, batches: &[Batch<'i>]) {
        let facts = self.input.effects.program.facts(module);
        let mut pending = facts.expr(call).kind.children();
        let mut calls: Vec<ExprId> = Vec::new();
        while let Some(expr) = pending.pop() {
            let kind = &facts.expr(expr).kind;
            match kind {
                ExprKind::Call { .. } => calls.push(expr),
                _ => pending.extend(kind.children()),
            }
        }
        calls.sort_by_key(|c| facts.expr(*c).span);
        for nested in calls {
            let wanted = self.row(module, nested, batches).is_some_and(|(row, _)| matches!(row.does, Defines::Column | Defines::Unique));
            if wanted {
                self.call(module, nested, Some(table), batches);
            }
        }
    }

    fn column(&mut self, table: &str, column: &str, row: &SchemaRow, args: &[(Option<Name>, Kind)], site: Site) {
        let flag = |place: &Option<String>| place.as_deref().and_then(|p| argument(p, args)).is_some_and(|k| *k == Kind::Bool(true));
        if column.is_empty() {
            return;
        }
        if flag(&row.primary) {
            let defaults = row.generated.iter().filter_map(|place| Some((place.as_str(), argument(place, args)?.clone())));
            let integer = args.iter().any(|(_, k)| self.is_generated_type(k));
            self.schema.primary(table, column, self.filled(defaults, integer), site);
        } else if flag(&row.unique) {
            self.schema.unique(table, vec![column.to_string()], None, site);
        }
    }

    /// What a column of a primary key is filled with where nobody gives it, by the defaults that it has. One that is a constant, at
    /// least for the database, is the same for all: it stands beside what tells rows apart.
    fn filled<'n>(&self, defaults: impl Iterator<Item = (&'n str, Kind)>, integer: bool) -> Filled {
        let numbers = |name: &str| name == "autoincrement";
        let defaults: Vec<(&str, Kind)> = defaults.filter(|(_, default)| *default != Kind::Null).collect();
        if let Some((_, numbered)) = defaults.iter().find(|(name, _)| numbers(name)) {
            return if *numbered == Kind::Bool(false) { Filled::Alike } else { Filled::Anew };
        }
        let constant = |(_, default): &(&str, Kind)| {
            let plain = default.as_text().is_some_and(|text| !text.contains('('));
            plain || matches!(default, Kind::Int(_) | Kind::Float(_) | Kind::Bool(_))
        };
        match () {
            () if defaults.is_empty() && integer => Filled::Numbered,
            () if defaults.is_empty() || defaults.iter().any(constant) => Filled::Alike,
            () => Filled::Anew,
        }
    }

    /// Types whose primary keys databases number themselves.
    fn is_generated_type(&self, kind: &Kind) -> bool {
        let name = match kind {
            Kind::External(name) => name.as_str(),
            _ => return false,
        };
        matches!(name.rsplit('.').next(), Some("Integer" | "BigInteger" | "SmallInteger"))
    }

    /// Mapped classes: flags of fields, and constraints of the class or of its `Meta`.
    fn classes(&mut self) {
        let program = self.input.effects.program;
        for class in program.all_classes() {
            if is_test(&program.modules[class.module as usize].path) {
                continue;
            }
            // What a type of Rust says of its columns says nothing of keys.
            if let Some(table) = program.table_of(class).filter(|_| !program.is_plain(class)) {
                self.schema.table(&table);
                for owner in program.ancestors(class) {
                    self.mapped(owner, &table);
                    for nested in nested_classes(self.input, owner) {
                        let name = &program.class(nested).name;
                        if self.migrations.iter().any(|m| m.inside.iter().any(|inside| name == inside.as_str())) {
                            self.mapped(nested, &table);
                        }
                    }
                }
            }
        }
    }

    /// `Column(…, primary_key=True)`, `unique=True`, constraints, `unique_together`.
    fn mapped(&mut self, class: ClassRef, table: &str) {
        let program = self.input.effects.program;
        let facts = program.facts(class.module);
        let at = FunctionRef { module: class.module, function: program.class(class).parent };
        for stmt in &program.class(class).body {
            let StmtKind::Assign { targets, value: Some(value), annotation } = &facts.stmt(*stmt).kind else { continue };
            let Some(field) = targets.first().and_then(|t| last_name(facts, *t)) else { continue };
            let numbered = annotation.is_some_and(|annotation| is_number(facts, annotation));
            let site = program.site(class.module, facts.stmt(*stmt).span);
            let listed = |lists: &dyn Fn(&MigrationRow) -> bool| self.migrations.iter().any(|m| lists(m));
            let pairs = listed(&|m| m.indexed.iter().any(|t| field == t.as_str()));
            if pairs || listed(&|m| m.together.iter().any(|t| field == t.as_str())) {
                for columns in together(&program.infer(at, *value), pairs) {
                    self.schema.unique(table, columns, None, site);
                }
                continue;
            }
            let mut pending = vec![*value];
            while let Some(expr) = pending.pop() {
                let kind = &facts.expr(expr).kind;
                if let ExprKind::Call { args, .. } = kind {
                    match self.row(class.module, expr, &[]) {
                        Some((row, _)) if row.does == Defines::Unique => {
                            self.call(class.module, expr, Some(table), &[]);
                            continue;
                        }
                        Some((row, args)) if row.does == Defines::Column && (row.unique_always || row.primary.is_some()) => {
                            if row.unique_always {
                                self.schema.unique(table, vec![field.to_string()], None, site);
                            }
                            let named = row.columns.as_deref().and_then(|p| argument(p, &args)).and_then(Kind::as_text);
                            self.field(table, (named.unwrap_or(field), numbered), at, args_of(kind), site);
                            continue;
                        }
                        _ => self.field(table, (field, numbered), at, args, site),
                    }
                }
                pending.extend(kind.children());
            }
        }
    }

    /// A field's flags, whatever makes it; whether it is declared to be a number, which databases count on.
    fn field(&mut self, table: &str, (column, numbered): (&str, bool), at: FunctionRef, args: &[Arg], site: Site) {
        let program = self.input.effects.program;
        let facts = program.facts(at.module);
        let flag =
            |word: &str| args.iter().any(|a| a.name.as_deref() == Some(word) && matches!(facts.expr(a.value).kind, ExprKind::Bool(true)));
        if flag("primary_key") || flag("pk") {
            let filling = args.iter().filter_map(|a| Some((a.name.as_deref()?, a.value)));
            let filling = filling.filter(|(name, _)| matches!(*name, "default" | "default_factory" | "server_default" | "autoincrement"));
            let integer = args.iter().any(|a| last_name(facts, a.value).is_some_and(|n| n == "Integer" || n == "BigInteger"));
            let filled = match flag("pk") {
                true => Filled::Anew,
                false => self.filled(filling.map(|(name, value)| (name, program.infer(at, value))), integer || numbered),
            };
            self.schema.primary(table, column, filled, site);
        } else if flag("unique") {
            self.schema.unique(table, vec![column.to_string()], None, site);
        }
    }
}

/// A variable that stands for a table while its block runs.
struct Batch<'i> {
    variable: String,
    span: Span,
    table: String,
    methods: &'i str,
}

fn batch<'b, 'i>(batches: &'b [Batch<'i>], span: Span, variable: Option<&Name>) -> Option<&'b Batch<'i>> {
    batches.iter().find(|b| b.span.contains(span) && variable.is_some_and(|v| *v == b.variable.as_str()))
}

/// `int`, `Mapped[int]`, `int | None`.
fn is_number(facts: &crate::facts::FileFacts, annotation: ExprId) -> bool {
    let kind = &facts.expr(annotation).kind;
    matches!(kind, ExprKind::Name(name) if name == "int") || kind.children().into_iter().any(|child| is_number(facts, child))
}

fn args_of(kind: &ExprKind) -> &[Arg] {
    match kind {
        ExprKind::Call { args, .. } => args,
        _ => &[],
    }
}

fn given(program: &crate::link::Program, at: FunctionRef, args: &[Arg]) -> Vec<(Option<Name>, Kind)> {
    args.iter().filter(|a| a.spread == 0).map(|a| (a.name.clone(), program.infer(at, a.value))).collect()
}

/// The columns a row names: a list, or all texts among the arguments.
fn columns(row: &SchemaRow, args: &[(Option<Name>, Kind)]) -> Vec<String> {
    let text = |kind: &Kind| kind.as_text().map(str::to_string);
    match row.columns.as_deref() {
        Some("*") | None => args.iter().filter(|(name, _)| name.is_none()).filter_map(|(_, k)| text(k)).skip(row.skip as usize).collect(),
        Some(place) => match argument(place, args) {
            Some(Kind::List(items)) => {
                let all: Vec<String> = items.iter().filter_map(text).collect();
                if all.len() == items.len() { all } else { Vec::new() }
            }
            Some(kind) => text(kind).into_iter().collect(),
            None => Vec::new(),
        },
    }
}

/// `("a", "b")`, `[("a", "b"), ("c",)]`, `((("a", "b"), True),)`: sets of columns.
fn together(kind: &Kind, pairs: bool) -> Vec<Vec<String>> {
    let Kind::List(items) = kind else { return Vec::new() };
    let texts = |items: &[Kind]| -> Option<Vec<String>> { items.iter().map(|i| i.as_text().map(str::to_string)).collect() };
    if let Some(one) = texts(items).filter(|t| !t.is_empty() && !pairs) {
        return vec![one];
    }
    let set = |item: &Kind| match item {
        Kind::List(parts) => match (texts(parts), parts.as_slice()) {
            (Some(columns), _) if !pairs => Some(columns),
            (None, [Kind::List(columns), Kind::Bool(true)]) if pairs => texts(columns),
            _ => None,
        },
        _ => None,
    };
    items.iter().filter_map(set).filter(|c| !c.is_empty()).collect()
}

fn nested_classes(input: &Input, class: ClassRef) -> Vec<ClassRef> {
    let program = input.effects.program;
    let facts = program.facts(class.module);
    let defined = |stmt: &crate::facts::StmtId| match facts.stmt(*stmt).kind {
        StmtKind::DefineClass(id) => Some(id),
        _ => None,
    };
    let ids: Vec<ClassId> = program.class(class).body.iter().filter_map(defined).collect();
    ids.into_iter().map(|id| ClassRef { module: class.module, class: id }).collect()
}

fn facts_file(input: &Input, module: u32) -> FileId {
    input.effects.program.modules[module as usize].file
}

/// Whether a file belongs to tests; migrations and seeds define tables for all.
fn is_test(path: &str) -> bool {
    is_aside(path) && path.split('/').any(|part| part.contains("test") || part == "fixtures" || part == "docs" || part == "benchmarks")
}

/// Paths by their numbers: `V2__a` before `V10__b`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (x, y) = (digits(a), digits(b));
        if x > 0 && y > 0 {
            let (m, n) = (a[..x].trim_start_matches('0'), b[..y].trim_start_matches('0'));
            let order = m.len().cmp(&n.len()).then_with(|| m.cmp(n));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (&a[x..], &b[y..]);
            continue;
        }
        match (a.chars().next(), b.chars().next()) {
            (Some(c), Some(d)) if c == d => (a, b) = (&a[c.len_utf8()..], &b[d.len_utf8()..]),
            (c, d) => return c.cmp(&d),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_order_paths() {
        let mut paths = ["V10__b.sql", "V2__a.sql", "V1__z.sql", "V1.1__y.sql", "é2", "é10", "007", "7"];
        paths.sort_by(|a, b| natural(a, b));
        assert_eq!(paths, ["007", "7", "V1.1__y.sql", "V1__z.sql", "V2__a.sql", "V10__b.sql", "é2", "é10"]);
    }
}
