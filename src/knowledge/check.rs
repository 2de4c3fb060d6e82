//! Whether packs hold together: every type that is named exists, every place parses, every name is declared once.
//!
//! What a single pack's YAML may hold is checked by reading it into the types of `vocabulary`; here stands what needs
//! more than one field. Compiled into `build.rs` as well, where a fault fails the build. It refuses to know whether what
//! a pack says about its library is true: fixtures tell that.

use super::locate::{Field, position_of};
use super::place::{Place, PlaceError};
use super::problem::Problem;
use super::read::PackFile;
use super::rows::{Form, RowSite, rows, type_references};
use super::vocabulary::{Pack, PackLanguage, Row};
use std::collections::{BTreeMap, BTreeSet};

/// All that is wrong with the packs `added` on top of the packs `below`. What stands in `below` may be declared again,
/// which replaces it; within `added` every name is declared once.
pub fn check(below: &[PackFile], added: &[PackFile]) -> Vec<Problem> {
    let all = || below.iter().chain(added);
    let types: BTreeSet<&str> = all().flat_map(|file| file.pack.types.keys().map(String::as_str)).collect();
    let mut check = Check { types, declared: BTreeMap::new(), problems: Vec::new() };
    for file in added {
        check.pack(file);
    }
    check.cycles(&all().collect::<Vec<_>>(), added);
    check.problems
}

struct Check<'p> {
    types: BTreeSet<&'p str>,
    declared: BTreeMap<Declared<'p>, (&'p PackFile, Field)>,
    problems: Vec<Problem>,
}

