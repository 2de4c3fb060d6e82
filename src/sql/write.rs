//! Trees of INSERT, UPDATE, DELETE and MERGE to statements.

use super::expression::Expressions;
use super::name::{Name, TableRef};
use super::read::Reader;
use super::statement::{Conflict, ConflictAction, InsertSource, RowCount, Statement};
use super::verb::Verb;
use sqlparser::ast::{
    self, AssignmentTarget, ConflictTarget, Expr, FromTable, MergeAction, MergeInsertKind, MergeUpdateKind, ObjectName, OnConflictAction,
    OnInsert, SqliteOnConflict, TableObject,
};

impl Reader<'_> {
    pub(super) fn insert(&self, insert: &ast::Insert, out: &mut Statement) {
        let upsert = self.facts.upsert;
        out.verb = match (upsert, insert.replace_into) {
            (true, _) => Verb::Upsert,
            (false, true) => Verb::Replace,
            (false, false) => Verb::Insert,
        };
        if let TableObject::TableName(name) = &insert.table {
            out.table = self.exprs.table(name);
        }
        if let Some(table) = &mut out.table {
            let written = insert.table_alias.as_ref().map(|alias| alias.alias.value.to_lowercase());
            table.alias = self.facts.insert_alias.clone().or(written);
        }
        out.columns = insert.columns.iter().filter_map(|name| self.exprs.column(name)).collect();
        match &insert.source {
            Some(query) => self.source(query, out),
            None => (out.source, out.rows) = (Some(InsertSource::Default), RowCount::One),
        }
        out.returning = insert.returning.is_some() || insert.output.is_some();
        out.predicate.open |= self.facts.open;
        let targets = names_of(out.table.as_ref());
        out.conflict = self.conflict(insert, Expressions { targets: &targets, ..self.exprs });
        if self.facts.compare_and_set {
            out.predicate.compare_and_set = true;
            out.conflict = Some(plain(ConflictAction::DoNothing));
        }
    }

    fn conflict(&self, insert: &ast::Insert, exprs: Expressions) -> Option<Conflict> {
        if insert.replace_into || insert.or == Some(SqliteOnConflict::Replace) {
            return Some(plain(ConflictAction::Replace));
        }
        if insert.ignore || insert.or == Some(SqliteOnConflict::Ignore) {
            return Some(plain(ConflictAction::Ignore));
        }
        match insert.on.as_ref()? {
            OnInsert::DuplicateKeyUpdate(assignments) => {
                Some(Conflict { assignments: exprs.assignments(assignments), ..plain(ConflictAction::DoUpdate) })
            }
            OnInsert::OnConflict(on) => {
                let mut conflict = match &on.action {
                    OnConflictAction::DoNothing => plain(ConflictAction::DoNothing),
                    OnConflictAction::DoUpdate(update) => Conflict {
                        assignments: exprs.assignments(&update.assignments),
                        conditional: update.selection.is_some(),
                        ..plain(ConflictAction::DoUpdate)
                    },
                };
                match &on.conflict_target {
                    Some(ConflictTarget::Columns { columns, .. }) => {
                        conflict.target = columns.iter().map(|ident| self.exprs.ident(ident)).collect();
                    }
                    Some(ConflictTarget::OnConstraint(name)) => conflict.constraint = self.exprs.column(name),
                    None => {}
                }
                Some(conflict)
            }
            _ => None,
        }
    }

    pub(super) fn update(&self, update: &ast::Update, out: &mut Statement) {
        out.verb = Verb::Update;
        out.table = self.factor(&update.table.relation).map(|table| self.resolve(table));
        // `UPDATE a JOIN b … SET b.x = …` writes b.
        if !update.table.joins.is_empty() {
            let qualifier = update.assignments.first().and_then(|assignment| match &assignment.target {
                AssignmentTarget::ColumnName(name) => self.qualifier(name),
                AssignmentTarget::Tuple(_) => None,
            });
            if let Some(table) = qualifier.map(|name| TableRef { schema: None, name, alias: None }) {
                out.table = Some(self.resolve(table));
            }
        }
        let targets = names_of(out.table.as_ref());
        let exprs = Expressions { targets: &targets, ..self.exprs };
        out.assignments = exprs.assignments(&update.assignments);
        out.columns = out.assignments.iter().map(|assignment| assignment.column.clone()).collect();
        out.returning = update.returning.is_some() || update.output.is_some();
        out.order_by = !update.order_by.is_empty();
        out.limit = update.limit.is_some() || self.facts.limit;
        self.selection(update.selection.as_ref(), out);
    }

    pub(super) fn delete(&self, delete: &ast::Delete, out: &mut Statement) {
        out.verb = Verb::Delete;
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        out.table = match delete.tables.first().and_then(|name| self.exprs.table(name)) {
            Some(table) => Some(self.resolve(table)),
            None => from.first().and_then(|table| self.factor(&table.relation)).map(|table| self.resolve(table)),
        };
        out.returning = delete.returning.is_some() || delete.output.is_some();
        out.order_by = !delete.order_by.is_empty();
        out.limit = delete.limit.is_some() || self.facts.limit;
        self.selection(delete.selection.as_ref(), out);
    }

    fn selection(&self, selection: Option<&Expr>, out: &mut Statement) {
        out.predicate = self.exprs.predicate(selection);
        out.predicate.open |= self.facts.open;
        out.predicate.compare_and_set = self.facts.compare_and_set;
        out.rows = if selection.is_none() && !out.predicate.open { RowCount::Many } else { RowCount::Unknown };
    }

    pub(super) fn merge(&self, merge: &ast::Merge, out: &mut Statement) {
        out.verb = Verb::Merge;
        out.table = self.factor(&merge.table);
        out.locking = self.facts.locking.clone();
        out.predicate = self.exprs.predicate(Some(&merge.on));
        let target = out.predicate.conditions.iter().map(|condition| condition.column.clone()).collect();
        let mut conflict = Conflict { target, ..plain(ConflictAction::DoNothing) };
        let targets = names_of(out.table.as_ref());
        let exprs = Expressions { targets: &targets, ..self.exprs };
        for clause in &merge.clauses {
            match &clause.action {
                MergeAction::Insert(insert) => {
                    out.columns = insert.columns.iter().filter_map(|name| self.exprs.column(name)).collect();
                    if let MergeInsertKind::Values(values) = &insert.kind
                        && let Some(row) = values.rows.first()
                    {
                        out.values = row.iter().map(|expr| self.exprs.value(expr)).collect();
                    }
                    out.source = Some(InsertSource::Select);
                }
                MergeAction::Update(update) => {
                    conflict.action = ConflictAction::DoUpdate;
                    if let MergeUpdateKind::Set(assignments) = &update.kind {
                        out.assignments = exprs.assignments(assignments);
                        conflict.assignments.clone_from(&out.assignments);
                    }
                    conflict.conditional |= clause.predicate.is_some();
                }
                MergeAction::Delete { .. } | MergeAction::DoNothing { .. } => {}
            }
        }
        out.conflict = Some(conflict);
        out.returning = merge.output.is_some();
    }

    /// What stands before a column.
    fn qualifier(&self, name: &ObjectName) -> Option<Name> {
        let before = name.0.len().checked_sub(2).and_then(|index| name.0.get(index))?;
        before.as_ident().map(|ident| self.exprs.ident(ident))
    }
}

/// What a statement may call the table it writes.
fn names_of(table: Option<&TableRef>) -> Vec<String> {
    let name = table.and_then(|table| table.name.known());
    name.map(str::to_string).into_iter().chain(table.and_then(|table| table.alias.clone())).collect()
}

fn plain(action: ConflictAction) -> Conflict {
    Conflict { target: Vec::new(), constraint: None, action, assignments: Vec::new(), conditional: false }
}
