//! clawproof finds coordination faults between agents that share state.

pub mod facts;
pub mod finding;
pub mod knowledge;
pub mod model;
pub mod source;
