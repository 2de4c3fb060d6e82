//! A value during a walk: what it is, and what it depends on.

use super::given::Question;
use super::truth::Truth;
use crate::facts::Name;
use crate::link::{Kind, LibraryValue};
use rustc_hash::FxHasher;
use std::hash::Hasher;
use std::rc::Rc;

/// Of how many columns of one record a value remembers that it depends on them; on more is on the whole.
const COLUMNS: usize = 24;

/// A column or field of what was read, told from others by its name; or the whole of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Column(u32);

impl Column {
    /// All of it, or nobody knows which part.
    pub const WHOLE: Column = Column(0);

    /// That it is there at all, whatever it holds. Names have odd numbers.
    pub const THERE: Column = Column(2);

    /// The column of this name. Databases do not tell capitals from small letters.
    pub fn named(name: &str) -> Column {
        let mut hasher = FxHasher::default();
        name.bytes().for_each(|b| hasher.write_u8(b.to_ascii_lowercase()));
        Column((hasher.finish() >> 32) as u32 | 1)
    }
}

/// What of a value an attribute or index selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected {
    /// A column of a record that was read.
    Of(Column),
    /// A member of something that may be a record: what is known already of its columns stays.
    Member(Column),
    /// A field of an object that was made of columns: those of its name, where there are such.
    Field(Column),
}

/// Something a value or a decision depends on. Summaries hold millions of them: it stays small, and a field is known by a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dep {
    /// An item of the same summary: what was read there, or a column of it.
    Item(u32, Column),
    /// A parameter of the function being summarised, or a field of it.
    Parameter(u8, Column),
    /// A field of the receiver, as it was when the function was entered.
    Field(Column),
    /// A variable that a closure captured, by its name, or a field of it: whoever made the closure knows on what it depends.
    Captured(Column, Column),
    /// Whether a parameter, as the caller gave it, is what is asked. It decides, and no value is made of it.
    Is(u8, Question),
    /// Something that differs at each run: uuid, clock, random.
    Fresh,
}

impl Dep {
    /// The item it is on, if it is on one.
    pub fn item(&self) -> Option<u32> {
        match self {
            Dep::Item(index, _) => Some(*index),
            _ => None,
        }
    }

    fn part(&self) -> Option<Column> {
        match self {
            Dep::Item(_, part) | Dep::Parameter(_, part) | Dep::Captured(_, part) => Some(*part),
            _ => None,
        }
    }

    /// Whether it only asks what a caller gave.
    pub fn is_question(&self) -> bool {
        matches!(self, Dep::Is(..))
    }

    /// Whether it is on a single column of what was read.
    pub fn is_of_column(&self) -> bool {
        self.part().is_some_and(|part| part != Column::WHOLE && part != Column::THERE)
    }

    /// The same on this part of what was read.
    pub fn of(&self, part: Column) -> Dep {
        match self {
            Dep::Item(index, _) => Dep::Item(*index, part),
            Dep::Parameter(index, _) => Dep::Parameter(*index, part),
            Dep::Captured(name, _) => Dep::Captured(*name, part),
            other => *other,
        }
    }

    /// Whether both are on one record, whatever column of it.
    pub fn same_record(&self, other: &Dep) -> bool {
        self.of(Column::WHOLE) == other.of(Column::WHOLE)
    }
}

/// Sorted, each once; the whole of a record stands for its columns, and so do many columns.
fn tidy(mut all: Vec<Dep>) -> Vec<Dep> {
    all.sort();
    all.dedup();
    if !all.iter().any(|d| d.part().is_some_and(|p| p != Column::WHOLE)) {
        return all;
    }
    let mut kept: Vec<Dep> = Vec::with_capacity(all.len());
    for record in all.chunk_by(Dep::same_record) {
        if record.len() > COLUMNS || record[0].part() == Some(Column::WHOLE) {
            kept.push(record[0].of(Column::WHOLE));
        } else {
            kept.extend(record.iter().cloned());
        }
    }
    kept
}

/// A set of dependencies, sorted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deps(Option<Rc<Vec<Dep>>>);

