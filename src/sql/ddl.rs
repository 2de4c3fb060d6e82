//! CREATE TABLE, CREATE INDEX, CREATE VIEW, ALTER TABLE, read item by item: one column nobody understands does not
//! lose the keys beside it.

use super::dispatch::{Origin, statement};
use super::name::{Name, TableRef};
use super::routine;
use super::statement::{Placeholder, Statement};
use super::table::{Change, Column, IndexDefinition, Reference, TableDefinition};
use super::text::Dialect;
use super::token::{Kind, Token, closing, dotted, find_words, split_commas, words_at};
use super::verb::Verb;

/// Words between CREATE and what is created.
const BEFORE: &[&str] = &[
    "or",
    "replace",
    "alter",
    "global",
    "local",
    "temp",
    "temporary",
    "unlogged",
    "external",
    "foreign",
    "virtual",
    "materialized",
    "recursive",
    "constraint",
    "unique",
    "clustered",
    "nonclustered",
    "fulltext",
    "spatial",
    "transient",
    "multiset",
    "definer",
    "editionable",
    "aggregate",
    "invoker",
    "sql",
    "security",
    "force",
];

/// Reads a statement of this kind; `None` for others.
pub(super) fn read(tokens: &[Token], table: &[Placeholder], origin: Origin) -> Option<Statement> {
    if words_at(tokens, 0, &["alter", "table"]) {
        return alter(tokens, table, origin);
    }
    if !tokens.first()?.is_any(&["create", "alter"]) {
        return None;
    }
    let kinds = ["table", "index", "view", "function", "procedure", "proc", "trigger", "event"];
    let what = tokens.iter().take(20).position(|t| t.is_any(&kinds));
    let Some(what) = what.filter(|_| tokens.first().is_some_and(|t| t.is("create")) || is_routine(tokens)) else {
        return Some(Statement::new(Verb::Other));
    };
    let before = &tokens[1..what];
    let definer = before.iter().any(|t| t.is("definer"));
    if !definer && !before.iter().all(|t| t.is_any(BEFORE)) {
        return Some(Statement::new(Verb::Other));
    }
    let mut at = what + 1;
    while tokens.get(at).is_some_and(|t| t.is_any(&["if", "not", "exists", "concurrently"])) {
        at += 1;
    }
    let kind = tokens.get(what)?;
    match () {
        () if kind.is("table") => create_table(tokens, what, at, table, origin),
        () if kind.is("index") => create_index(tokens, what, at, table),
        () if kind.is("view") => {
            let (name, next) = dotted(tokens, at, table)?;
            let mut out = Statement::new(Verb::CreateView);
            out.table = Some(name);
            if let Some(query) = find_words(tokens, next, &["as"]) {
                add_query(&tokens[query + 1..], table, origin, &mut out);
            }
            Some(out)
        }
        () => routine::create(tokens, what, at, table, origin),
    }
}

/// SQL Server's ALTER PROCEDURE gives the whole body anew.
fn is_routine(tokens: &[Token]) -> bool {
    tokens.get(1).is_some_and(|t| t.is_any(&["function", "procedure", "proc", "trigger"]))
}

/// Adds what a query inside a definition reads.
fn add_query(tokens: &[Token], table: &[Placeholder], origin: Origin, out: &mut Statement) {
    if let Some(query) = statement(tokens, Origin { params: table, ..origin }).into_iter().next() {
        out.reads = query.reads;
        out.functions = query.functions;
    }
}

fn create_table(tokens: &[Token], what: usize, at: usize, table: &[Placeholder], origin: Origin) -> Option<Statement> {
    let (name, next) = dotted(tokens, at, table)?;
    let mut definition = TableDefinition {
        if_not_exists: at > what + 1,
        temporary: tokens[1..what].iter().any(|t| t.is_any(&["temp", "temporary"]))
            || name.name.known().is_some_and(|name| name.starts_with('#')),
        ..TableDefinition::default()
    };
    let mut out = Statement::new(Verb::Other);
    let mut rest = next;
    let opens = tokens.get(next).is_some_and(|t| t.punct('('));
    if opens && !tokens.get(next + 1).is_some_and(|t| t.is_any(&["select", "with"])) {
        let end = closing(tokens, next).unwrap_or(tokens.len());
        for item in split_commas(tokens.get(next + 1..end).unwrap_or_default()) {
            table_item(item, table, origin.dialect, &mut definition);
        }
        rest = (end + 1).min(tokens.len());
    }
    if let Some(query) = tokens[rest..].iter().position(|t| t.is_any(&["select", "with", "values"]))
        && (tokens[rest..rest + query].iter().any(|t| t.is("as") || t.punct('(')) || query == 0)
        && !words_at(tokens, rest + query, &["with", "("])
        && !tokens.get(rest + query + 1).is_some_and(|t| t.punct('(') && !tokens[rest + query].is("select"))
    {
        definition.as_select = true;
        add_query(&tokens[rest + query..], table, origin, &mut out);
    }
    out.table = Some(name);
    out.verb = Verb::CreateTable(definition);
    Some(out)
}

