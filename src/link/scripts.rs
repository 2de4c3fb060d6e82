//! SQL that stands in a file of its own: which script of the project a path in code means.

use super::{Program, Template};
use crate::source::Site;

impl Program<'_> {
    /// The text of the script that a path means: as seen from the file that names it, else the only one whose path ends so.
    pub(super) fn script(&self, path: &Template, from: Site) -> Option<&str> {
        let path = path.constant().filter(|path| path.ends_with(".sql"))?;
        let here = self.path_of(from.file);
        let mut joined: Vec<&str> = here.split('/').collect();
        joined.pop();
        for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
            match part {
                ".." => joined.pop().map_or((), drop),
                part => joined.push(part),
            }
        }
        if let Some(text) = self.scripts.get(&joined.join("/")) {
            return Some(text);
        }
        let tail = path.trim_start_matches(['.', '/']);
        let ends = |known: &&String| known.strip_suffix(tail).is_some_and(|head| head.is_empty() || head.ends_with('/'));
        let mut found = self.scripts.keys().filter(ends);
        let only = found.next()?;
        found.next().is_none().then(|| self.scripts.get(only).map(|text| &**text))?
    }
}
