//! Closures: walked for what they captured, once for each set of it.
//!
//! A decorator's wrapper is one closure for as many functions as it decorates: what was walked for one of them says nothing of
//! another. Two sets are the same where they look the same from near; what is nested deeper than that counts as different.

use super::{Captured, Effects, Rc, Summary, walk};
use crate::facts::Name;
use crate::link::{ClassRef, FunctionRef, FunctionValue, Hole, Kind, Part, Template};
use rustc_hash::FxHashMap;

/// How deep closures are walked into one another.
pub(super) const CLOSURE_DEPTH: u8 = 6;

/// For how many sets of captured names one closure is walked.
const WALKS: usize = 400;

/// How deep two captured values are compared.
const NEAR: u8 = 3;

/// What was walked: what was captured, and what is done then.
pub(super) type Walked = FxHashMap<FunctionRef, Vec<(Captured, Rc<Summary>)>>;

impl Effects<'_, '_> {
    /// What a closure does with the names that it captured.
    pub(super) fn closure_summary(&self, value: &FunctionValue, class: Option<ClassRef>) -> Rc<Summary> {
        let captured = self.named_as_declared(value);
        let count = {
            let known = self.closures.borrow();
            let walked = known.get(&value.function).map_or(&[][..], Vec::as_slice);
            if let Some((_, summary)) = walked.iter().find(|(known, _)| same(known, &captured, NEAR)) {
                return summary.clone();
            }
            walked.len()
        };
        let place = self.program.function(value.function).name_span;
        if count >= WALKS {
            self.note_unresolved(
                self.program.site(value.function.module, place),
                format!("a closure over more than {WALKS} sets of names"),
            );
            return Rc::default();
        }
        if self.closure_depth.get() >= CLOSURE_DEPTH {
            return Rc::default();
        }
        self.closure_depth.set(self.closure_depth.get() + 1);
        let summary = Rc::new(walk::summarise(self, value.function, class, &captured, &[]));
        self.closure_depth.set(self.closure_depth.get() - 1);
        self.closures.borrow_mut().entry(value.function).or_default().push((captured, summary.clone()));
        summary
    }
}

impl Effects<'_, '_> {
    /// What was captured, with what its maker's caller knows named as the maker declares it: within the closure it is no
    /// parameter of its own.
    fn named_as_declared(&self, value: &FunctionValue) -> Captured {
        let module = value.function.module;
        let open = |t: &Option<Template>| t.as_ref().is_some_and(|t| t.parts.iter().any(of_parameter));
        let is_open = |kind: &Kind| kind.library().is_some_and(|l| open(&l.identity) || open(&l.instance));
        let maker = self.program.function(value.function).parent.filter(|_| !self.program.is_rust(module));
        let Some(function) = maker.filter(|_| value.captured.iter().any(|(_, kind)| is_open(kind))) else {
            return value.captured.clone();
        };
        let params = &self.program.function(FunctionRef { module, function }).params;
        let named = |t: &Template| {
            let mut all = Template::default();
            for part in &t.parts {
                match part {
                    Part::Hole(Hole::Parameter(index)) => {
                        let name = params.get(usize::from(*index)).map_or("", |p| p.name.as_str());
                        all.push(Part::Hole(Hole::Named(name.into())));
                    }
                    part => all.push(part.clone()),
                }
            }
            all
        };
        let each = |(name, kind): &(Name, Kind)| match kind {
            Kind::Library(library) if is_open(kind) => {
                let mut library = (**library).clone();
                library.identity = library.identity.as_ref().map(named);
                library.instance = library.instance.as_ref().map(named);
                (name.clone(), Kind::Library(Rc::new(library)))
            }
            kind => (name.clone(), kind.clone()),
        };
        Rc::new(value.captured.iter().map(each).collect())
    }
}

fn of_parameter(part: &Part) -> bool {
    matches!(part, Part::Hole(Hole::Parameter(_)))
}

fn same(one: &Captured, other: &Captured, depth: u8) -> bool {
    let names = |(a, x): &(Name, Kind), (b, y): &(Name, Kind)| a == b && alike(x, y, depth);
    Rc::ptr_eq(one, other) || one.len() == other.len() && one.iter().zip(other.iter()).all(|(a, b)| names(a, b))
}

fn alike(one: &Kind, other: &Kind, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let both = |a: &[Kind], b: &[Kind]| a.len() == b.len() && a.iter().zip(b).all(|(x, y)| alike(x, y, depth));
    match (one, other) {
        (Kind::Function(a), Kind::Function(b)) => {
            let receivers = match (&a.receiver, &b.receiver) {
                (None, None) => true,
                (Some(x), Some(y)) => alike(x, y, depth),
                _ => false,
            };
            let bound = a.bound.len() == b.bound.len() && a.bound.iter().zip(&b.bound).all(|(x, y)| x.0 == y.0 && alike(&x.1, &y.1, depth));
            a.function == b.function && a.plain == b.plain && receivers && bound && same(&a.captured, &b.captured, depth)
        }
        (Kind::Object(a), Kind::Object(b)) => a.class == b.class && a.site == b.site && a.exact == b.exact,
        (Kind::Library(a), Kind::Library(b)) => a.ty == b.ty && a.site == b.site && a.identity == b.identity && a.instance == b.instance,
        (Kind::Member(a), Kind::Member(b)) => a.1 == b.1 && alike(&a.0, &b.0, depth),
        (Kind::List(a), Kind::List(b)) | (Kind::OneOf(a), Kind::OneOf(b)) => both(a, b),
        (Kind::Map(a), Kind::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(x, y)| alike(&x.0, &y.0, depth) && alike(&x.1, &y.1, depth))
        }
        (Kind::Lookup(a), Kind::Lookup(b)) => alike(&a.0, &b.0, depth) && both(&a.1, &b.1),
        (Kind::Called(a), Kind::Called(b)) => alike(a, b, depth),
        (
            Kind::Called(_) | Kind::Function(_) | Kind::Object(_) | Kind::Library(_) | Kind::Member(_) | Kind::List(_) | Kind::OneOf(_),
            _,
        ) => false,
        (Kind::Map(_) | Kind::Lookup(_), _) => false,
        // What is left holds no other value.
        _ => one == other,
    }
}
