//! How the project keeps the order in which locks are taken.

use super::{Doing, Input};
use crate::model::{Model, Order, OrderFault};

/// Collect what keeps an order: sorted loops over locks, and coordinators' own checks.
pub(super) fn collect(input: &Input, _doings: &[Doing], model: &mut Model) {
    let program = input.effects.program;
    for coordinator in input.effects.coordinators().all() {
        let Some(check) = &coordinator.order else { continue };
        let facts = program.facts(check.at.0.module);
        let site = program.site(check.at.0.module, facts.expr(check.at.1).span);
        let fault = (!check.filled).then(|| OrderFault {
            record: check.field.to_string(),
            made: check.made.map(|(f, e)| program.site(f.module, program.facts(f.module).expr(e).span)),
            function: program.qualified(check.at.0).to_string(),
        });
        model.orders.push(Order { how: "alphabetical resource-ID".into(), site, fault });
    }
    let mut sorted: Vec<_> = model.takes.iter().filter(|t| t.many == Some(true) && t.keeps()).map(|t| t.site).collect();
    sorted.dedup();
    model.orders.extend(sorted.into_iter().map(|site| Order { how: "alphabetical resource-ID".into(), site, fault: None }));
}
