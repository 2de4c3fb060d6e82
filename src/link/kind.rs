//! What an expression is worth as far as names, types and constants tell: the values that linking and summaries share.

use super::{ClassRef, FunctionRef};
use crate::facts::Name;
use crate::knowledge::TypeId;
use crate::source::Site;
use std::rc::Rc;

/// How many alternatives a value keeps before it is unknown.
pub const ALTERNATIVES: usize = 12;

/// A value, as far as it is known.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Kind {
    /// Nothing is known.
    #[default]
    Unknown,
    /// `None`.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number; durations are in seconds.
    Float(f64),
    /// A string, perhaps with holes.
    Text(Rc<Template>),
    /// A function, perhaps bound to a receiver and to some arguments.
    Function(Rc<FunctionValue>),
    /// A class of the project.
    Class(ClassRef),
    /// An instance of a class of the project.
    Object(Rc<Object>),
    /// A value of a type that a pack tracks.
    Library(Rc<LibraryValue>),
    /// A name outside the project: `redis.Redis`.
    External(Name),
    /// A method or attribute of a value whose rows decide what it means.
    Member(Rc<(Kind, Name)>),
    /// A module of the project.
    Module(u32),
    /// The first names of a module path that has no file of its own, seen from a module.
    Namespace(Name, u32),
    /// A list, tuple or set with known elements.
    List(Rc<Vec<Kind>>),
    /// A mapping with known entries.
    Map(Rc<Vec<(Kind, Kind)>>),
    /// The value of a parameter of the function being summarised.
    Parameter(u8),
    /// An attribute of such a value, or of the receiver's state: kept by its path.
    ParameterMember(Rc<(u8, Name)>),
    /// A field of the receiver that depends on how the object was made.
    Field(Name),
    /// A name that a closure captured, whose value only the caller of the function around it knows.
    Captured(Name),
    /// What calling that gives, which only the caller knows: an instance where it is a class.
    Called(Rc<Kind>),
    /// What the call gives that an item of the same summary is, whose callee only the caller knows.
    Answer(u32),
    /// Something to call, of which an annotation tells what it gives: `Callable[[], Session]`.
    Gives(Rc<Kind>),
    /// What a table holds under a key that is not known: the values it has, and the default where the key is missing.
    Lookup(Rc<(Kind, Vec<Kind>)>),
    /// One of several values.
    OneOf(Rc<Vec<Kind>>),
}

/// A string in pieces.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Template {
    /// The pieces in order; two texts never stand side by side.
    pub parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Fixed text.
    Text(Name),
    /// A value that is not known here.
    Hole(Hole),
}

/// Where an unknown piece comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hole {
    /// A parameter of the function being summarised.
    Parameter(u8),
    /// A field of the receiver that depends on how the object was made.
    Field(Name),
    /// A name that a closure captured and whose value is not known yet.
    Captured(Name),
    /// An environment variable or setting.
    Environment(Name),
    /// A variable or expression of this name.
    Named(Name),
    /// A value that differs at each run: uuid, clock.
    Fresh,
}

impl Template {
    /// A template of fixed text.
    pub fn text(text: impl Into<Name>) -> Self {
        let text = text.into();
        if text.is_empty() { Template::default() } else { Template { parts: vec![Part::Text(text)] } }
    }

    /// A template that is one hole.
    pub fn hole(hole: Hole) -> Self {
        Template { parts: vec![Part::Hole(hole)] }
    }