/// One item between the parentheses of CREATE TABLE.
fn table_item(item: &[Token], table: &[Placeholder], dialect: Dialect, definition: &mut TableDefinition) {
    match constraint(item, table) {
        Some(Constraint::Unique { columns, primary_key }) => {
            if primary_key && let [only] = columns.as_slice() {
                let key = definition.columns.iter_mut().find(|column| column.name == *only);
                if let Some(column) = key {
                    (column.primary_key, column.unique, column.nullable) = (true, true, false);
                    column.default_generated |= is_rowid(&column.type_name, dialect);
                }
            }
            definition.unique_keys.push(columns);
        }
        Some(Constraint::Reference { columns, reference }) => {
            if let [only] = columns.as_slice()
                && let Some(column) = definition.columns.iter_mut().find(|column| column.name == *only)
            {
                column.references = Some(reference.clone());
            }
            definition.references.push((columns, reference));
        }
        Some(Constraint::Other) => {}
        None => {
            let Some(column) = column(item, table, dialect) else { return };
            if column.unique {
                definition.unique_keys.push(vec![column.name.clone()]);
            }
            definition.columns.push(column);
        }
    }
}

enum Constraint {
    Unique { columns: Vec<String>, primary_key: bool },
    Reference { columns: Vec<String>, reference: Reference },
    Other,
}

/// A table constraint; `None`: it is a column.
fn constraint(item: &[Token], table: &[Placeholder]) -> Option<Constraint> {
    let item = if item.first()?.is("constraint") { item.get(2..).unwrap_or_default() } else { item };
    let first = item.first()?;
    let next = item.get(1);
    let follows = |words: &[&str]| next.is_some_and(|t| t.is_any(words) || t.punct('('));
    if words_at(item, 0, &["primary", "key"])
        || (first.is("unique") && (follows(&["key", "index", "nulls", "clustered", "nonclustered"]) || item.iter().any(|t| t.punct('('))))
    {
        let columns = item.iter().position(|t| t.punct('(')).and_then(|open| key_columns(item, open));
        let primary_key = first.is("primary");
        return Some(match columns {
            Some(columns) => Constraint::Unique { columns, primary_key },
            None => Constraint::Other,
        });
    }
    if words_at(item, 0, &["foreign", "key"]) {
        let open = item.iter().position(|t| t.punct('('))?;
        let columns = key_columns(item, open).unwrap_or_default();
        let reference = find_words(item, 0, &["references"]).and_then(|at| reference(item, at, table));
        return Some(match reference {
            Some(reference) => Constraint::Reference { columns, reference },
            None => Constraint::Other,
        });
    }
    let other = first.is("check") && follows(&[])
        || first.is("exclude") && follows(&["using"])
        || first.is_any(&["index", "key", "fulltext", "spatial"]) && item.iter().any(|t| t.punct('(')) && !is_typed(item)
        || first.is("like")
        || first.is("period") && follows(&["for"]);
    other.then_some(Constraint::Other)
}

/// `key text NOT NULL`, `index varchar(9)`: a column with an unhappy name.
fn is_typed(item: &[Token]) -> bool {
    let types = ["text", "varchar", "char", "int", "integer", "bigint", "uuid", "numeric", "decimal", "nvarchar"];
    item.get(1).is_some_and(|t| t.is_any(&types))
}

/// The columns of a key; `None` where one is an expression.
fn key_columns(item: &[Token], open: usize) -> Option<Vec<String>> {
    let end = closing(item, open).unwrap_or(item.len());
    split_commas(item.get(open + 1..end)?).into_iter().map(key_column).collect()
}

/// `name`, `name DESC`, `name(10)`, `name text_ops`.
fn key_column(part: &[Token]) -> Option<String> {
    let name = part.first()?.name_text()?;
    match part.get(1) {
        Some(open) if open.punct('(') => matches!(part.get(2)?.kind, Kind::Number(_)).then_some(name),
        Some(next) if next.word().is_none() => None,
        _ => Some(name),
    }
}