impl Deps {
    /// One dependency.
    pub fn one(dep: Dep) -> Self {
        Deps(Some(Rc::new(vec![dep])))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Dep> {
        self.0.iter().flat_map(|d| d.iter())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether it differs at each run.
    pub fn is_fresh(&self) -> bool {
        self.iter().any(|d| *d == Dep::Fresh)
    }

    /// Whether nothing but what differs at each run is in it: no caller can give the same twice.
    pub fn is_made_anew(&self) -> bool {
        self.0.as_ref().is_some_and(|deps| deps.iter().all(|d| *d == Dep::Fresh))
    }

    /// Add those of `other`.
    pub fn join(&mut self, other: &Deps) {
        match (&mut self.0, &other.0) {
            (_, None) => {}
            (mine @ None, Some(theirs)) => *mine = Some(theirs.clone()),
            (Some(mine), Some(theirs)) => {
                if Rc::ptr_eq(mine, theirs) || theirs.iter().all(|d| mine.binary_search(d).is_ok()) {
                    return;
                }
                *mine = Rc::new(tidy(mine.iter().chain(theirs.iter()).cloned().collect()));
            }
        }
    }

    /// Those of what is selected of a value that has these.
    pub fn selected(&self, selected: Selected) -> Deps {
        match selected {
            Selected::Of(part) => self.iter().map(|d| d.of(part)).collect(),
            Selected::Member(part) => self.iter().map(|d| if d.part() == Some(Column::WHOLE) { d.of(part) } else { *d }).collect(),
            Selected::Field(part) => {
                let has = |record: &Dep| self.iter().any(|d| d.same_record(record) && d.part() == Some(part));
                self.iter().filter(|d| d.part().is_none_or(|p| p == part) || !has(d)).cloned().collect()
            }
        }
    }

    /// Those that are on no record's column of this name.
    pub fn without(&self, column: Column) -> Deps {
        self.iter().filter(|d| d.part() != Some(column)).cloned().collect()
    }

    /// Those of both.
    pub fn with(mut self, other: &Deps) -> Deps {
        self.join(other);
        self
    }
}

impl FromIterator<Dep> for Deps {
    fn from_iter<T: IntoIterator<Item = Dep>>(deps: T) -> Self {
        let all = tidy(deps.into_iter().collect());
        Deps((!all.is_empty()).then(|| Rc::new(all)))
    }
}

/// A value: what it is and what it depends on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Value {
    /// What it is.
    pub kind: Kind,
    /// What it depends on.
    pub deps: Deps,
    /// It was told by an inference that may be wrong.
    pub inferred: bool,
    /// It stands at this place, or is a parameter as it was given: on every way it is this.
    pub literal: bool,
    /// Its elements are in sorted order.
    pub sorted: bool,
    /// What each of its elements depends on, where it is a list or mapping that was written out: with their keys. Of a record
    /// that was made here: what its columns were filled with; of a query that calls build: what its conditions ask for.
    pub parts: Parts,
    /// It says how what was read compares to something, and not merely whether it is there.
    pub compared: bool,
    /// What it says, where it is true, of what was read for it.
    pub truth: Truth,
    /// What it depends on by itself and what each of its fields does that was set here, where all of that is in `deps`.
    pub apart: Option<Rc<Apart>>,
    /// The guard through which it was reached: changing it changes what the lock holds.
    pub through: Option<Rc<Through>>,
    /// The item of the same summary whose call gives it, where only the caller knows what is called: then it knows what this is.
    pub answer: Option<u32>,
}

/// An object whose fields were set where they can be told from the rest of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Apart {
    /// What it depended on before.
    pub own: Deps,
    /// What the fields do, each once.
    pub fields: Vec<(Column, Deps)>,
}

impl Apart {
    /// A field depends on these, or on what it did before.
    pub fn set(&mut self, field: Column, deps: &Deps) {
        match self.fields.iter_mut().find(|(known, _)| *known == field) {
            Some((_, known)) => known.join(deps),
            None => self.fields.push((field, deps.clone())),
        }
    }

    /// Either this or that.
    fn join(&mut self, other: &Apart) {
        self.own.join(&other.own);
        other.fields.iter().for_each(|(field, deps)| self.set(*field, deps));
    }
}

/// A way into what a lock holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Through {
    /// The guard.
    pub guard: Rc<LibraryValue>,
    /// The field of what it holds; `None` for the whole.
    pub field: Option<Name>,
}

/// What the elements of a list or mapping depend on, one by one.
pub type Parts = Option<Rc<Vec<(Option<Name>, Deps)>>>;

impl Value {
    /// A value that depends on nothing.
    pub fn of(kind: Kind) -> Self {
        Value { kind, ..Value::default() }
    }

    /// A value that is written out.
    pub fn literal(kind: Kind) -> Self {
        Value { kind, literal: true, ..Value::default() }
    }

    /// An unknown value with dependencies.
    pub fn unknown(deps: Deps) -> Self {
        Value { deps, ..Value::default() }
    }

    /// The same value with further dependencies.
    pub fn depending(mut self, deps: &Deps) -> Self {
        self.taint(deps);
        self
    }

    /// It depends on these as well, whichever part of it.
    pub fn taint(&mut self, deps: &Deps) {
        self.deps.join(deps);
        if let Some(apart) = self.apart.as_mut().filter(|_| !deps.is_empty()) {
            Rc::make_mut(apart).own.join(deps);
        }
    }