    /// The whole text, where there is no hole.
    pub fn constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Append a piece, joining neighbouring texts.
    pub fn push(&mut self, part: Part) {
        match (self.parts.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(last)), Part::Text(text)) => last.push_str(&text),
            (_, part) => self.parts.push(part),
        }
    }

    /// Append another template.
    pub fn extend(&mut self, other: &Template) {
        for part in &other.parts {
            self.push(part.clone());
        }
    }

    /// A part of what this names, as a file is of a folder.
    pub fn with_part(&self, part: &Template) -> Template {
        let mut name = self.clone();
        name.push(Part::Text("/".into()));
        name.extend(part);
        name
    }

    /// As people read it: holes are `*`.
    pub fn pattern(&self) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(t) => text.push_str(t),
                Part::Hole(Hole::Environment(name)) => {
                    text.push('$');
                    text.push_str(name);
                }
                Part::Hole(_) if text.ends_with('*') => {}
                Part::Hole(_) => text.push('*'),
            }
        }
        text
    }

    /// Whether it is a path below the one that is a folder.
    pub fn lies_below(&self, folder: &Template) -> bool {
        let Some((last, before)) = folder.parts.split_last() else { return false };
        let rest = self.parts.get(before.len()..).filter(|_| self.parts.starts_with(before)).unwrap_or_default();
        let slash = |part: Option<&Part>| matches!(part, Some(Part::Text(text)) if text.starts_with('/'));
        match (last, rest) {
            (Part::Text(own), [Part::Text(longer), ..]) => {
                longer.strip_prefix(own.as_str()).is_some_and(|more| more.starts_with('/') || own.ends_with('/') && !more.is_empty())
            }
            (own, [same, more @ ..]) => own == same && slash(more.first()),
            _ => false,
        }
    }

    /// Whether any piece is fixed text.
    pub fn has_text(&self) -> bool {
        self.parts
            .iter()
            .any(|p| matches!(p, Part::Text(t) if t.chars().any(char::is_alphanumeric)) || matches!(p, Part::Hole(Hole::Environment(_))))
    }

    /// Names of its holes that are variables.
    pub fn hole_names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|p| match p {
            Part::Hole(Hole::Named(name)) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether a caller can still fill a piece of it.
    pub fn is_open(&self) -> bool {
        self.parts.iter().any(|p| matches!(p, Part::Hole(Hole::Parameter(_) | Hole::Field(_) | Hole::Captured(_))))
    }
}

/// A function value.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionValue {
    /// Which function.
    pub function: FunctionRef,
    /// The object it is bound to.
    pub receiver: Option<Kind>,
    /// Arguments bound by `partial`.
    pub bound: Vec<(Option<Name>, Kind)>,
    /// Names it captured from the functions around it.
    pub captured: Rc<Vec<(Name, Kind)>>,
    /// Its decorators are left out: what they wrap.
    pub plain: bool,
}

impl FunctionValue {
    /// A function as it stands, bound to nothing but its receiver.
    pub fn of(function: FunctionRef, receiver: Option<Kind>) -> Self {
        FunctionValue { function, receiver, bound: Vec::new(), captured: Rc::default(), plain: false }
    }

    /// The class of the object that it is bound to, or the class itself.
    pub fn receiver_class(&self) -> Option<ClassRef> {
        match &self.receiver {
            Some(Kind::Object(object)) => Some(object.class),
            Some(Kind::Class(class)) => Some(*class),
            _ => None,
        }
    }
}

/// An instance of a class of the project.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its class, or a class it derives from.
    pub class: ClassRef,
    /// It was made by calling that very class, not told by an annotation.
    pub exact: bool,
    /// What its constructor was given, where that is known.
    pub args: Rc<Vec<(Option<Name>, Kind)>>,
    /// Where it was made.
    pub site: Option<Site>,
}

/// A value of a type that a pack tracks.
#[derive(Clone, Debug, PartialEq)]
pub struct LibraryValue {
    /// Its type.
    pub ty: TypeId,
    /// What names it: a path, a key, a collection, a lock.
    pub identity: Option<Template>,
    /// What tells its store from others of the kind: DSN, host.
    pub instance: Option<Template>,
    /// Where it was made.
    pub site: Option<Site>,
    /// What its constructor was given: tools, members, time to live.
    pub args: Rc<Vec<(Option<Name>, Kind)>>,
    /// The variable it was first assigned to or the attribute it was read from.
    pub target: Option<Name>,
    /// The value it was derived from, for chains of statement builders.
    pub parent: Option<Rc<LibraryValue>>,
    /// What it is about, for statements and rows: a mapped class.
    pub subject: Kind,
    /// The lock it is, where a row makes one.
    pub lock: Option<Rc<super::LockUse>>,
    /// What the calls that built it said, in order: `select`, `where`, `for-update`, `conflict`.
    pub traits: Vec<Name>,
    /// The columns that its conditions name.
    pub asks: Vec<Asked>,
    /// The columns that it sets, with what is known of the values.
    pub sets: Vec<(Name, Kind)>,
    /// A mapping whose entries it sets, where only the caller knows it.
    pub given: Kind,
    /// The columns by which it knows the row that is there already.
    pub target_of_conflict: Vec<Name>,
    /// The column of which its first row has the highest value.
    pub highest: Option<Name>,
}

/// A column that a condition names.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Its name.
    pub column: Name,
    /// The condition asks for a state that the code names, and not for a record that the caller names.
    pub fixed: bool,
    /// It asks for what lies on one side of a bound: older than, more than.
    pub bounds: bool,
}

