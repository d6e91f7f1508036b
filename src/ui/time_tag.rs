//! Times.

use crate::model::time::{SECOND, Timestamp, human_duration};
use leptos::prelude::*;

/// How far `t` is from `now`, as a person says it: `just now`, `4 min ago`, `in 2 h`.
pub fn ago(t: Timestamp, now: Timestamp) -> String {
    let past = now.since(t);
    // One unit is enough: the exact time stands beside it.
    let text = human_duration(past.abs());
    let one: Vec<&str> = text.split(' ').take(2).collect();
    match past {
        p if p.abs() < SECOND => "just now".to_owned(),
        p if p < 0 => format!("in {}", one.join(" ")),
        _ => format!("{} ago", one.join(" ")),
    }
}

/// A time in UTC. With `now`, how long ago it was stands beside it.
#[component]
pub fn TimeTag(
    /// The time.
    t: Timestamp,
    /// The present, as the server saw it when it began the page.
    #[prop(default = None, into)]
    now: Option<Timestamp>,
    /// Leaves out " UTC": for a table whose head says it.
    #[prop(optional)]
    short: bool,
) -> impl IntoView {
    let human = t.human();
    let text = if short { human.trim_end_matches(" UTC").to_owned() } else { human.clone() };
    view! {
        <span class="when">
            <time datetime=t.rfc3339() title=human>
                {text}
            </time>
            {now.map(|now| view! { " " <span class="ago">{ago(t, now)}</span> })}
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::{HOUR, MINUTE};

    #[test]
    fn a_distance_is_told_in_one_unit() {
        let now = Timestamp(1_000_000 * HOUR);
        assert_eq!(ago(now, now), "just now");
        assert_eq!(ago(now.plus(-4 * MINUTE - 20 * SECOND), now), "4 min ago");
        assert_eq!(ago(now.plus(2 * HOUR + 1), now), "in 2 h");
    }
}
