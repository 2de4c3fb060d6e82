//! What may be asked of the packs. All look-ups are by hash; a chain of `is` is walked, and it is short.

use super::vocabulary::Effect;
use super::*;

impl<'k> Found<'k> {
    fn outside(pack: &'k Pack, row: &'k Row) -> Self {
        Found { row, pack, owner: None }
    }
}

/// Types.
impl Knowledge {
    /// The type of that name.
    pub fn type_named(&self, name: &str) -> Option<TypeId> {
        self.types.named(name)
    }

    /// What the packs say about a type.
    pub fn type_def(&self, ty: TypeId) -> &TypeDef {
        &self.types.get(ty).def
    }

    /// Its name.
    pub fn type_name(&self, ty: TypeId) -> &str {
        &self.types.get(ty).name
    }

    /// The pack that declared it.
    pub fn pack_of_type(&self, ty: TypeId) -> &Pack {
        &self.packs[self.types.get(ty).pack as usize]
    }

    /// The type whose making joins the steps of a path.
    pub fn path_type(&self) -> Option<TypeId> {
        let joins = |ty: &TypeId| self.type_def(*ty).construct.as_ref().is_some_and(|row| row.effect == Effect::JoinPath);
        (0..self.type_count() as u32).map(TypeId).find(joins)
    }

    /// The type that paths of a language are, where a method of it joins steps to it.
    pub fn joining_type(&self, language: PackLanguage) -> Option<TypeId> {
        let joins = |ty: &TypeId| {
            let of_language = self.pack_of_type(*ty).language == language;
            of_language && self.type_def(*ty).methods.iter().any(|row| row.effect == Effect::JoinPath)
        };
        (0..self.type_count() as u32).map(TypeId).find(joins)
    }

    /// How many types there are; their ids run from 0.
    pub fn type_count(&self) -> usize {
        self.types.iter().count()
    }

    /// Whether `ty` is `other`, or shares its rows.
    pub fn is_a(&self, ty: TypeId, other: TypeId) -> bool {
        self.types.get(ty).lineage.contains(&other)
    }

    /// Prefix of the ids of resources reached through it: its own, else that of what it is, else its pack's.
    pub fn store_of(&self, ty: TypeId) -> Option<&str> {
        let own = self.types.lineage(ty).find_map(|(_, ty)| ty.def.store.as_deref());
        own.or_else(|| self.pack_of_type(ty).store.as_deref())
    }

    /// The dialect of its SQL: its own, else that of what it is.
    pub fn dialect_of(&self, ty: TypeId) -> Option<&str> {
        self.types.lineage(ty).find_map(|(_, ty)| ty.def.dialect.as_deref())
    }

    /// The type that a call of this name makes, or that an annotation of this name means.
    pub fn made_by(&self, language: PackLanguage, qualified: &str) -> Option<TypeId> {
        self.language(language).makers.get(qualified)
    }

    /// The type of an attribute: by its own row, else of any attribute.
    pub fn attribute_type(&self, ty: TypeId, attribute: &str) -> Option<TypeId> {
        let named = self.types.lineage(ty).find_map(|(_, ty)| ty.def.attributes.get(attribute));
        match named {
            Some(name) => self.type_named(name),
            None => self.inherited_type(ty, |def| def.attribute_type.as_ref()),
        }
    }

    /// The type of `value[key]`.
    pub fn item_type(&self, ty: TypeId) -> Option<TypeId> {
        self.inherited_type(ty, |def| def.item_type.as_ref())
    }

    /// The type that `with value as x` binds: the value's own where no row says otherwise.
    pub fn enter_type(&self, ty: TypeId) -> TypeId {
        self.inherited_type(ty, |def| def.enter_type.as_ref()).unwrap_or(ty)
    }

    /// The type that iterating over it yields.
    pub fn iter_type(&self, ty: TypeId) -> Option<TypeId> {
        self.inherited_type(ty, |def| def.iter_type.as_ref())
    }

    /// Whether values of a type hold a value of another one, which its parameter names: `ContextVar[Store]`.
    pub fn holds(&self, ty: TypeId) -> bool {
        let definition = self.type_def(ty);
        !definition.held_as.is_empty() || definition.methods.iter().any(|row| row.returns.as_deref() == Some("held"))
    }

