//! Tables and their unique keys, as they are once every definition has been applied in order.
//!
//! What defines them is found elsewhere (`definitions`); here is what a definition does to what is known. Keys that the
//! database makes itself, or whoever inserts makes anew, protect nothing, and a key over some rows only (a partial index) is no
//! key. A key over what is made of columns refuses whoever gives them the same values; one over a constant, every second row.

use crate::effects::Access;
use crate::facts::Name;
use crate::link::Template;
use crate::source::Site;
use crate::sql::{Change, Column, Statement, Verb};
use rustc_hash::FxHashMap;

/// What is known of tables.
#[derive(Default)]
pub(super) struct Schema {
    tables: FxHashMap<String, Table>,
}

#[derive(Default)]
struct Table {
    /// The statement that creates it was read, with all its columns.
    defined: bool,
    /// Where it is created.
    created: Vec<Site>,
    /// A key holds for some of its rows, or for what is made of its columns.
    refuses_some: bool,
    keys: Vec<Key>,
    /// Columns whose values the database or the mapping makes.
    generated: Vec<String>,
    /// Columns that databases number where they are the whole primary key.
    numbered: Vec<String>,
}

/// What a column of a primary key holds where nobody gives it anything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    /// Nothing, or the same for all.
    Alike,
    /// A number, where it is the whole key.
    Numbered,
    /// Another value for each row.
    Anew,
}

/// A row that is inserted.
pub(super) struct Added<'a> {
    /// The columns that it is given; none where they are not known: any key counts then.
    pub columns: &'a [Name],
    /// Something of it differs at each attempt, and nobody knows what: a surrogate key made by the caller then protects nothing.
    pub fresh: bool,
    /// The columns that differ at each attempt: a key over one of them refuses nobody.
    pub anew: Vec<&'a str>,
    /// The columns that are filled with something else than what was looked for: who looks for the same may give these otherwise.
    pub apart: Vec<&'a str>,
    /// The column that is given the next value after the highest: only a key over that one refuses the second who took it.
    pub next: Option<&'a Name>,
}

impl<'a> Added<'a> {
    /// What an access inserts.
    pub fn by(access: &'a Access) -> Self {
        let anew = access.anew.iter().flat_map(|columns| columns.iter()).filter(|(_, given)| given.is_none());
        Added {
            columns: &access.columns,
            fresh: access.fresh_key && access.columns.is_empty(),
            anew: anew.map(|(column, _)| column.as_str()).collect(),
            apart: Vec::new(),
            next: None,
        }
    }
}

/// A set of columns that is unique; of none, where there can be but one row.
struct Key {
    columns: Vec<String>,
    name: Option<String>,
    primary: bool,
    site: Site,
}

impl Key {
    /// Whether a constraint of this name is this key; one that was made without a name has that which databases give it.
    fn is_called(&self, name: &str, table: &str) -> bool {
        match &self.name {
            Some(own) => own == name,
            None if self.primary => name == format!("{table}_pkey") || name.eq_ignore_ascii_case("primary"),
            None => name.to_lowercase().contains(&self.columns.join("_").to_lowercase()),
        }
    }
}

impl Schema {
    /// Apply a statement of DDL.
    pub fn apply(&mut self, statement: &Statement, site: Site) {
        if let Verb::DropIndex(name) = &statement.verb {
            let name = name.display();
            self.tables.iter_mut().for_each(|(table, t)| t.keys.retain(|k| !k.is_called(&name, table)));
            return;
        }
        let Some(name) = statement.table.as_ref().map(|t| t.display()) else { return };
        match &statement.verb {
            Verb::CreateTable(definition) if !definition.as_select => {
                let table = self.tables.entry(name).or_default();
                table.defined = true;
                table.created.push(site);
                table.generated.extend(definition.columns.iter().filter(|c| c.default_generated).map(|c| c.name.clone()));
                for columns in &definition.unique_keys {
                    let primary = columns.len() == 1 && definition.columns.iter().any(|c| c.primary_key && c.name == columns[0]);
                    table.keys.push(Key { columns: columns.clone(), name: None, primary, site });
                }
            }
            Verb::CreateIndex(index) if index.unique => {
                if index.where_clause {
                    // It refuses some rows; which, nobody here can say.
                    self.tables.entry(name).or_default().refuses_some = true;
                } else {
                    let columns = index.columns.iter().flatten().chain(&index.behind).cloned().collect();
                    self.unique(&name, columns, index.name.as_ref().map(|n| n.display()), site);
                }
            }
            Verb::AlterTable(changes) => changes.iter().for_each(|change| self.change(&name, change, site)),
            Verb::DropTable => {
                self.tables.remove(&name);
                for other in &statement.reads {
                    self.tables.remove(&other.display());
                }
            }
            _ => {}
        }
    }

    fn change(&mut self, name: &str, change: &Change, site: Site) {
        let table = self.tables.entry(name.to_string()).or_default();
        match change {
            Change::AddColumn(column) => table.column(column, site),
            Change::DropColumn(column) => table.keys.retain(|k| !k.columns.contains(column)),
            Change::RenameColumn { from, to } => table.rename(from, to),
            Change::ModifyColumn { name, column } => {
                table.rename(name, &column.name);
                table.column(column, site);
            }
            Change::AddUnique { name, columns, primary_key } => {
                table.keys.push(Key { columns: columns.clone(), name: name.clone(), primary: *primary_key, site });
            }
            Change::DropConstraint(constraint) => table.keys.retain(|k| !k.is_called(constraint, name)),
            Change::DropPrimaryKey => table.keys.retain(|k| !k.primary),
            Change::RenameTable(to) => {
                if let Some(table) = self.tables.remove(name) {
                    self.tables.insert(to.display(), table);
                }
            }
            Change::AddReference { .. } | Change::Other => {}
        }
    }

