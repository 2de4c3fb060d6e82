//! What DDL says about tables: columns, keys, references, and how they change.

use super::name::{Name, TableRef};

/// A CREATE TABLE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableDefinition {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Each set of columns that is unique: PRIMARY KEY and UNIQUE, of the table and of single columns.
    pub unique_keys: Vec<Vec<String>>,
    /// FOREIGN KEY constraints of several columns or of the table, with the columns that refer.
    pub references: Vec<(Vec<String>, Reference)>,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// CREATE TABLE … AS SELECT; the query's tables are in the statement's `reads`.
    pub as_select: bool,
    /// TEMPORARY or a `#name` of SQL Server: seen by one session only.
    pub temporary: bool,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, lower-cased, with what stands in parentheses.
    pub type_name: String,
    /// May be NULL.
    pub nullable: bool,
    /// The database makes its value: serial, identity, AUTO_INCREMENT, a default of a fresh uuid or sequence;
    /// also SQLite's INTEGER PRIMARY KEY.
    pub default_generated: bool,
    /// It has a default of any kind.
    pub has_default: bool,
    /// It is the primary key by itself.
    pub primary_key: bool,
    /// It is unique by itself, as the primary key is.
    pub unique: bool,
    /// REFERENCES.
    pub references: Option<Reference>,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The table referred to.
    pub table: TableRef,
    /// Columns referred to; empty: its primary key.
    pub columns: Vec<String>,
    /// ON DELETE CASCADE.
    pub delete_cascades: bool,
}

/// A CREATE INDEX.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexDefinition {
    /// Its name.
    pub name: Option<Name>,
    /// UNIQUE.
    pub unique: bool,
    /// Its columns; `None` for an expression such as `lower(email)`.
    pub columns: Vec<Option<String>>,
    /// The columns that its expressions are made of; none where they are constants.
    pub behind: Vec<String>,
    /// It has a WHERE: unique among some rows only.
    pub where_clause: bool,
}

/// One change of an ALTER TABLE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// ADD COLUMN.
    AddColumn(Column),
    /// DROP COLUMN.
    DropColumn(String),
    /// RENAME COLUMN.
    RenameColumn {
        /// Its name before.
        from: String,
        /// Its name after.
        to: String,
    },
    /// MODIFY or CHANGE: the column as it is after.
    ModifyColumn {
        /// Its name before.
        name: String,
        /// What it becomes.
        column: Column,
    },
    /// ADD UNIQUE or ADD PRIMARY KEY.
    AddUnique {
        /// The constraint's name.
        name: Option<String>,
        /// Its columns.
        columns: Vec<String>,
        /// It is the primary key.
        primary_key: bool,
    },
    /// ADD FOREIGN KEY.
    AddReference {
        /// Columns that refer.
        columns: Vec<String>,
        /// What they refer to.
        reference: Reference,
    },
    /// DROP CONSTRAINT, DROP INDEX, DROP KEY.
    DropConstraint(String),
    /// DROP PRIMARY KEY.
    DropPrimaryKey,
    /// RENAME TO.
    RenameTable(Name),
    /// Anything else.
    Other,
}
