//! The types of all packs as one table: what they are, what they share, which rows stand under them.
//!
//! A type that a user's pack declares again is laid over the first: its fields win where they are given, its rows replace
//! those of the same name, the rest stays.

use super::vocabulary::{Row, TypeDef};
use compact_str::CompactString;
use rustc_hash::{FxHashMap, FxHashSet};

/// A type, by its place in the table of one [`Knowledge`](super::Knowledge).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

impl TypeId {
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// A method's row: its type and its place among that type's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MethodAt {
    pub owner: TypeId,
    pub row: u32,
}

#[derive(Debug)]
pub(super) struct Type {
    pub name: String,
    pub def: TypeDef,
    /// The pack that declared it first.
    pub pack: u32,
    /// Each pack that laid rows over it: where they start among the methods, and the pack.
    added: Vec<(u32, u32)>,
    /// The pack that wrote `construct`.
    pub construct_pack: u32,
    /// The pack that wrote `enter`.
    pub enter_pack: u32,
    methods: FxHashMap<CompactString, u32>,
    /// Itself, then what it is, breadth first.
    pub lineage: Vec<TypeId>,
}

impl Type {
    /// The packs that declared it.
    pub fn packs(&self) -> impl Iterator<Item = u32> {
        std::iter::once(self.pack).chain(self.added.iter().map(|(_, pack)| *pack))
    }

    /// The pack that wrote a method's row.
    pub fn pack_of(&self, row: u32) -> u32 {
        self.added.iter().rev().find(|(first, _)| *first <= row).map_or(self.pack, |(_, pack)| *pack)
    }
}

#[derive(Debug, Default)]
pub(super) struct Types {
    all: Vec<Type>,
    by_name: FxHashMap<String, TypeId>,
}

impl Types {
    /// Adds a type, or lays it over the one of that name.
    pub fn add(&mut self, name: String, def: TypeDef, pack: u32) -> TypeId {
        if let Some(id) = self.by_name.get(&name).copied() {
            self.all[id.index()].lay_over(def, pack);
            return id;
        }
        let id = TypeId(self.all.len() as u32);
        self.by_name.insert(name.clone(), id);
        let (construct_pack, enter_pack) = (pack, pack);
        let (added, methods, lineage) = (Vec::new(), FxHashMap::default(), Vec::new());
        self.all.push(Type { name, def, pack, added, construct_pack, enter_pack, methods, lineage });
        id
    }

    /// Indexes methods and lineages, once all types are there.
    pub fn finish(&mut self) {
        let parents: Vec<Vec<TypeId>> = self.all.iter().map(|ty| ty.def.is.iter().filter_map(|name| self.named(name)).collect()).collect();
        for (index, ty) in self.all.iter_mut().enumerate() {
            ty.lineage.push(TypeId(index as u32));
            let mut next = 0;
            while let Some(id) = ty.lineage.get(next).copied() {
                for parent in &parents[id.index()] {
                    if !ty.lineage.contains(parent) {
                        ty.lineage.push(*parent);
                    }
                }
                next += 1;
            }
            for (row, method) in ty.def.methods.iter().enumerate() {
                ty.methods.extend(method.name.iter().map(|name| (name.as_str().into(), row as u32)));
            }
        }
    }

    pub fn named(&self, name: &str) -> Option<TypeId> {
        self.by_name.get(name).copied()
    }

    pub fn get(&self, id: TypeId) -> &Type {
        &self.all[id.index()]
    }

    pub fn iter(&self) -> impl Iterator<Item = (TypeId, &Type)> {
        self.all.iter().enumerate().map(|(index, ty)| (TypeId(index as u32), ty))
    }

    /// The types whose rows hold for this one: itself first, then what it is, breadth first.
    pub fn lineage(&self, id: TypeId) -> impl Iterator<Item = (TypeId, &Type)> {
        self.get(id).lineage.iter().map(|id| (*id, self.get(*id)))
    }

    /// The row of a method: its own, else of what it is.
    pub fn method(&self, id: TypeId, name: &str) -> Option<MethodAt> {
        self.lineage(id).find_map(|(owner, ty)| ty.methods.get(name).map(|row| MethodAt { owner, row: *row }))
    }
}

impl Type {
    fn lay_over(&mut self, over: TypeDef, pack: u32) {
        let def = &mut self.def;
        let fresh =
            |known: &[String], names: Vec<String>| -> Vec<String> { names.into_iter().filter(|name| !known.contains(name)).collect() };
        let (made_by, is) = (fresh(&def.made_by, over.made_by), fresh(&def.is, over.is));
        def.made_by.extend(made_by);
        def.is.extend(is);
        if !over.instance.is_empty() {
            def.instance = over.instance;
        }
        let fields = [
            (&mut def.identity, over.identity),
            (&mut def.store, over.store),
            (&mut def.dialect, over.dialect),
            (&mut def.attribute_type, over.attribute_type),
            (&mut def.item_type, over.item_type),
            (&mut def.enter_type, over.enter_type),
            (&mut def.iter_type, over.iter_type),
        ];
        for (field, value) in fields {
            if value.is_some() {
                *field = value;
            }
        }
        def.attributes.extend(over.attributes);
        if over.construct.is_some() {
            (def.construct, self.construct_pack) = (over.construct, pack);
        }
        if over.enter.is_some() {
            (def.enter, self.enter_pack) = (over.enter, pack);
        }
        let replaced: FxHashSet<&String> = over.methods.iter().flat_map(|row| &row.name).collect();
        def.methods.iter_mut().for_each(|row: &mut Row| row.name.retain(|name| !replaced.contains(name)));
        self.added.push((def.methods.len() as u32, pack));
        def.methods.extend(over.methods);
    }
}