    /// A set of columns is unique from here on.
    pub fn unique(&mut self, table: &str, columns: Vec<String>, name: Option<String>, site: Site) {
        self.tables.entry(table.to_string()).or_default().keys.push(Key { columns, name, primary: false, site });
    }

    /// A column is the primary key, together with others of the same definition that are; its value may be made by the
    /// database or the mapping.
    pub fn primary(&mut self, table: &str, column: &str, filled: Filled, site: Site) {
        let table = self.tables.entry(table.to_string()).or_default();
        let mut known = table.keys.iter_mut().filter(|k| k.primary && k.name.is_none() && k.site.file == site.file);
        match known.next() {
            Some(key) if key.columns.iter().any(|c| c == column) => {}
            Some(key) => key.columns.push(column.to_string()),
            None => table.keys.push(Key { columns: vec![column.to_string()], name: None, primary: true, site }),
        }
        match filled {
            Filled::Anew => table.generated.push(column.to_string()),
            Filled::Numbered => table.numbered.push(column.to_string()),
            Filled::Alike => {}
        }
    }

    /// A table is there.
    pub fn table(&mut self, name: &str) {
        self.tables.entry(name.to_string()).or_default();
    }

    /// Something creates a table.
    pub fn create(&mut self, name: &str, site: Site) {
        self.tables.entry(name.to_string()).or_default().created.push(site);
    }

    /// Where a table is created.
    pub fn created(&self, name: &str) -> &[Site] {
        self.tables.get(name).map_or(&[], |table| table.created.as_slice())
    }

    /// A table is gone.
    pub fn drop_table(&mut self, name: &str) {
        self.tables.remove(name);
    }

    /// A key of a table is gone; of any table, where it is not said.
    pub fn drop_key(&mut self, table: Option<&str>, key: &str) {
        if key.is_empty() {
            return;
        }
        for (name, t) in &mut self.tables {
            if table.is_none_or(|wanted| wanted == name) {
                t.keys.retain(|k| !k.is_called(key, name));
            }
        }
    }

    /// The columns that are a table's primary key together.
    pub fn primary_columns(&self, name: &Template) -> &[String] {
        let table = name.constant().and_then(|name| self.tables.get(name));
        table.and_then(|table| table.keys.iter().find(|key| key.primary)).map_or(&[], |key| key.columns.as_slice())
    }

    /// The column that is a table's primary key, where it is one alone.
    pub fn primary_key(&self, name: &Template) -> Option<&str> {
        match self.primary_columns(name) {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Whether one of these columns is part of a table's unique key.
    pub fn has_in_key(&self, name: &Template, columns: &[Name]) -> bool {
        let table = name.constant().and_then(|name| self.tables.get(name));
        let keyed = |column: &Name| table.is_some_and(|t| t.keys.iter().flat_map(|k| &k.columns).any(|c| column.eq_ignore_ascii_case(c)));
        columns.iter().any(keyed)
    }

    /// Whether a table's definition was read, and none of its keys can refuse an insert of these columns: an error that tells
    /// of a conflict never comes.
    pub fn never_refuses(&self, name: &Template, added: &Added) -> bool {
        let known = name.constant().and_then(|n| self.tables.get(n)).is_some_and(|t| t.defined && !t.refuses_some);
        known && !added.columns.is_empty() && self.protects(name, added).is_none()
    }

    /// Where a unique key stands that such a row cannot get past twice.
    pub fn protects(&self, name: &Template, added: &Added) -> Option<Option<Site>> {
        let table = self.tables.get(name.constant()?)?;
        let Added { columns: inserted, fresh, next, .. } = *added;
        let has = |columns: &[&str], column: &String| columns.iter().any(|c| c.eq_ignore_ascii_case(column));
        let filled = |column: &String| inserted.iter().any(|c| c.eq_ignore_ascii_case(column));
        let made =
            |key: &Key, column: &String| table.generated.contains(column) || key.columns.len() == 1 && table.numbered.contains(column);
        let given = |key: &Key| match inserted.is_empty() || next.is_some() {
            // What is made where nobody gives it counts where somebody does. Of the key over the next number, the other columns
            // have their defaults where nobody gives them.
            true => key.columns.iter().all(|column| !made(key, column) || filled(column)),
            // So have those of a primary key, which are never left empty.
            false => {
                let defaults = |column: &String| key.primary && !made(key, column);
                key.columns.is_empty()
                    || key.columns.iter().any(filled) && key.columns.iter().all(|column| filled(column) || defaults(column))
            }
        };
        let made_anew = |key: &Key| {
            let surrogate = fresh && key.primary && key.columns.iter().all(|c| matches!(c.as_str(), "id" | "uuid" | "pk"));
            surrogate || key.columns.iter().any(|column| has(&added.anew, column))
        };
        let apart = |key: &Key| !key.columns.is_empty() && key.columns.iter().all(|column| has(&added.apart, column));
        let over_next = |key: &&Key| next.is_none_or(|next| key.columns.iter().any(|column| next.eq_ignore_ascii_case(column)));
        let found = table.keys.iter().filter(over_next).find(|key| !made_anew(key) && !apart(key) && given(key));
        found.map(|key| Some(key.site))
    }
}

impl Table {
    fn column(&mut self, column: &Column, site: Site) {
        if column.unique || column.primary_key {
            self.keys.push(Key { columns: vec![column.name.clone()], name: None, primary: column.primary_key, site });
        }
        if column.default_generated {
            self.generated.push(column.name.clone());
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        let columns = self.keys.iter_mut().flat_map(|k| &mut k.columns).chain(&mut self.generated).chain(&mut self.numbered);
        columns.filter(|c| *c == from).for_each(|c| *c = to.to_string());
    }
}