impl Kind {
    /// Whether it says which one a value is, and not only of which type.
    pub(super) fn is_told(&self) -> bool {
        match self {
            Kind::Unknown | Kind::Null => false,
            Kind::Object(object) => object.exact,
            Kind::Library(value) => value.identity.is_some() || value.instance.is_some() || value.subject != Kind::Unknown,
            Kind::Text(text) => text.constant().is_some(),
            Kind::OneOf(kinds) => kinds.iter().all(|kind| *kind == Kind::Null || kind.is_told()),
            _ => true,
        }
    }

    /// Whether it is told, and the same whoever asks: nothing in its name is filled in at run time.
    pub(super) fn is_fixed(&self) -> bool {
        let fixed = |text: &Template| !text.parts.iter().any(|p| matches!(p, Part::Hole(hole) if !matches!(hole, Hole::Environment(_))));
        match self {
            Kind::Object(object) => {
                object.exact
                    && object.args.iter().all(|(_, k)| !matches!(k, Kind::Text(_) | Kind::Library(_) | Kind::Object(_)) || k.is_fixed())
            }
            Kind::Library(value) => self.is_told() && value.identity.as_ref().is_none_or(fixed),
            Kind::Text(text) => fixed(text),
            Kind::Function(_) | Kind::Class(_) => true,
            _ => false,
        }
    }

    /// Whether another value is of the same sort: an object, a library's value of the same type, a text.
    pub(super) fn is_like(&self, other: &Kind) -> bool {
        match (self, other) {
            (Kind::OneOf(kinds), _) => kinds.iter().any(|kind| kind.is_like(other)),
            (Kind::Library(a), Kind::Library(b)) => a.ty == b.ty,
            (Kind::Object(_), Kind::Object(_)) | (Kind::Text(_), Kind::Text(_)) => true,
            _ => false,
        }
    }

    /// A function with arguments that `partial` binds to it; anything else as it is.
    pub fn bound_to(&self, args: &[(Option<Name>, Kind)]) -> Kind {
        let Kind::Function(function) = self else { return self.clone() };
        let mut function = (**function).clone();
        function.bound.extend(args.iter().cloned());
        Kind::Function(Rc::new(function))
    }

    /// An instance of a class of the project, made nobody knows where.
    pub fn instance(class: ClassRef) -> Kind {
        Kind::Object(Rc::new(Object { class, exact: false, args: Rc::default(), site: None }))
    }

    /// A constant string.
    pub fn text(text: impl Into<Name>) -> Kind {
        Kind::Text(Rc::new(Template::text(text)))
    }

