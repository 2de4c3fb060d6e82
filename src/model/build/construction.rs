//! What a constructor does to the object that it makes: nobody else has that yet.

use super::Input;
use crate::effects::{Held, Item};
use crate::link::{FunctionRef, Kind, Template};

/// Whether something that belongs to an object (`Store.rows`, a lock `Store.db`) is touched on the way from the constructor of
/// that object: a function of its type that is called on none, is given none, and returns one.
pub(super) fn is_being_made(input: &Input, item: &Item, name: &Template) -> bool {
    let program = input.effects.program;
    let pattern = name.pattern();
    let Some((owner, _)) = pattern.split_once('.').filter(|(owner, _)| owner.starts_with(char::is_uppercase)) else { return false };
    let makes = |function: FunctionRef| {
        let f = program.function(function);
        let of_owner = program.enclosing_class(function).is_some_and(|class| program.class(class).name == owner);
        let is_one = |kind: &Kind| matches!(kind, Kind::Object(object) if program.class(object.class).name == owner);
        let given = || (0..f.params.len() as u32).any(|at| is_one(&program.parameter(function, at)));
        of_owner && f.name != "<lambda>" && !program.takes_receiver(function) && is_one(&program.returned(function)) && !given()
    };
    let way: Vec<FunctionRef> = item.way().map(|(function, _)| function).collect();
    let Some(from) = way.iter().position(|function| program.is_rust(function.module) && makes(*function)) else { return false };
    // What the constructor starts beside itself goes on when the object is in use.
    !item.contexts.iter().any(|c| matches!(c.held, Held::Spawned { .. }) && way[from..].contains(&c.function))
}
