//! Every row of every pack, each with where it stands: for whoever asks which rows a run has used.
//!
//! A row is told from all others of one [`Knowledge`] by its address, since rows are never copied once the packs are
//! indexed; so a look-up needs no number of its own, and a run that asks nothing pays nothing.

use super::vocabulary::Row;
use super::*;

/// A row of one [`Knowledge`]. Only good for telling whether two are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(usize);

impl RowId {
    /// The identity of a row, base or document declaration that was looked up.
    pub fn of<T>(row: &T) -> RowId {
        RowId(std::ptr::from_ref(row).addr())
    }
}

/// A row and where it stands.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Which.
    pub id: RowId,
    /// The pack's file.
    pub file: String,
    /// The field in it: `types.redis.client.methods[3]`.
    pub field: String,
    /// Its names; for document rows the files they stand for.
    pub names: Vec<String>,
}

impl Knowledge {
    /// The packs of these folders and no others.
    pub fn only(folders: &[PathBuf]) -> Result<Knowledge, PackError> {
        Ok(Self::from_layers([load::from_folders(&[], folders)?, Vec::new()]))
    }

    /// All rows, pack by pack.
    pub fn listed(&self) -> Vec<Listed> {
        let mut all = Vec::new();
        for (number, pack) in self.packs.iter().enumerate() {
            let mut add = |id: RowId, field: String, names: &[String]| {
                all.push(Listed { id, file: self.files[number].clone(), field, names: names.to_vec() });
            };
            let mut add_rows = |rows: &[Row], field: &str| {
                rows.iter().enumerate().for_each(|(index, row)| add(RowId::of(row), format!("{field}[{index}]"), &row.name));
            };
            add_rows(&pack.functions, "functions");
            add_rows(&pack.decorators, "decorators");
            for (_, ty) in self.types.iter().filter(|(_, ty)| ty.pack as usize == number) {
                let at = |part: &str| format!("types.{}.{part}", ty.name);
                add_rows(&ty.def.methods, &at("methods"));
                add_rows(ty.def.construct.as_slice(), &at("construct"));
                add_rows(ty.def.enter.as_slice(), &at("enter"));
            }
            pack.bases.iter().enumerate().for_each(|(index, row)| add(RowId::of(row), format!("bases[{index}]"), &row.name));
            pack.documents.iter().enumerate().for_each(|(index, row)| add(RowId::of(row), format!("documents[{index}]"), &row.files));
        }
        all
    }
}
