//! Classes: what they derive from, what derives from them, which method a call means.

use super::{ClassRef, FunctionRef, Kind, Program};
use crate::facts::{Arg, ExprId, ExprKind, Name, StmtKind};
use crate::knowledge::vocabulary::{BaseKind, BaseRow};
use rustc_hash::FxHashMap;

/// How many implementations of one abstract method are followed.
const IMPLEMENTATIONS: usize = 10;

/// How many more are looked at, each for itself.
const FURTHER: usize = 400;

/// Who derives from whom.
#[derive(Debug, Default)]
pub(super) struct ClassTable {
    /// Linearised ancestors inside the project, the class itself first.
    ancestors: FxHashMap<ClassRef, Vec<ClassRef>>,
    /// Names of the bases outside the project.
    externals: FxHashMap<ClassRef, Vec<Name>>,
    /// Classes that derive from it, directly or not.
    descendants: FxHashMap<ClassRef, Vec<ClassRef>>,
    /// For a part of a type in another file than the type: the type.
    owners: FxHashMap<ClassRef, ClassRef>,
    /// Methods that do more than state their signature, by name.
    methods: FxHashMap<Name, Vec<FunctionRef>>,
}

impl ClassTable {
    pub(super) fn new(program: &Program) -> Self {
        let mut direct: FxHashMap<ClassRef, Vec<ClassRef>> = FxHashMap::default();
        let mut external: FxHashMap<ClassRef, Vec<Name>> = FxHashMap::default();
        for class in program.all_classes() {
            let facts = program.facts(class.module);
            let parent = FunctionRef { module: class.module, function: program.class(class).parent };
            for base in &program.class(class).bases {
                // `Generic[T]`, `Base[T]`: the class is what is indexed.
                let base = match &facts.expr(*base).kind {
                    ExprKind::Index { base, .. } => *base,
                    _ => *base,
                };
                match program.infer(parent, base) {
                    Kind::Class(found) => direct.entry(class).or_default().push(found),
                    Kind::External(name) => external.entry(class).or_default().push(name),
                    // `Base = declarative_base()`: the base is a value whose type says what it makes.
                    Kind::Library(value) => {
                        external.entry(class).or_default().push(program.knowledge.type_name(value.ty).into());
                    }
                    _ => {}
                }
            }
        }
        for class in program.all_classes().filter(|c| program.is_rust(c.module)) {
            let facts = program.facts(class.module);
            let parent = FunctionRef { module: class.module, function: program.class(class).parent };
            for decorator in &program.class(class).decorators {
                let ExprKind::Call { callee, args } = &facts.expr(*decorator).kind else { continue };
                // `#[derive(Subcommand)]`: what is derived says what the type is.
                let derived = super::last_name(facts, *callee).is_some_and(|name| name == "derive");
                let said = args.iter().filter(|_| derived).map(|a| a.value).chain([*callee]);
                for name in said.map(|expr| program.infer(parent, expr)) {
                    if let Kind::External(name) = name
                        && program.knowledge.base(crate::knowledge::vocabulary::PackLanguage::Rust, &name).is_some()
                    {
                        external.entry(class).or_default().push(name);
                    }
                }
            }
        }
        let mut table = ClassTable::default();
        let mut parts: FxHashMap<ClassRef, Vec<ClassRef>> = FxHashMap::default();
        for class in program.all_classes() {
            let Some((_, ty)) = program.class(class).keywords.iter().find(|(k, _)| k == "for") else { continue };
            let facts = program.facts(class.module);
            let base = match &facts.expr(*ty).kind {
                ExprKind::Index { base, .. } => *base,
                _ => *ty,
            };
            let parent = FunctionRef { module: class.module, function: program.class(class).parent };
            if program.is_rust(class.module)
                && let Kind::Class(owner) = program.infer(parent, base)
                && owner != class
            {
                table.owners.insert(class, owner);
                parts.entry(owner).or_default().push(class);
            }
        }
        // A test's stand-in is never what the code meets.
        for class in program.all_classes().filter(|c| !program.is_aside(c.module)) {
            for method in &program.class(class).methods {
                let method = FunctionRef { module: class.module, function: *method };
                if !program.is_abstract(method) {
                    table.methods.entry(program.function(method).name.clone()).or_default().push(method);
                }
            }
        }
        for class in program.all_classes() {
            let mut order = vec![class];
            let mut index = 0;
            while index < order.len() && order.len() < 64 {
                for base in parts.get(&order[index]).into_iter().chain(direct.get(&order[index])).flatten() {
                    if !order.contains(base) {
                        order.push(*base);
                    }
                }
                index += 1;
            }
            let outside: Vec<Name> = order.iter().filter_map(|c| external.get(c)).flatten().cloned().collect();
            for ancestor in &order[1..] {
                table.descendants.entry(*ancestor).or_default().push(class);
            }
            table.externals.insert(class, outside);
            table.ancestors.insert(class, order);
        }
        table
    }
}

