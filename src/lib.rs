//! clawproof finds coordination faults between agents that share state.

pub mod facts;
pub mod knowledge;
pub mod source;
