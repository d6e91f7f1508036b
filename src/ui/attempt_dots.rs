//! The attempts of a delivery as dots.

use super::text::counted;
use crate::model::delivery::DeliveryState;
use leptos::prelude::*;

/// Dots at most; more become a number.
const MOST: u32 = 7;

/// One dot an attempt: red failed, green delivered, hollow planned.
#[component]
pub fn AttemptDots(
    /// Attempts that have ended.
    attempts: u32,
    /// Where the delivery stands.
    state: DeliveryState,
) -> impl IntoView {
    let delivered = state == DeliveryState::Delivered && attempts > 0;
    let failed = attempts - u32::from(delivered);
    let shown = failed.min(MOST - 1);
    let mut text = if attempts == 0 { "no attempt yet".to_owned() } else { counted(i64::from(attempts), "attempt") };
    match (failed, delivered) {
        (0, _) => {}
        (n, true) => text.push_str(&format!(", {n} failed, then delivered")),
        (1, false) => text.push_str(", failed"),
        (_, false) => text.push_str(", all failed"),
    }
    if state.is_waiting() && attempts > 0 {
        text.push_str(", another planned");
    }
    view! {
        <span class="dots" role="img" aria-label=text.clone() title=text>
            {(failed > shown).then(|| view! { <span class="dots-more">{format!("+{}", failed - shown)}</span> })}
            {(0..shown).map(|_| view! { <span class="dot dot-failed"></span> }).collect_view()}
            {delivered.then(|| view! { <span class="dot dot-ok"></span> })}
            {state.is_waiting().then(|| view! { <span class="dot dot-planned"></span> })}
        </span>
    }
}
