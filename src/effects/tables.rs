//! SQL.
use super::call::{CallPlace, Given};
use super::value::Value;
use super::walk::Walker;
use crate::facts::Name;
use crate::knowledge::Found;
use crate::knowledge::vocabulary::Row;
use crate::link::LibraryValue;
use std::rc::Rc;

impl<'k> Walker<'_, '_, 'k> {
    pub fn sql(&mut self, found: &Found<'k>, receiver: Option<&Rc<LibraryValue>>, api: &Name, given: &[Given], place: &CallPlace, result: Value) -> Value { let _ = (found, receiver, api, given, place); result }
    pub fn sql_given(&self, row: &Row, given: &[Given]) -> bool { let _ = (row, given); true }
}