/// The columns that an expression is made of: `coalesce(data, '{}'::jsonb)`.
fn columns_behind(part: &[Token]) -> Vec<String> {
    let is_column = |at: usize, token: &Token| {
        let called = part.get(at + 1).is_some_and(|next| next.punct('('));
        let cast = at > 0 && matches!(&part[at - 1].kind, Kind::Op(op) if op == "::");
        !called && !cast && !token.is_any(NO_COLUMNS)
    };
    part.iter().enumerate().filter(|(at, token)| is_column(*at, token)).filter_map(|(_, token)| token.name_text()).collect()
}

/// Words of an index's expression that are no columns.
const NO_COLUMNS: &[&str] = &["true", "false", "null", "asc", "desc", "nulls", "first", "last", "collate", "as", "and", "or", "not", "is"];

fn reference(item: &[Token], at: usize, table: &[Placeholder]) -> Option<Reference> {
    let (target, next) = dotted(item, at + 1, table)?;
    let columns = match item.get(next) {
        Some(open) if open.punct('(') => key_columns(item, next).unwrap_or_default(),
        _ => Vec::new(),
    };
    let delete_cascades = find_words(item, next, &["on", "delete", "cascade"]).is_some();
    Some(Reference { table: target, columns, delete_cascades })
}

/// Words that end a column's type.
const OPTIONS: &[&str] = &[
    "not",
    "null",
    "default",
    "primary",
    "unique",
    "references",
    "check",
    "constraint",
    "collate",
    "generated",
    "identity",
    "auto_increment",
    "autoincrement",
    "comment",
    "on",
    "key",
    "as",
    "stored",
    "invisible",
    "encode",
];

/// Functions that make a fresh value each time.
const FRESH: &[&str] = &[
    "gen_random_uuid",
    "uuid_generate_v1",
    "uuid_generate_v4",
    "uuid_generate_v7",
    "uuidv4",
    "uuidv7",
    "uuid",
    "nextval",
    "newid",
    "newsequentialid",
    "generateuuidv4",
    "unique_rowid",
    "randomblob",
    "generate_ulid",
];

fn column(item: &[Token], table: &[Placeholder], dialect: Dialect) -> Option<Column> {
    let name = item.first()?.name_text()?;
    let rest = &item[1..];
    let options = rest.iter().position(|t| t.is_any(OPTIONS)).unwrap_or(rest.len());
    let mut type_name = String::new();
    for token in &rest[..options] {
        match &token.kind {
            Kind::Word(text) | Kind::Quoted(text) => {
                if type_name.ends_with(|c: char| c.is_alphanumeric() || c == ')') {
                    type_name.push(' ');
                }
                type_name.push_str(&text.to_lowercase());
            }
            Kind::Number(text) => type_name.push_str(text),
            Kind::Punct(c) => type_name.push(*c),
            _ => {}
        }
    }
    let options = &rest[options..];
    let has = |words: &[&str]| find_words(options, 0, words).is_some();
    let primary_key = has(&["primary", "key"]);
    let default = find_words(options, 0, &["default"]);
    let fresh = default.is_some_and(|at| {
        let end = options.iter().skip(at + 1).position(|t| t.is_any(OPTIONS)).map_or(options.len(), |n| at + 1 + n);
        options[at..end].iter().any(|t| t.is_any(FRESH))
    });
    let generated = fresh
        || has(&["identity"])
        || has(&["auto_increment"])
        || has(&["autoincrement"])
        || type_name.contains("serial")
        || (primary_key && is_rowid(&type_name, dialect));
    Some(Column {
        name,
        nullable: !primary_key && !has(&["not", "null"]),
        default_generated: generated,
        has_default: default.is_some() || generated,
        primary_key,
        unique: primary_key || has(&["unique"]),
        references: find_words(options, 0, &["references"]).and_then(|at| reference(options, at, table)),
        type_name,
    })
}

/// SQLite fills in an INTEGER PRIMARY KEY by itself.
fn is_rowid(type_name: &str, dialect: Dialect) -> bool {
    type_name == "integer" && matches!(dialect, Dialect::Sqlite | Dialect::Generic)
}

fn create_index(tokens: &[Token], what: usize, at: usize, table: &[Placeholder]) -> Option<Statement> {
    let on = find_words(tokens, what, &["on"])?;
    let name = tokens.get(at).filter(|_| at < on).and_then(Token::name_text).map(|name| Name::decode(&name, table));
    let target = if tokens.get(on + 1)?.is("only") { on + 2 } else { on + 1 };
    let (target, next) = dotted(tokens, target, table)?;
    let open = tokens.iter().skip(next).position(|t| t.punct('(')).map(|n| next + n)?;
    let end = closing(tokens, open).unwrap_or(tokens.len());
    let parts = split_commas(tokens.get(open + 1..end)?);
    let columns: Vec<Option<String>> = parts.iter().map(|part| key_column(part)).collect();
    let expressions = parts.iter().zip(&columns).filter(|(_, column)| column.is_none()).map(|(part, _)| part);
    let mut out = Statement::new(Verb::CreateIndex(IndexDefinition {
        name,
        unique: tokens[..what].iter().any(|t| t.is("unique")),
        behind: expressions.flat_map(|part| columns_behind(part)).collect(),
        columns,
        where_clause: find_words(tokens, end, &["where"]).is_some(),
    }));
    out.table = Some(target);
    Some(out)
}

