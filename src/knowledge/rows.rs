//! Walking over a pack: all its rows with their form and field, and all types it names.
//!
//! Compiled into `build.rs` as well; it knows the shape of packs and nothing of what rows mean.

use super::locate::Field;
use super::vocabulary::{Pack, Row, TypeDef};

/// How a name is used. A qualified name is declared once in each form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A function.
    Function,
    /// A decorator.
    Decorator,
    /// A base class.
    Base,
    /// What makes values of a type.
    MadeBy,
    /// A method of a type.
    Method,
    /// `with value:`.
    Enter,
    /// Making a value.
    Construct,
}

/// A row and where it stands.
#[derive(Clone, Debug)]
pub struct RowSite<'p> {
    /// The row.
    pub row: &'p Row,
    /// How its names are used.
    pub form: Form,
    /// The type it stands under; empty for functions and decorators.
    pub owner: &'p str,
    /// Where it stands in the file.
    pub field: Field,
}

/// All rows of a pack.
pub fn rows(pack: &Pack) -> Vec<RowSite<'_>> {
    let mut sites = Vec::new();
    for (form, key, list) in [(Form::Function, "functions", &pack.functions), (Form::Decorator, "decorators", &pack.decorators)] {
        let at = Field::default().key(key);
        sites.extend(list.iter().enumerate().map(|(index, row)| RowSite { row, form, owner: "", field: at.item(index) }));
    }
    for (owner, def) in &pack.types {
        let at = Field::default().key("types").key(owner);
        let mut add = |row, form, field| sites.push(RowSite { row, form, owner, field });
        if let Some(row) = &def.enter {
            add(row, Form::Enter, at.key("enter"));
        }
        if let Some(row) = &def.construct {
            add(row, Form::Construct, at.key("construct"));
        }
        for (index, row) in def.methods.iter().enumerate() {
            add(row, Form::Method, at.key("methods").item(index));
        }
    }
    sites
}

/// The types that a type names, each with its field.
pub fn type_references<'p>(def: &'p TypeDef, at: &Field) -> Vec<(Field, &'p str)> {
    let single = [
        ("attribute-type", &def.attribute_type),
        ("item-type", &def.item_type),
        ("enter-type", &def.enter_type),
        ("iter-type", &def.iter_type),
    ];
    let mut named: Vec<(Field, &str)> = Vec::new();
    named.extend(def.is.iter().enumerate().map(|(index, name)| (at.key("is").item(index), name.as_str())));
    named.extend(single.iter().filter_map(|(key, name)| name.as_ref().map(|name| (at.key(key), name.as_str()))));
    named.extend(def.attributes.iter().map(|(key, name)| (at.key("attributes").key(key), name.as_str())));
    named
}

/// Root and rest of a pattern `root.**.rest`.
pub fn pattern(name: &str) -> Option<(&str, &str)> {
    name.split_once(".**.").or_else(|| name.split_once("::**::"))
}
