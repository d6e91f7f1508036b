//! Everything that only the server has.

pub mod assets;
pub mod clock;
pub mod same_origin;
pub mod security_headers;
