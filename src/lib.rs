//! clawproof finds coordination faults between agents that share state.

pub mod effects;
pub mod facts;
pub mod finding;
pub mod knowledge;
pub mod link;
pub mod model;
pub mod source;