    /// What a row's `returns` (or a variant's) means.
    pub fn returned<'r>(&self, returns: &'r str) -> Option<Returned<'r>> {
        match returns {
            "receiver" => Some(Returned::Receiver),
            "held" => Some(Returned::Held),
            "element" => Some(Returned::Element),
            _ => match (returns.strip_prefix("argument "), returns.strip_prefix("instance of ")) {
                (Some(place), _) => Some(Returned::Argument(place)),
                (_, Some(place)) => Some(Returned::Instance(place)),
                _ => self.type_named(returns).map(Returned::Type),
            },
        }
    }

    fn inherited_type<'k>(&'k self, ty: TypeId, field: impl Fn(&'k TypeDef) -> Option<&'k String>) -> Option<TypeId> {
        let name = self.types.lineage(ty).find_map(|(_, ty)| field(&ty.def));
        name.and_then(|name| self.type_named(name))
    }
}

/// Rows.
impl Knowledge {
    /// What calling a function means.
    pub fn function(&self, language: PackLanguage, qualified: &str) -> Option<Found<'_>> {
        let at = self.language(language).functions.get(qualified)?;
        let pack = &self.packs[at.pack as usize];
        Some(Found::outside(pack, &pack.functions[at.row as usize]))
    }

    /// What a decorator means; a function that `decorates` is one as well.
    pub fn decorator(&self, language: PackLanguage, qualified: &str) -> Option<Found<'_>> {
        let Some(at) = self.language(language).decorators.get(qualified) else {
            return self.function(language, qualified).filter(|found| found.row.decorates);
        };
        let pack = &self.packs[at.pack as usize];
        Some(Found::outside(pack, &pack.decorators[at.row as usize]))
    }

    /// What a method of a type means: its own row, else the first of what it `is`, breadth first.
    pub fn method(&self, ty: TypeId, name: &str) -> Option<Found<'_>> {
        self.types.method(ty, name).map(|at| self.found(at))
    }

    /// Whether rows that were read through a value of a type are detached from it where the block around it ends.
    pub fn detaches_rows(&self, ty: TypeId) -> bool {
        self.types.lineage(ty).any(|(_, ty)| ty.def.detaches_rows)
    }

    /// Methods of what a value gives access to (a guard) that change it, by the rows of all such types.
    pub fn changing_methods(&self) -> FxHashSet<CompactString> {
        let rows = self.types.iter().filter(|(_, ty)| ty.def.derefs).flat_map(|(_, ty)| &ty.def.methods);
        rows.filter(|row| row.kind.as_deref() == Some("memory")).flat_map(|row| &row.name).map(CompactString::from).collect()
    }

    /// What tells that a unique key refused what was written, of all packs.
    pub fn refused_key(&self) -> RefusedKey {
        let mut all = RefusedKey::default();
        for refused in self.packs.iter().filter_map(|pack| pack.refused_key.as_ref()) {
            all.names.extend(refused.names.iter().cloned());
            all.codes.extend(refused.codes.iter().cloned());
            all.numbers.extend(&refused.numbers);
        }
        all
    }

    /// Methods by which Python asks a store for rows, or goes on with what it gave: `query.filter(…)`, `result.first()`.
    pub fn methods_of_queries(&self) -> FxHashSet<CompactString> {
        let element = |row: &Row| row.returns.as_deref() == Some("element");
        let asks = |row: &Row| matches!(row.effect, Effect::OrmLoad | Effect::OrmFilter | Effect::OrmOrder | Effect::OrmStatement);
        let of_python = self.types.iter().filter(|(_, ty)| self.packs[ty.pack as usize].language == PackLanguage::Python);
        let of_rows = of_python.filter(|(_, ty)| ty.def.methods.iter().any(|row| element(row) || asks(row)));
        let gives = |row: &&Row| element(row) || asks(row) || row.effect == Effect::Value && row.returns.as_deref() == Some("receiver");
        of_rows.flat_map(|(_, ty)| ty.def.methods.iter().filter(gives)).flat_map(|row| &row.name).map(CompactString::from).collect()
    }

    /// What calling a value of a type means.
    pub fn called(&self, ty: TypeId) -> Option<Found<'_>> {
        self.method(ty, "__call__").or_else(|| self.method(ty, "call"))
    }

    /// What making a value of a type means.
    pub fn construct(&self, ty: TypeId) -> Option<Found<'_>> {
        self.types.lineage(ty).find_map(|(owner, ty)| {
            let row = ty.def.construct.as_ref()?;
            Some(Found { row, pack: &self.packs[ty.construct_pack as usize], owner: Some(owner) })
        })
    }

    /// What `with value:` means.
    pub fn enter(&self, ty: TypeId) -> Option<Found<'_>> {
        self.types.lineage(ty).find_map(|(owner, ty)| {
            let row = ty.def.enter.as_ref()?;
            Some(Found { row, pack: &self.packs[ty.enter_pack as usize], owner: Some(owner) })
        })
    }

    /// The row for a method of a receiver whose type is unknown, guessed from the receiver's name: the best of
    /// [`unknown_receivers`](Self::unknown_receivers), whatever the file imports.
    pub fn unknown_receiver(&self, language: PackLanguage, receiver: &str, method: &str) -> Option<Found<'_>> {
        self.unknown_receivers(language, receiver, method).next()
    }

    /// All such rows, the best first: longer names before shorter ones, `*` last. Two libraries may share a name; take
    /// the first whose pack's roots the file can reach. `owner` is the type that the receiver is then taken for.
    pub fn unknown_receivers(&self, language: PackLanguage, receiver: &str, method: &str) -> impl Iterator<Item = Found<'_>> {
        self.language(language).unknown.get(receiver, method).map(|at| self.found(at))
    }

    /// Prefix of the ids of the resource that a row names: the row's, else that of the receiver's type (or of the type the
    /// row stands under), else the pack's.
    pub fn store_for<'k>(&'k self, found: &Found<'k>, receiver: Option<TypeId>) -> Option<&'k str> {
        let ty = receiver.or(found.owner);
        let of_type = || ty.and_then(|ty| self.store_of(ty));
        found.row.store.as_deref().or_else(of_type).or(found.pack.store.as_deref())
    }

    fn found(&self, at: MethodAt) -> Found<'_> {
        let ty = self.types.get(at.owner);
        let pack = &self.packs[ty.pack_of(at.row) as usize];
        Found { row: &ty.def.methods[at.row as usize], pack, owner: Some(at.owner) }
    }
}

