//! Rules, and the checklist that turns their findings into rows.
//!
//! One rule is one file with one static value, and its page beside it. To add a rule: write the two files, add its `mod`
//! line and its line in [`RULES`]. Rules see the model and nothing else: no syntax, no library.

mod access_policy;
mod check_then_act;
mod checklist;
mod ignored_lock_failure;
mod ineffective_lock;
mod ineffective_lock_order;
mod kill_keeps_locks;
mod lock_held_across_call;
mod lock_order_cycle;
mod lock_release_leak;
mod lock_without_ttl;
mod lost_update;
mod no_concurrency_test;
mod no_contention_metrics;
mod no_deadlock_alert;
mod no_kill_switch;
mod no_lock_order;
mod no_orchestrator;
mod non_idempotent_call;
mod non_idempotent_insert;
mod non_idempotent_update;
pub mod page;
mod peer_to_peer;
mod polling_shared_state;
mod process_local_lock;
mod prompt_mutex;
mod races;
mod rows;
mod rule;
mod self_deadlock;
mod state_write_collision;
mod ttl_shorter_than_task;
mod unannounced_write;
mod unbounded_lock_wait;
mod unlocked_shared_write;
mod unmapped_shared_write;
mod unordered_multi_row_write;
mod unsubscribed_channel;

pub use checklist::{Outcome, Selection, conclude, find};
pub use rule::{Rule, Subject};

/// Every rule, in the order of the rows and then of their weight.
pub static RULES: [&Rule; 33] = [
    &access_policy::RULE,
    &unmapped_shared_write::RULE,
    &no_orchestrator::RULE,
    &peer_to_peer::RULE,
    &prompt_mutex::RULE,
    &unlocked_shared_write::RULE,
    &lost_update::RULE,
    &check_then_act::RULE,
    &lock_without_ttl::RULE,
    &process_local_lock::RULE,
    &ineffective_lock::RULE,
    &ignored_lock_failure::RULE,
    &state_write_collision::RULE,
    &lock_release_leak::RULE,
    &ttl_shorter_than_task::RULE,
    &self_deadlock::RULE,
    &lock_order_cycle::RULE,
    &no_lock_order::RULE,
    &ineffective_lock_order::RULE,
    &unordered_multi_row_write::RULE,
    &non_idempotent_insert::RULE,
    &non_idempotent_call::RULE,
    &non_idempotent_update::RULE,
    &polling_shared_state::RULE,
    &unannounced_write::RULE,
    &unsubscribed_channel::RULE,
    &no_deadlock_alert::RULE,
    &unbounded_lock_wait::RULE,
    &lock_held_across_call::RULE,
    &no_kill_switch::RULE,
    &kill_keeps_locks::RULE,
    &no_concurrency_test::RULE,
    &no_contention_metrics::RULE,
];

/// A rule by its id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|r| r.id == id)
}
