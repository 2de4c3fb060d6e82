//! What constructors of Rust are given for a field: `Store::new("state.json")`, for an object of which only the type is told.
//!
//! Only texts and paths are followed, and only where every call in the project gives the same: which of several an object was
//! made with, it refuses to guess.

use super::{Args, ClassRef, FunctionRef, Kind, Program, Template, argument_at, last_name, remember};
use crate::facts::{ExprId, ExprKind};
use crate::knowledge::vocabulary::{Effect, PackLanguage};
use std::rc::Rc;

/// How many calls of one constructor are looked at.
const CALLS: usize = 24;
/// How many conversions around a parameter are looked through.
const CONVERSIONS: usize = 4;

impl Program<'_> {
    /// The text or path that a field of a type holds wherever the project makes one; `declared` is what its type says.
    pub(super) fn field_handed(&self, class: ClassRef, name: &str, declared: &Kind) -> Kind {
        let path = self.knowledge.joining_type(PackLanguage::Rust);
        let fits = match declared {
            Kind::Unknown => true,
            Kind::Library(value) => Some(value.ty) == path,
            _ => false,
        };
        if !fits {
            return Kind::Unknown;
        }
        let text = remember(&self.caches.fields_made, (class, name.into()), || self.text_handed(class, name).unwrap_or_default());
        match (&text, declared) {
            (Kind::Text(text), Kind::Library(value)) => {
                let mut value = (**value).clone();
                value.identity = Some((**text).clone());
                Kind::Library(Rc::new(value))
            }
            _ => text,
        }
    }

    fn text_handed(&self, class: ClassRef, name: &str) -> Option<Kind> {
        let mut all: Option<Template> = None;
        for (constructor, index) in self.constructors(class, name) {
            for (at, given) in self.calls_of_constructor(class, constructor, index)? {
                let text = match self.infer(at, given) {
                    kind @ Kind::Text(_) if kind.is_fixed() => kind.template(name),
                    kind @ Kind::Library(_) if kind.is_fixed() => kind.library()?.identity.clone()?,
                    _ => return None,
                };
                if all.as_ref().is_some_and(|known| *known != text) {
                    return None;
                }
                all = Some(text);
            }
        }
        all.map(|text| Kind::Text(Rc::new(text)))
    }

    /// The functions of a type that make one of it, with the parameter that becomes a field.
    fn constructors(&self, class: ClassRef, name: &str) -> Vec<(FunctionRef, usize)> {
        let facts = self.facts(class.module);
        let literals = ["Self", self.class(class).name.as_str()].into_iter().flat_map(|called| self.calls_named(called));
        let mut found = Vec::new();
        for (module, literal) in literals.filter(|(module, _)| *module == class.module) {
            let ExprKind::Call { callee, args } = &facts.expr(*literal).kind else { continue };
            let Some(set) = args.iter().find(|a| a.name.as_deref() == Some(name)) else { continue };
            let at = self.enclosing(*module, *literal);
            if self.infer(at, *callee) != Kind::Class(class) || self.takes_receiver(at) {
                continue;
            }
            if let Some(index) = self.parameter_of(at, self.unconverted(at, set.value)) {
                found.push((at, index));
            }
        }
        found
    }

    /// What a value was before it was made another type of the same: `path.into()`, `PathBuf::from(path)`.
    fn unconverted(&self, at: FunctionRef, value: ExprId) -> ExprId {
        let facts = self.facts(at.module);
        let mut value = value;
        for _ in 0..CONVERSIONS {
            let ExprKind::Call { callee, args } = &facts.expr(value).kind else { break };
            match (&facts.expr(*callee).kind, args.as_slice()) {
                (ExprKind::Attr { base, name }, []) if super::is_the_same(name) => value = *base,
                (_, [only]) if self.converts_to_the_same(at, *callee) => value = only.value,
                _ => break,
            }
        }
        value
    }

    fn converts_to_the_same(&self, at: FunctionRef, callee: ExprId) -> bool {
        let Kind::External(name) = self.infer(at, callee) else { return false };
        let row = self.knowledge.function(PackLanguage::Rust, &name).map(|found| found.row);
        row.is_some_and(|row| {
            row.effect == Effect::Value && (row.returns.as_deref() == Some("argument 0") || row.resource.as_deref() == Some("0"))
        })
    }

    /// Every call of a constructor with what it gives for a parameter; nothing where they are many.
    fn calls_of_constructor(&self, class: ClassRef, constructor: FunctionRef, index: usize) -> Option<Vec<(FunctionRef, ExprId)>> {
        let owner = &self.class(class).name;
        let mut found = Vec::new();
        for (module, call) in self.calls_named(&self.function(constructor).name) {
            let facts = self.facts(*module);
            let ExprKind::Call { callee, args } = &facts.expr(*call).kind else { continue };
            let of_type = matches!(&facts.expr(*callee).kind, ExprKind::Attr { base, .. } if last_name(facts, *base) == Some(owner));
            if !of_type || self.is_aside(*module) {
                continue;
            }
            let at = self.enclosing(*module, *call);
            if !matches!(self.infer(at, *callee), Kind::Function(value) if value.function == constructor) {
                continue;
            }
            let args: Args<ExprId> = args.iter().map(|a| (a.name.clone(), a.value)).collect();
            found.push((at, *argument_at(Some(index), None, &args)?));
            if found.len() > CALLS {
                return None;
            }
        }
        Some(found)
    }
}