/// Bases, documents, packs.
impl Knowledge {
    /// What a class is that derives from this one.
    pub fn base(&self, language: PackLanguage, qualified: &str) -> Option<&BaseRow> {
        self.language(language).bases.get(qualified).map(|at| self.base_at(at))
    }

    /// What a class is by its own name: the row with the longest `*Suffix` that its name ends with.
    pub fn base_by_own_name(&self, language: PackLanguage, class_name: &str) -> Option<&BaseRow> {
        let language = self.language(language);
        let tails = language.suffix_lengths.iter().filter_map(|length| {
            let start = class_name.len().checked_sub(*length)?;
            class_name.get(start..)
        });
        tails.filter_map(|tail| language.suffixes.get(tail)).next().map(|at| self.base_at(*at))
    }

    /// The declarations in documents of all packs.
    pub fn documents(&self) -> impl Iterator<Item = &DocumentRow> {
        self.packs.iter().flat_map(|pack| &pack.documents)
    }

    /// The programs that commands start, of all packs.
    pub fn commands(&self) -> impl Iterator<Item = &CommandRow> {
        self.packs.iter().flat_map(|pack| &pack.commands)
    }

    /// Protocols whose servers projects write themselves, of all packs.
    pub fn protocols(&self) -> impl Iterator<Item = &ProtocolRow> {
        self.packs.iter().flat_map(|pack| &pack.protocols)
    }

