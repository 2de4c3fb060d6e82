//! Tables and their unique keys: from SQL files, DDL strings and mapped classes.

use super::Input;
use crate::facts::{ExprKind, Name, StmtKind};
use crate::link::{ClassRef, FunctionRef, last_name};
use crate::source::{FileId, Site, Span};
use crate::sql::{Change, Dialect, SqlText, Statement, Verb};
use rustc_hash::FxHashMap;

/// What is known of tables.
#[derive(Default)]
pub(super) struct Schema {
    tables: FxHashMap<String, Table>,
}

#[derive(Default)]
struct Table {
    /// Unique sets of columns, with the place that says so; keys made by the database are left out.
    keys: Vec<(Vec<String>, Site)>,
    generated: Vec<String>,
}

impl Schema {
    /// Read definitions wherever they stand; their order is that of the files, as migrations are numbered.
    pub fn read(input: &Input) -> Schema {
        let mut schema = Schema::default();
        for (file, statements) in input.scripts {
            for statement in statements {
                let site = Site { file: *file, span: Span::new(statement.start as u32, statement.end as u32) };
                schema.apply(statement, site);
            }
        }
        let program = input.effects.program;
        for module in &program.modules {
            for expr in &module.facts.exprs {
                if let ExprKind::Str(text) = &expr.kind {
                    schema.text(text, module.file, expr.span);
                }
            }
        }
        for class in program.all_classes() {
            if let Some(table) = program.table_of(class) {
                schema.mapped(input, class, &table);
            }
        }
        schema
    }

    fn text(&mut self, text: &Name, file: FileId, span: Span) {
        let start = text.trim_start();
        let defines =
            ["create", "alter", "CREATE", "ALTER", "Create"].iter().any(|w| start.starts_with(w)) || text.contains("CREATE TABLE");
        if defines && text.len() < 64 * 1024 {
            for statement in crate::sql::parse(&SqlText::plain(text.as_str()), Dialect::Generic) {
                self.apply(&statement, Site { file, span });
            }
        }
    }

    fn apply(&mut self, statement: &Statement, site: Site) {
        let Some(name) = statement.table.as_ref().map(|t| t.display()) else { return };
        match &statement.verb {
            Verb::CreateTable(definition) => {
                let table = self.tables.entry(name).or_default();
                table.generated.extend(definition.columns.iter().filter(|c| c.default_generated).map(|c| c.name.clone()));
                table.keys.extend(definition.unique_keys.iter().map(|k| (k.clone(), site)));
            }
            Verb::CreateIndex(index) if index.unique && !index.where_clause => {
                let columns: Option<Vec<String>> = index.columns.iter().cloned().collect();
                if let Some(columns) = columns {
                    self.tables.entry(name).or_default().keys.push((columns, site));
                }
            }
            Verb::AlterTable(changes) => {
                for change in changes {
                    if let Change::AddUnique { columns, .. } = change {
                        self.tables.entry(name.clone()).or_default().keys.push((columns.clone(), site));
                    }
                }
            }
            Verb::DropTable => {
                self.tables.remove(&name);
            }
            _ => {}
        }
    }

    /// `Column(…, primary_key=True)`, `unique=True`, `UniqueConstraint("a", "b")`, `unique_together`.
    fn mapped(&mut self, input: &Input, class: ClassRef, table: &str) {
        let program = input.effects.program;
        let facts = program.facts(class.module);
        let at = FunctionRef { module: class.module, function: program.class(class).parent };
        for stmt in &program.class(class).body {
            let StmtKind::Assign { targets, value: Some(value), .. } = &facts.stmt(*stmt).kind else { continue };
            let Some(column) = targets.first().and_then(|t| last_name(facts, *t)) else { continue };
            let site = program.site(class.module, facts.stmt(*stmt).span);
            let mut pending = vec![*value];
            while let Some(expr) = pending.pop() {
                let kind = &facts.expr(expr).kind;
                if let ExprKind::Call { callee, args } = kind {
                    let name = last_name(facts, *callee).map_or("", Name::as_str);
                    let flag = |word: &str| {
                        args.iter().any(|a| a.name.as_deref() == Some(word) && matches!(facts.expr(a.value).kind, ExprKind::Bool(true)))
                    };
                    let entry = self.tables.entry(table.to_string()).or_default();
                    if name.contains("UniqueConstraint") || (name == "Index" && flag("unique")) {
                        let columns: Vec<String> = args
                            .iter()
                            .filter(|a| a.name.is_none())
                            .filter_map(|a| program.infer(at, a.value).as_text().map(str::to_string))
                            .skip(usize::from(name == "Index"))
                            .collect();
                        if !columns.is_empty() {
                            entry.keys.push((columns, site));
                        }
                    } else if flag("primary_key") || flag("unique") {
                        entry.keys.push((vec![column.to_string()], site));
                        let made = args
                            .iter()
                            .any(|a| matches!(a.name.as_deref(), Some("default" | "default_factory" | "server_default" | "autoincrement")));
                        let integer = args.iter().any(|a| last_name(facts, a.value).is_some_and(|n| n == "Integer" || n == "BigInteger"));
                        if flag("primary_key") && (made || integer) {
                            entry.generated.push(column.to_string());
                        }
                    }
                }
                pending.extend(kind.children());
            }
        }
    }

    /// Whether a table has a unique key over columns that an insert fills in, and where; `Some(None)` never comes.
    pub fn unique(&self, table: &str, inserted: &[Name]) -> Option<Option<Site>> {
        let table = self.tables.get(table)?;
        let given =
            |column: &String| !table.generated.contains(column) && (inserted.is_empty() || inserted.iter().any(|c| c == column.as_str()));
        table.keys.iter().find(|(columns, _)| !columns.is_empty() && columns.iter().all(given)).map(|(_, site)| Some(*site))
    }
}