impl Program<'_> {
    /// The class and its ancestors inside the project, nearest first.
    pub fn ancestors(&self, class: ClassRef) -> Vec<ClassRef> {
        self.classes.ancestors.get(&class).cloned().unwrap_or_else(|| vec![class])
    }

    /// The type that a class is a part of: an impl in another file belongs to its type.
    pub fn owner(&self, class: ClassRef) -> ClassRef {
        self.classes.owners.get(&class).copied().unwrap_or(class)
    }

    /// Qualified names of the ancestors outside the project.
    pub fn external_bases(&self, class: ClassRef) -> &[Name] {
        self.classes.externals.get(&class).map_or(&[], Vec::as_slice)
    }

    /// Classes that derive from it.
    pub fn descendants(&self, class: ClassRef) -> &[ClassRef] {
        self.classes.descendants.get(&class).map_or(&[], Vec::as_slice)
    }

    /// What packs say of a class by what it derives from.
    pub fn base_row(&self, class: ClassRef) -> Option<&BaseRow> {
        let language = self.language(class.module);
        self.external_bases(class).iter().find_map(|name| self.knowledge.base(language, name))
    }

    /// What packs say of a class by its decorators (`@dataclass`) or its own name (`*Agent`).
    pub fn base_row_by_name(&self, class: ClassRef) -> Option<&BaseRow> {
        let named = |c: &ClassRef| self.knowledge.base_by_own_name(self.language(c.module), &self.class(*c).name);
        self.ancestors(class).iter().find_map(named)
    }

    /// Whether packs say that it is a mapped class, one table.
    pub fn model_row(&self, class: ClassRef) -> Option<&BaseRow> {
        let row = self.external_bases(class).iter().find_map(|name| {
            let mapped = |r: &&BaseRow| matches!(r.is, BaseKind::Model | BaseKind::ModelBase | BaseKind::PlainModel | BaseKind::Table);
            self.knowledge.base(self.language(class.module), name).filter(mapped)
        })?;
        if let Some(keyword) = &row.keyword {
            let facts = self.facts(class.module);
            let said = self.ancestors(class).iter().any(|c| {
                c.module == class.module
                    && self.class(*c).keywords.iter().any(|(k, v)| k == keyword && matches!(facts.expr(*v).kind, ExprKind::Bool(true)))
            });
            return said.then_some(row);
        }
        Some(row)
    }

    /// The table of a mapped class: from its attribute, or made of its name as the pack says.
    pub fn table_of(&self, class: ClassRef) -> Option<String> {
        let row = self.model_row(class)?;
        for attribute in &row.table {
            let kind = match attribute.split_once('.') {
                Some((outer, inner)) => match self.class_attribute(class, outer) {
                    Kind::Class(meta) => self.class_attribute(meta, inner),
                    _ => Kind::Unknown,
                },
                None => self.class_attribute(class, attribute),
            };
            if let Some(name) = kind.as_text() {
                return Some(name.to_lowercase());
            }
            if let Some(name) = self.told_by_attribute(class, attribute) {
                return Some(name.to_lowercase());
            }
        }
        let name = self.class(class).name.as_str();
        match row.table_default.as_deref() {
            Some("snake") => Some(snake(name)),
            Some("snake-plural") => Some(format!("{}s", snake(name))),
            Some("lower") => Some(name.to_lowercase()),
            Some("class") => Some(name.to_string()),
            _ => None,
        }
    }

    /// The text or the path that an attribute of a type of Rust gives under a name: `#[diesel(table_name = orders)]`.
    fn told_by_attribute(&self, class: ClassRef, name: &str) -> Option<String> {
        if !self.is_rust(class.module) {
            return None;
        }
        let facts = self.facts(class.module);
        let given = self.class(class).decorators.iter().find_map(|d| match &facts.expr(*d).kind {
            ExprKind::Call { args, .. } => args.iter().find(|a| a.name.as_deref() == Some(name)),
            _ => None,
        })?;
        match &facts.expr(given.value).kind {
            ExprKind::Str(text) => Some(text.to_string()),
            _ => super::last_name(facts, given.value).map(Name::to_string),
        }
    }

    /// What packs say of an enumeration whose variants are the commands of a program.
    pub fn commands_row(&self, class: ClassRef) -> Option<&BaseRow> {
        self.base_row(class).filter(|row| row.is == BaseKind::Commands && !self.class(class).variants.is_empty())
    }

    /// What each of the commands of a program may be called: as its variant, and as attributes of that say.
    pub fn command_names(&self, class: ClassRef) -> Vec<Vec<String>> {
        let facts = self.facts(class.module);
        let naming = self.commands_row(class).map_or(&[][..], |row| row.named.as_slice());
        let said = |decorator: &ExprId| {
            let ExprKind::Call { callee, args } = &facts.expr(*decorator).kind else { return Vec::new() };
            let attribute = super::last_name(facts, *callee).map_or("", Name::as_str);
            let names = |arg: &&Arg| naming.iter().any(|n| n.split_once('.') == Some((attribute, arg.name.as_deref().unwrap_or(""))));
            let text = |arg: &Arg| match &facts.expr(arg.value).kind {
                ExprKind::Str(text) => Some(text.to_string()),
                _ => None,
            };
            args.iter().filter(names).filter_map(text).collect::<Vec<String>>()
        };
        let variants = self.class(class).variants.iter();
        variants.map(|v| std::iter::once(v.name.to_string()).chain(v.decorators.iter().flat_map(said)).collect()).collect()
    }

    /// Whether a class is a table as such.
    pub fn is_table(&self, class: ClassRef) -> bool {
        self.model_row(class).is_some_and(|row| row.is == BaseKind::Table)
    }

    /// Whether instances of a mapped class are plain values.
    pub fn is_plain(&self, class: ClassRef) -> bool {
        self.model_row(class).is_some_and(|row| matches!(row.is, BaseKind::PlainModel | BaseKind::Table))
    }

    /// Whether a mapped class declares a column, itself or in a base: `owner`, and `owner_id` with it.
    pub fn maps_column(&self, class: ClassRef, name: &str) -> bool {
        let declares = |c: &ClassRef, name: &str| !self.class_scope(*c).get(name).is_empty();
        let ancestors = self.ancestors(class);
        ancestors.iter().any(|c| declares(c, name) || name.strip_suffix("_id").is_some_and(|of| declares(c, of)))
    }

    /// Whether rows of a mapped class carry a version, so that an update of an older one fails.
    pub fn is_versioned(&self, class: ClassRef) -> bool {
        let Some(row) = self.model_row(class) else { return false };
        row.versioned_by.iter().filter_map(|attribute| attribute.split_once('.')).any(|(outer, inner)| {
            matches!(self.class_attribute(class, outer), Kind::Map(entries) if entries.iter().any(|(key, _)| key.as_text() == Some(inner)))
        })
    }

    /// The method a class has under this name, its own or inherited.
    pub fn method(&self, class: ClassRef, name: &str) -> Option<FunctionRef> {
        let key = (class, Name::from(name));
        if let Some(known) = self.caches.methods.borrow().get(&key) {
            return *known;
        }
        let found = self.ancestors(class).into_iter().find_map(|c| self.own_method(c, name));
        self.caches.methods.borrow_mut().insert(key, found);
        found
    }

    pub(super) fn own_method(&self, class: ClassRef, name: &str) -> Option<FunctionRef> {
        let facts = self.facts(class.module);
        let found = self.class(class).methods.iter().rev().find(|m| facts.function(**m).name == name)?;
        Some(FunctionRef { module: class.module, function: *found })
    }

    /// The methods a call may mean on a value known to be of this class or one that derives from it.
    pub fn implementations(&self, class: ClassRef, name: &str, exact: bool) -> Vec<FunctionRef> {
        let mut found = self.all_implementations(class, name, exact);
        found.truncate(IMPLEMENTATIONS);
        found
    }

    /// Those beyond the first few: a hundred tools behind one trait.
    pub fn further_implementations(&self, class: ClassRef, name: &str) -> Vec<FunctionRef> {
        self.all_implementations(class, name, false).into_iter().skip(IMPLEMENTATIONS).take(FURTHER).collect()
    }

    fn all_implementations(&self, class: ClassRef, name: &str, exact: bool) -> Vec<FunctionRef> {
        let own = self.method(class, name);
        if exact {
            return own.into_iter().collect();
        }
        match own {
            Some(method) if !self.is_abstract(method) => vec![method],
            _ => {
                let mut found: Vec<FunctionRef> =
                    self.descendants(class).iter().filter_map(|d| self.own_method(*d, name)).filter(|m| !self.is_abstract(*m)).collect();
                // A trait that bundles others: whoever implements the one that has the method.
                if found.is_empty()
                    && let Some(declared) = own.and_then(|m| self.function(m).class.map(|c| ClassRef { module: m.module, class: c }))
                    && declared != class
                {
                    found = self
                        .descendants(declared)
                        .iter()
                        .filter_map(|d| self.own_method(*d, name))
                        .filter(|m| !self.is_abstract(*m))
                        .collect();
                }
                if found.is_empty() && self.is_protocol(class) {
                    found = self.structural(class, name);
                }
                found.sort();
                found.dedup();
                if found.is_empty() { own.into_iter().collect() } else { found }
            }
        }
    }

    fn is_protocol(&self, class: ClassRef) -> bool {
        self.external_bases(class).iter().any(|b| b == "typing.Protocol" || b == "typing_extensions.Protocol")
    }

    /// Methods of the classes that have every method of a protocol.
    fn structural(&self, protocol: ClassRef, name: &str) -> Vec<FunctionRef> {
        let facts = self.facts(protocol.module);
        let wanted: Vec<&Name> = self.class(protocol).methods.iter().map(|m| &facts.function(*m).name).collect();
        let named = self.classes.methods.get(name).into_iter().flatten();
        named
            .copied()
            .filter(|m| {
                let Some(class) = self.function(*m).class.map(|class| ClassRef { module: m.module, class }) else { return false };
                class != protocol && wanted.iter().all(|w| self.own_method(class, w).is_some())
            })
            .collect()
    }

    /// Whether a method only states its signature: an empty body, `...`, or raising NotImplementedError.
    pub fn is_abstract(&self, method: FunctionRef) -> bool {
        let facts = self.facts(method.module);
        let function = self.function(method);
        let marked = function.decorators.iter().any(|d| super::last_name(facts, *d).is_some_and(|n| n == "abstractmethod"));
        marked
            || function.body.iter().all(|s| match &facts.stmt(*s).kind {
                StmtKind::Expr(e) => matches!(facts.expr(*e).kind, ExprKind::Unknown(_) | ExprKind::Str(_) | ExprKind::Null),
                StmtKind::Raise(Some(e)) => {
                    let callee = match &facts.expr(*e).kind {
                        ExprKind::Call { callee, .. } => *callee,
                        _ => *e,
                    };
                    super::last_name(facts, callee).is_some_and(|n| n == "NotImplementedError")
                }
                _ => false,
            })
    }

    /// Classes whose own methods include `name`, when there are few: a receiver of unknown type may be one of them.
    pub fn classes_with_method(&self, name: &str, most: usize) -> Vec<FunctionRef> {
        self.classes.methods.get(name).filter(|found| found.len() <= most).cloned().unwrap_or_default()
    }
}

/// `OrderItem` as `order_item`.
pub fn snake(name: &str) -> String {
    let mut text = String::new();
    let chars: Vec<char> = name.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let boundary = c.is_uppercase() && i > 0 && (!chars[i - 1].is_uppercase() || chars.get(i + 1).is_some_and(|n| n.is_lowercase()));
        if boundary && !text.ends_with('_') {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::snake;

    #[test]
    fn class_names_become_table_names() {
        assert_eq!(snake("OrderItem"), "order_item");
        assert_eq!(snake("HTTPLog"), "http_log");
        assert_eq!(snake("Agent"), "agent");
    }
}