/// What may be declared once only.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Declared<'p> {
    Type(&'p str),
    Name(u8, Form, &'p str),
    Method(&'p str, &'p str),
}

impl<'p> Check<'p> {
    fn pack(&mut self, file: &'p PackFile) {
        let pack = &file.pack;
        let top = Field::default();
        if pack.pack.trim().is_empty() {
            self.report(file, &top.key("pack"), "a pack needs a name", "");
        }
        for (name, def) in &pack.types {
            let at = top.key("types").key(name);
            self.declare(file, Declared::Type(name), &at, name);
            for (index, maker) in def.made_by.iter().enumerate() {
                self.qualified(file, Form::MadeBy, maker, &at.key("made-by").item(index));
            }
            for (field, place) in def.identity.iter().map(|place| (at.key("identity"), place)) {
                self.place(file, place, &field);
            }
            for (index, place) in def.instance.iter().enumerate() {
                self.place(file, place, &at.key("instance").item(index));
            }
            for (field, named) in type_references(def, &at) {
                self.type_name(file, named, &field);
            }
            if let Some(dialect) = &def.dialect {
                let known = ["postgres", "mysql", "sqlite", "mssql", "generic"];
                self.word(file, dialect, &known, &at.key("dialect"));
            }
        }
        for site in rows(pack) {
            self.row(file, &site);
        }
        for (index, base) in pack.bases.iter().enumerate() {
            let at = top.key("bases").item(index);
            self.names(file, &base.name, &at, |check, name, field| match name.strip_prefix('*') {
                Some(suffix) => {
                    if suffix.is_empty() || suffix.contains(['*', '.', ':']) {
                        check.report(file, field, &format!("`{name}` matches no class name"), "write `*Suffix`");
                    }
                    check.declare(file, Declared::Name(language(pack), Form::Base, name), field, name);
                }
                None => check.qualified(file, Form::Base, name, field),
            });
            if let Some(named) = &base.instance_of {
                self.type_name(file, named, &at.key("instance-of"));
            }
            if let Some(related) = &base.related {
                let within = at.key("related");
                self.type_name(file, &related.manager, &within.key("manager"));
                self.place(file, &related.to, &within.key("to"));
                self.place(file, &related.name, &within.key("name"));
            }
            if let Some(word) = &base.table_default {
                self.word(file, word, &["snake", "snake-plural", "lower", "class"], &at.key("table-default"));
            }
        }
        for (index, document) in pack.documents.iter().enumerate() {
            let at = top.key("documents").item(index);
            if document.files.is_empty() {
                self.report(file, &at.key("files"), "no file can match", "name at least one glob");
            }
        }
    }

    fn row(&mut self, file: &'p PackFile, site: &RowSite<'p>) {
        let (row, at) = (site.row, &site.field);
        self.names(file, &row.name, at, |check, name, field| match site.form {
            Form::Method => {
                if name.contains(['*', '.', ':']) {
                    check.report(file, field, &format!("`{name}` is no method's name"), "");
                }
                check.declare(file, Declared::Method(site.owner, name), field, name);
            }
            Form::Enter | Form::Construct => {}
            form => check.qualified(file, form, name, field),
        });
        for (key, place) in places(row) {
            self.place(file, place, &at.key(key));
        }
        for (key, list) in place_lists(row) {
            for (index, place) in list.iter().enumerate() {
                self.place(file, place, &at.key(key).item(index));
            }
        }
        self.returns(file, row.returns.as_deref(), &at.key("returns"));
        for (index, variant) in row.when.iter().enumerate() {
            let at = at.key("when").item(index);
            self.place(file, &variant.argument, &at.key("argument"));
            self.returns(file, variant.returns.as_deref(), &at.key("returns"));
        }
        if let Some(isolation) = &row.isolation {
            let known = ["serializable", "repeatable-read", "read-committed", "immediate"];
            self.word(file, isolation, &known, &at.key("isolation"));
        }
    }

    fn names(&mut self, file: &'p PackFile, names: &'p [String], at: &Field, mut each: impl FnMut(&mut Self, &'p str, &Field)) {
        if names.is_empty() {
            self.report(file, &at.key("name"), "it names nothing", "name at least one");
        }
        for (index, name) in names.iter().enumerate() {
            each(self, name, &at.key("name").item(index));
        }
    }

    fn qualified(&mut self, file: &'p PackFile, form: Form, name: &'p str, at: &Field) {
        let (root, rest) = super::rows::pattern(name).unwrap_or(("-", name));
        let broken = |part: &str| part.is_empty() || part.contains(|c: char| c == '*' || c.is_whitespace());
        if broken(root) || broken(rest) {
            self.report(file, at, &format!("`{name}` is no qualified name"), "write `root.Name` or `root.**.Name`");
        }
        self.declare(file, Declared::Name(language(&file.pack), form, name), at, name);
    }

    fn declare(&mut self, file: &'p PackFile, what: Declared<'p>, at: &Field, name: &str) {
        if let Some((first, field)) = self.declared.get(&what) {
            let (line, _) = position_of(&first.text, field);
            let help = format!("it stands in {}:{line} ({field}); keep one of the two", first.path);
            self.report(file, at, &format!("`{name}` is declared twice"), &help);
            return;
        }
        self.declared.insert(what, (file, at.clone()));
    }

    fn place(&mut self, file: &PackFile, text: &str, at: &Field) {
        if let Err(error) = Place::parse(text) {
            self.report(file, at, &error.to_string(), PlaceError::HELP);
        }
    }

    fn returns(&mut self, file: &PackFile, returns: Option<&str>, at: &Field) {
        match returns {
            None | Some("receiver" | "held" | "element") => {}
            Some(text) => match text.strip_prefix("argument ").or_else(|| text.strip_prefix("instance of ")) {
                Some(place) if matches!(Place::parse(place), Ok(Place::Argument { .. })) => {}
                Some(_) => self.report(file, at, &format!("`{text}` names no argument"), "write `argument 0` or `instance of 0`"),
                None => self.type_name(file, text, at),
            },
        }
    }

    fn type_name(&mut self, file: &PackFile, name: &str, at: &Field) {
        if self.types.contains(name) {
            return;
        }
        let last = name.rsplit('.').next().unwrap_or(name);
        let first = name.split('.').next().unwrap_or(name);
        let near = |known: &&&str| known.split('.').next() == Some(first) || known.rsplit('.').next() == Some(last);
        let known: Vec<&str> = self.types.iter().filter(near).take(8).copied().collect();
        let help = match known.is_empty() {
            true => "declare it under `types` of a pack".to_owned(),
            false => format!("declare it under `types` of a pack, or write one of {}", known.join(", ")),
        };
        self.report(file, at, &format!("no pack has a type `{name}`"), &help);
    }

    fn word(&mut self, file: &PackFile, word: &str, known: &[&str], at: &Field) {
        if !known.contains(&word) {
            self.report(file, at, &format!("unknown word `{word}`"), &format!("write one of: {}", known.join(", ")));
        }
    }

    /// A type that is itself through `is`.
    fn cycles(&mut self, all: &[&PackFile], added: &'p [PackFile]) {
        let mut parents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, def) in all.iter().flat_map(|file| &file.pack.types) {
            parents.entry(name).or_default().extend(def.is.iter().map(String::as_str));
        }
        for file in added {
            for name in file.pack.types.keys() {
                let mut open = parents.get(name.as_str()).cloned().unwrap_or_default();
                let mut seen = BTreeSet::new();
                while let Some(next) = open.pop().filter(|_| !seen.contains(name.as_str())) {
                    if seen.insert(next) {
                        open.extend(parents.get(next).into_iter().flatten());
                    }
                }
                if seen.contains(name.as_str()) {
                    let at = Field::default().key("types").key(name).key("is");
                    self.report(file, &at, &format!("`{name}` is itself"), "drop one of the `is` on the way round");
                }
            }
        }
    }

    fn report(&mut self, file: &PackFile, at: &Field, message: &str, help: &str) {
        let (line, column) = position_of(&file.text, at);
        self.problems.push(Problem {
            file: file.path.clone(),
            line,
            column,
            field: at.to_string(),
            message: message.to_owned(),
            help: help.to_owned(),
        });
    }
}

fn language(pack: &Pack) -> u8 {
    match pack.language {
        PackLanguage::Python => 0,
        PackLanguage::Rust => 1,
        PackLanguage::Document => 2,
    }
}

/// The row's fields that hold one place, by their names in YAML.
fn places(row: &Row) -> impl Iterator<Item = (&'static str, &String)> {
    let fields = [
        ("resource", &row.resource),
        ("part", &row.part),
        ("to", &row.to),
        ("key", &row.key),
        ("sql", &row.sql),
        ("parameters", &row.parameters),
        ("lock", &row.lock),
        ("ttl", &row.ttl),
        ("wait", &row.wait),
        ("blocking", &row.blocking),
        ("permits", &row.permits),
        ("stands-for", &row.stands_for),
        ("agent", &row.agent),
        ("command", &row.command),
        ("config", &row.config),
        ("called-by", &row.called_by),
        ("retries-from", &row.retries_from),
        ("channel", &row.channel),
        ("seconds", &row.seconds),
    ];
    fields.into_iter().filter_map(|(key, place)| place.as_ref().map(|place| (key, place)))
}

/// The row's fields that hold lists of places, by their names in YAML.
fn place_lists(row: &Row) -> [(&'static str, &[String]); 10] {
    [
        ("value", &row.value),
        ("idempotent-with", &row.idempotent_with),
        ("renewed-with", &row.renewed_with),
        ("named", &row.named),
        ("entry", &row.entry),
        ("members", &row.members),
        ("prompts", &row.prompts),
        ("edge", &row.edge),
        ("keyed-by", &row.keyed_by),
        ("cut-off", &row.cut_off),
    ]
}