fn alter(tokens: &[Token], table: &[Placeholder], origin: Origin) -> Option<Statement> {
    let mut at = 2;
    while tokens.get(at).is_some_and(|t| t.is_any(&["if", "exists", "only"])) {
        at += 1;
    }
    let (target, next) = dotted(tokens, at, table)?;
    // ClickHouse: `ALTER TABLE t UPDATE a = 1 WHERE …`, `ALTER TABLE t DELETE WHERE …`.
    if let Some(verb) = tokens.get(next).filter(|t| t.is_any(&["update", "delete"])) {
        let mut write = vec![verb.clone()];
        if verb.is("delete") {
            write.push(verb.with(Kind::Word("from".into())));
        }
        write.extend_from_slice(&tokens[at..next]);
        if verb.is("update") {
            write.push(verb.with(Kind::Word("set".into())));
        }
        write.extend_from_slice(&tokens[next + 1..]);
        return statement(&write, Origin { params: table, ..origin }).into_iter().next();
    }
    let mut changes = Vec::new();
    for action in split_commas(tokens.get(next..).unwrap_or_default()) {
        change(action, table, origin.dialect, &mut changes);
    }
    let mut out = Statement::new(Verb::AlterTable(changes));
    out.table = Some(target);
    Some(out)
}

/// One action of ALTER TABLE.
fn change(action: &[Token], table: &[Placeholder], dialect: Dialect, out: &mut Vec<Change>) {
    let action = if words_at(action, 0, &["with"]) { action.get(2..).unwrap_or_default() } else { action };
    let Some(first) = action.first() else { return };
    let mut rest = &action[1..];
    let name_at = |tokens: &[Token], at: usize| tokens.get(at).and_then(Token::name_text);
    let constrained = rest.first().is_some_and(|t| t.is_any(&["constraint", "index", "key"]));
    let named = rest.first().is_some_and(|t| t.is("constraint")).then(|| name_at(rest, 1)).flatten();
    while rest.first().is_some_and(|t| t.is_any(&["column", "if", "not", "exists"])) {
        rest = &rest[1..];
    }
    let found = if first.is("add") {
        match constraint(rest, table) {
            Some(Constraint::Unique { columns, primary_key }) => Some(Change::AddUnique { name: named, columns, primary_key }),
            Some(Constraint::Reference { columns, reference }) => Some(Change::AddReference { columns, reference }),
            Some(Constraint::Other) => None,
            None if rest.first().is_some_and(|t| t.punct('(')) => {
                let end = closing(rest, 0).unwrap_or(rest.len());
                let items = split_commas(rest.get(1..end).unwrap_or_default());
                out.extend(items.into_iter().filter_map(|item| column(item, table, dialect)).map(Change::AddColumn));
                return;
            }
            None => column(rest, table, dialect).map(Change::AddColumn),
        }
    } else if first.is("drop") {
        match () {
            () if words_at(rest, 0, &["primary", "key"]) => Some(Change::DropPrimaryKey),
            () if constrained => {
                let words = ["constraint", "index", "key", "if", "exists"];
                rest.iter().find(|t| !t.is_any(&words)).and_then(Token::name_text).map(Change::DropConstraint)
            }
            () => name_at(rest, 0).map(Change::DropColumn),
        }
    } else if first.is("rename") {
        match find_words(rest, 0, &["to"]) {
            Some(0) => dotted(rest, 1, table).map(|(name, _): (TableRef, usize)| Change::RenameTable(name.name)),
            Some(to) if !constrained => {
                name_at(rest, to.saturating_sub(1)).zip(name_at(rest, to + 1)).map(|(from, to)| Change::RenameColumn { from, to })
            }
            _ => None,
        }
    } else if first.is("modify") {
        column(rest, table, dialect).map(|column| Change::ModifyColumn { name: column.name.clone(), column })
    } else if first.is("change") {
        let before = name_at(rest, 0);
        let after = column(rest.get(1..).unwrap_or_default(), table, dialect);
        before.zip(after).map(|(name, column)| Change::ModifyColumn { name, column })
    } else {
        None
    };
    out.push(found.unwrap_or(Change::Other));
}