    /// Whether a program of this name or path runs scripts that its arguments name, or the command that they are.
    pub fn runs_scripts(&self, program: &str) -> bool {
        let name = program.rsplit('/').next().unwrap_or(program);
        let named = |row: &&CommandRow| row.names(name);
        self.commands().filter(named).any(|row| row.wraps || row.script.is_some() || !row.module.is_empty())
    }

    /// Calls that define tables and keys, of all packs.
    pub fn schema_rows(&self) -> impl Iterator<Item = &SchemaRow> {
        self.packs.iter().flat_map(|pack| &pack.schema)
    }

    /// Whether a name stands for the list of words that a program is started with.
    pub fn is_arguments(&self, qualified: &str) -> bool {
        self.packs.iter().any(|pack| pack.arguments.iter().any(|name| name == qualified))
    }

    /// Import roots of packs that speak of nothing but what defines tables.
    pub fn defining_roots(&self) -> FxHashSet<&str> {
        let packs = self.packs.iter().filter(|pack| !pack.schema.is_empty());
        packs.flat_map(|pack| &pack.roots).map(String::as_str).collect()
    }

    /// What the tools of migrations call things, of all packs.
    pub fn migrations(&self) -> impl Iterator<Item = &MigrationRow> {
        self.packs.iter().flat_map(|pack| &pack.migrations)
    }

    /// Metrics about waiting for locks that exporters provide, of all packs.
    pub fn exported(&self) -> impl Iterator<Item = &ExportedMetric> {
        self.packs.iter().flat_map(|pack| &pack.exported)
    }

    /// Settings that bound every wait for a lock on what some type connects to.
    pub fn settings_of_waits(&self) -> impl Iterator<Item = &str> {
        self.types.iter().flat_map(|(_, ty)| &ty.def.waits_bounded_with).map(String::as_str)
    }

    /// All packs. Their `types` are empty here: they are reached through [`Knowledge::type_def`].
    pub fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// Whether this is the import root of a pack, written as the pack writes it.
    pub fn is_external_root(&self, language: PackLanguage, root: &str) -> bool {
        self.language(language).roots.contains(root)
    }

    /// Whether a module, or what is imported from it, lies under an import root of a pack.
    pub fn knows_module(&self, language: PackLanguage, module: &str) -> bool {
        prefixes(module).any(|prefix| self.is_external_root(language, prefix))
    }

    /// Identifiers without which a file cannot declare an actor (see also [`actor_suffixes`](Self::actor_suffixes)): names
    /// of functions, classes, decorators, bases and methods whose rows declare an actor or a part of one, functions and
    /// classes that run one, and the last segment of the roots of their packs.
    pub fn actor_words(&self, language: PackLanguage) -> &FxHashSet<CompactString> {
        &self.language(language).words.actors
    }

    /// Ends of class names that make a class an actor by itself (`Agent` of `*Agent`).
    pub fn actor_suffixes(&self, language: PackLanguage) -> &FxHashSet<CompactString> {
        &self.language(language).words.suffixes
    }

    /// Whether a module, or what is imported from it, belongs to a library that calls models.
    pub fn calls_models(&self, language: PackLanguage, module: &str) -> bool {
        prefixes(module).any(|prefix| self.language(language).words.models.contains(prefix))
    }

    /// Names of methods that run an actor that was declared elsewhere. They are everyday words (`run`, `start`).
    pub fn run_words(&self, language: PackLanguage) -> &FxHashSet<CompactString> {
        &self.language(language).words.runs
    }

    /// Last names of functions and methods whose rows say whether each client starts a server for itself.
    pub fn words_of_clients(&self) -> FxHashSet<&str> {
        let methods = self.types.iter().flat_map(|(_, ty)| &ty.def.methods);
        let rows = self.packs.iter().flat_map(|pack| &pack.functions).chain(methods).filter(|row| row.per_client.is_some());
        rows.flat_map(|row| &row.name).map(|name| name.rsplit('.').next().unwrap_or(name)).collect()
    }

    fn base_at(&self, at: RowAt) -> &BaseRow {
        &self.packs[at.pack as usize].bases[at.row as usize]
    }

    pub(super) fn language(&self, language: PackLanguage) -> &Language {
        &self.languages[language as usize]
    }
}
