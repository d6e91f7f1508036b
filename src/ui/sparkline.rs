//! A small chart of what went well and what did not.

use super::text::grouped;
use leptos::prelude::*;

const BAR: usize = 4;
const STEP: usize = 5;
const HEIGHT: i64 = 24;

/// Stacked bars, one a bucket: succeeded below, failed on top. Said in words to a screen reader and on hover.
#[component]
pub fn Sparkline(
    /// Succeeded and failed, oldest first.
    buckets: Vec<(i64, i64)>,
    /// What the buckets cover, to begin the sentence.
    #[prop(default = "Last 24 hours".into(), into)]
    label: String,
) -> impl IntoView {
    let (ok, failed) = buckets.iter().fold((0, 0), |(o, f), b| (o + b.0, f + b.1));
    let text = if ok + failed == 0 {
        format!("{label}: no attempts")
    } else {
        format!("{label}: {} succeeded, {} failed", grouped(ok), grouped(failed))
    };
    let title = text.clone();
    let most = buckets.iter().map(|b| b.0 + b.1).max().unwrap_or(0).max(1);
    let width = (buckets.len() * STEP).max(STEP) - (STEP - BAR);
    let bars = buckets
        .iter()
        .enumerate()
        .map(|(i, (ok, failed))| {
            let x = i * STEP;
            // Whatever happened at all is at least two units high, so that one failure among thousands is seen.
            let scaled = |n: i64| if n == 0 { 0 } else { (n * (HEIGHT - 2) / most).max(2) };
            let (failed_h, ok_h) = (scaled(*failed), scaled(*ok));
            let ok_h = ok_h.min(HEIGHT - failed_h);
            view! {
                <rect class="spark-base" x=x.to_string() y=(HEIGHT - 1).to_string() width=BAR.to_string() height="1"></rect>
                {(ok_h > 0)
                    .then(|| {
                        view! {
                            <rect class="spark-ok" x=x.to_string() y=(HEIGHT - ok_h).to_string() width=BAR.to_string() height=ok_h.to_string()></rect>
                        }
                    })}
                {(failed_h > 0)
                    .then(|| {
                        view! {
                            <rect
                                class="spark-failed"
                                x=x.to_string()
                                y=(HEIGHT - ok_h - failed_h).to_string()
                                width=BAR.to_string()
                                height=failed_h.to_string()
                            ></rect>
                        }
                    })}
            }
        })
        .collect_view();
    view! {
        <svg
            class="sparkline"
            viewBox=format!("0 0 {width} {HEIGHT}")
            width=width.to_string()
            height=HEIGHT.to_string()
            preserveAspectRatio="none"
            role="img"
            aria-label=text
        >
            <title>{title}</title>
            {bars}
        </svg>
    }
}