    /// One of its fields was set.
    pub fn set_field(&mut self, field: Column, deps: &Deps) {
        let own = self.deps.clone();
        let apart = Rc::make_mut(self.apart.get_or_insert_with(|| Rc::new(Apart { own, fields: Vec::new() })));
        apart.set(field, deps);
        self.deps.join(deps);
    }

    /// What a part of it depends on that was set here, and what it does by itself; nothing where it is not told apart.
    pub fn field(&self, field: Column) -> Option<(&Deps, Deps)> {
        let apart = self.apart.as_ref()?;
        let set = apart.fields.iter().find(|(name, _)| *name == field).map(|(_, deps)| deps.clone());
        Some((&apart.own, set.unwrap_or_default()))
    }

    /// What each element is and depends on, where all that the whole depends on is told so.
    pub fn elements(&self) -> Option<Vec<(Option<Name>, Value)>> {
        let parts = self.parts.as_ref()?;
        let told = parts.iter().fold(Deps::default(), |all, (_, deps)| all.with(deps));
        let kinds: Vec<Kind> = match &self.kind {
            Kind::List(items) => items.to_vec(),
            Kind::Map(entries) => entries.iter().map(|(_, value)| value.clone()).collect(),
            _ => return None,
        };
        let whole = told == self.deps && kinds.len() == parts.len();
        let each =
            || parts.iter().zip(kinds).map(|((key, deps), kind)| (key.clone(), Value { kind, deps: deps.clone(), ..Value::default() }));
        whole.then(|| each().collect())
    }

    /// A list or mapping that has nothing in it yet.
    fn is_empty(&self) -> bool {
        match &self.kind {
            Kind::List(items) => items.is_empty(),
            Kind::Map(entries) => entries.is_empty(),
            _ => false,
        }
    }

    /// Whether a mapping with one sort of entry, of which nothing is known, is the other one before that was filled.
    fn is_told_by(&self, other: &Value) -> bool {
        let (Kind::Map(own), Kind::Map(filled)) = (&self.kind, &other.kind) else { return false };
        matches!(own[..], [(Kind::Unknown, Kind::Unknown)]) && matches!(filled[..], [(Kind::Unknown, _)])
    }

    /// Either this or that.
    pub fn or(self, other: Value) -> Value {
        // What is empty is in any order.
        let sorted = [&self, &other].iter().all(|v| v.sorted || v.is_empty());
        let literal = self.literal && other.literal && self.kind == other.kind;
        // Of two queries of which one asks for more, what both ask for.
        let query = |kind: &Kind| kind.alternatives().iter().all(|one| matches!(one, Kind::Library(_)));
        let parts = match (&self.parts, &other.parts) {
            (Some(one), Some(two)) if query(&self.kind) && query(&other.kind) => {
                let both: Vec<_> = one.iter().filter(|part| two.contains(part)).cloned().collect();
                (!both.is_empty()).then(|| Rc::new(both))
            }
            _ => None,
        };
        let kind = match (&self.kind, &other.kind) {
            // A parameter or constant on one path only is not the value on all.
            (a, b) if a == b => self.kind,
            // What was filled on one way only holds what it holds there.
            (Kind::List(_), Kind::List(_)) if self.is_empty() => other.kind,
            (Kind::List(_), Kind::List(_)) if other.is_empty() => self.kind,
            (Kind::Map(_), Kind::Map(_)) if self.is_told_by(&other) => other.kind,
            (Kind::Map(_), Kind::Map(_)) if other.is_told_by(&self) => self.kind,
            _ => self.kind.or(other.kind),
        };
        let apart = match (&self.apart, &other.apart) {
            (None, None) => None,
            (Some(one), Some(two)) if one == two => Some(one.clone()),
            (one, two) => {
                let part = |apart: &Option<Rc<Apart>>, deps: &Deps| match apart {
                    Some(apart) => (**apart).clone(),
                    None => Apart { own: deps.clone(), fields: Vec::new() },
                };
                let mut both = part(one, &self.deps);
                both.join(&part(two, &other.deps));
                Some(Rc::new(both))
            }
        };
        let reads = |deps: &Deps| deps.iter().any(|dep| dep.item().is_some());
        let truth = match (self.deps.is_empty(), other.deps.is_empty()) {
            // A default says nothing of what was read, and nor does what the caller gave: `name is not None and name != row.name`.
            (true, false) => other.truth,
            (false, true) => self.truth,
            _ if !reads(&self.deps) && reads(&other.deps) => other.truth,
            _ if reads(&self.deps) && !reads(&other.deps) => self.truth,
            _ => self.truth.and(other.truth),
        };
        Value {
            kind,
            deps: self.deps.with(&other.deps),
            inferred: self.inferred || other.inferred,
            literal,
            sorted: sorted && (self.sorted || other.sorted),
            compared: self.compared || other.compared,
            truth,
            through: self.through.or(other.through),
            parts,
            apart,
            answer: self.answer.or(other.answer),
        }
    }
}