    /// The constant string it is, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Kind::Text(template) => template.constant(),
            _ => None,
        }
    }

    /// As a piece of a larger text.
    pub fn template(&self, hint: &str) -> Template {
        match self {
            Kind::Text(template) => (**template).clone(),
            Kind::Int(number) => Template::text(number.to_string()),
            Kind::Float(number) => Template::text(number.to_string()),
            Kind::Bool(value) => Template::text(value.to_string()),
            Kind::Parameter(index) => Template::hole(Hole::Parameter(*index)),
            Kind::Field(name) => Template::hole(Hole::Field(name.clone())),
            Kind::Captured(name) => Template::hole(Hole::Captured(name.clone())),
            Kind::Lookup(table) => table.0.template(hint),
            // One of a list's elements: told where there is only one.
            Kind::List(items) if items.len() == 1 => items[0].template(hint),
            Kind::Library(value) if value.identity.is_some() => value.identity.clone().unwrap_or_default(),
            Kind::OneOf(kinds) if kinds.iter().any(|k| matches!(k, Kind::Library(_))) => one_of(kinds, hint),
            Kind::OneOf(kinds) => completed(kinds, hint).unwrap_or_else(|| Template::hole(Hole::Named(hint.into()))),
            _ => Template::hole(Hole::Named(hint.into())),
        }
    }

    /// Whether it is nothing but a value that differs at each run.
    pub fn is_fresh(&self) -> bool {
        matches!(self, Kind::Text(template) if matches!(template.parts.as_slice(), [Part::Hole(Hole::Fresh)]))
    }

    /// As one step of a path: of several constant names, the first.
    pub fn segment(&self, hint: &str) -> Template {
        match self {
            Kind::OneOf(kinds) => match kinds.iter().find(|k| k.as_text().is_some()) {
                Some(first) => first.template(hint),
                None => one_of(kinds, hint),
            },
            kind => kind.template(hint),
        }
    }

    /// The number it is, in whatever unit it was written.
    pub fn number(&self) -> Option<f64> {
        match self {
            Kind::Int(number) => Some(*number as f64),
            Kind::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether it is known to be false in a condition.
    pub fn is_falsy(&self) -> bool {
        matches!(self, Kind::Null | Kind::Bool(false) | Kind::Int(0))
    }

    /// Whether its name is all that is known of it.
    pub fn is_only_named(&self) -> bool {
        matches!(self, Kind::Text(text) if matches!(text.parts.as_slice(), [Part::Hole(Hole::Named(_))]))
    }

    /// Its alternatives: itself, or the members of a choice.
    pub fn alternatives(&self) -> &[Kind] {
        match self {
            Kind::OneOf(kinds) => kinds,
            one => std::slice::from_ref(one),
        }
    }

    /// Either this or that; unknown values and `None` give way to what is known.
    pub fn or(self, other: Kind) -> Kind {
        match (&self, &other) {
            (Kind::Unknown | Kind::Null, _) if !matches!(other, Kind::Unknown | Kind::Null) => return other,
            (_, Kind::Unknown | Kind::Null) => return self,
            _ if self == other => return self,
            _ => {}
        }
        let mut all: Vec<Kind> = self.alternatives().to_vec();
        for kind in other.alternatives() {
            if !all.contains(kind) {
                all.push(kind.clone());
            }
        }
        if all.len() > ALTERNATIVES { Kind::Unknown } else { Kind::OneOf(Rc::new(all)) }
    }

    /// Its alternatives without those that only tell the type of another that was made in sight.
    pub(super) fn without_types_of_made(self) -> Kind {
        let Kind::OneOf(kinds) = &self else { return self };
        let made = |ty: TypeId| kinds.iter().any(|k| matches!(k, Kind::Library(other) if other.ty == ty && other.site.is_some()));
        let only_typed = |kind: &Kind| matches!(kind, Kind::Library(value) if **value == LibraryValue::of(value.ty) && made(value.ty));
        if !kinds.iter().any(only_typed) {
            return self;
        }
        kinds.iter().filter(|kind| !only_typed(kind)).cloned().fold(Kind::Unknown, Kind::or)
    }

    /// The library value it is, if it is one or one of its alternatives is.
    pub fn library(&self) -> Option<&Rc<LibraryValue>> {
        self.alternatives().iter().find_map(|k| match k {
            Kind::Library(value) => Some(value),
            _ => None,
        })
    }
}

impl LibraryValue {
    /// A value of a type and nothing else known.
    pub fn of(ty: TypeId) -> Self {
        LibraryValue {
            ty,
            identity: None,
            instance: None,
            site: None,
            args: Rc::default(),
            target: None,
            parent: None,
            subject: Kind::Unknown,
            lock: None,
            traits: Vec::new(),
            asks: Vec::new(),
            target_of_conflict: Vec::new(),
            sets: Vec::new(),
            given: Kind::Unknown,
            highest: None,
        }
    }
}

/// A path that is completed where it is not whole yet, as by `if root not in path: path = join(root, path)`: the one that ends in
/// each of the others.
fn completed(kinds: &[Kind], hint: &str) -> Option<Template> {
    let all: Vec<Template> = kinds.iter().map(|kind| kind.template(hint)).collect();
    let whole = all.iter().max_by_key(|template| template.parts.len())?;
    let is_end = |end: &Template| match (end.constant(), whole.parts.last()) {
        (Some(text), Some(Part::Text(last))) => last.strip_suffix(text).is_some_and(|before| before.ends_with('/')),
        _ => whole
            .parts
            .strip_suffix(end.parts.as_slice())
            .is_some_and(|before| matches!(before.last(), Some(Part::Text(text)) if text.ends_with('/'))),
    };
    all.iter().all(|template| template == whole || is_end(template)).then(|| whole.clone())
}

/// A path or key that is looked for in several places: the first whose last step is told, else the first that is told at all.
fn one_of(kinds: &[Kind], hint: &str) -> Template {
    let told: Vec<Template> = kinds.iter().map(|k| k.template(hint)).filter(Template::has_text).collect();
    let named = told.iter().find(|t| matches!(t.parts.last(), Some(Part::Text(text)) if text.chars().any(char::is_alphanumeric)));
    named.or(told.first()).cloned().unwrap_or_else(|| Template::hole(Hole::Named(hint.into())))
}
