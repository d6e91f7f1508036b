//! The few components that also run in the browser. Each adds to a page that works without it, hides itself until it is
//! awake, and stays small: no model types, no server functions, properties that are strings.
//!
//! What one renders first must be the same on both sides: no time, locale or random value before an `Effect`.

mod copy_button;
mod focus_search;
mod live_region;
mod local_times;

pub use copy_button::CopyButton;
pub use focus_search::FocusSearch;
pub use live_region::LiveRegion;
pub use local_times::LocalTimes;

/// Dispatched on `window` after a [`LiveRegion`] has put new content into the page.
const SWAPPED: &str = "hookwell:swapped";
