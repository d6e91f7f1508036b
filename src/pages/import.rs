//! One import: the preview to confirm or discard, how far it is, what came of it.

use super::frame::{Console, Frame, participants_path};
use crate::model::import::{Import, ImportRow, ImportState};
use crate::model::study::Study;
use crate::ui::{Badge, Banner, DataTable, NavKey, PageHead, Panel, Stat, Stats, Tone, counted, grouped};
use leptos::prelude::*;

/// The page. While the import runs, whoever answers with it tells the browser to load it again.
#[component]
pub fn ImportedPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The import.
    import: Import,
    /// The first rows that can be imported.
    sample: Vec<ImportRow>,
    /// Rows that cannot, or could not.
    bad: Vec<ImportRow>,
) -> impl IntoView {
    let list = participants_path(&study);
    let path = format!("{list}/imports/{}", import.id);
    let crumbs = vec![
        ("Participants".to_owned(), Some(list.clone())),
        ("Import CSV".to_owned(), Some(format!("{list}/import"))),
        (import.file_name.clone(), None),
    ];
    let state = import.state;
    let what_next = match state {
        ImportState::Preview => preview(path, list, &import).into_any(),
        ImportState::Running => progress(import.clone()).into_any(),
        ImportState::Done => done(list, import.clone()).into_any(),
        ImportState::Discarded => view! {
            <Banner title="It was discarded; nothing of it was imported." />
        }
        .into_any(),
    };
    let numbers = numbers(&import);
    let tables = (bad_rows(&import, &bad), sample_rows(&import, &sample));
    view! {
        <Console frame=frame nav=NavKey::Participants crumbs=crumbs>
            <PageHead
                title=import.file_name.clone()
                badges=move || view! { <Badge tone=super::imports::tone(state) label=state.label() /> }
                lead="An import of participants"
            />
            <div class="stack">
                {numbers}
                {what_next}
                {tables.0}
                {tables.1}
            </div>
        </Console>
    }
}

fn numbers(i: &Import) -> impl IntoView + use<> {
    let (total, good, bad, created, skipped) = (i.total, i.good(), i.bad, i.created, i.skipped);
    let bad_tone = if bad > 0 { Tone::Danger } else { Tone::Neutral };
    let carried = matches!(i.state, ImportState::Running | ImportState::Done).then(|| {
        let skipped = (skipped > 0).then(|| {
            view! { <Stat term="Skipped" tone=Tone::Warning note="taken or renamed after the preview">{grouped(skipped)}</Stat> }
        });
        view! {
            <Stat term="Created" tone=Tone::Success>{grouped(created)}</Stat>
            {skipped}
        }
    });
    view! {
        <Stats>
            <Stat term="Rows">{grouped(total)}</Stat>
            <Stat term="Good">{grouped(good)}</Stat>
            <Stat term="With errors" tone=bad_tone>{grouped(bad)}</Stat>
            {carried}
        </Stats>
    }
}

fn preview(path: String, list: String, i: &Import) -> impl IntoView + use<> {
    let discard = view! {
        <form method="post" action=format!("{path}/discard")>
            <button class="button" type="submit">"Discard"</button>
        </form>
    };
    if i.good() == 0 {
        return view! {
            <Banner tone=Tone::Danger title="No row of this file can be imported">
                <p>"Mend the file by the errors below and upload it again."</p>
                <div class="toolbar">
                    <a class="button" href=format!("{list}/import")>"Upload another file"</a>
                    {discard}
                </div>
            </Banner>
        }
        .into_any();
    }
    let title = format!("{} can be imported", counted(i.good(), "participant"));
    let left_out = match i.bad {
        0 => String::new(),
        n => format!("{} with an error {} left out. ", counted(n, "row"), if n == 1 { "is" } else { "are" }),
    };
    let confirm = format!("Import {}", counted(i.good(), "participant"));
    view! {
        <Banner tone=Tone::Info title=title>
            <p>{left_out} "Each new participant makes the event participant.created. Nothing has been imported yet."</p>
            <div class="toolbar">
                <form method="post" action=format!("{path}/confirm")>
                    <button class="button primary" type="submit">{confirm}</button>
                </form>
                {discard}
            </div>
        </Banner>
    }
    .into_any()
}

fn progress(i: Import) -> impl IntoView + use<> {
    let so_far = i.created + i.skipped;
    view! {
        <Panel title="Importing">
            <p>
                {format!("{} of {} done. ", grouped(so_far), grouped(i.good()))}
                <span class="muted">"The page loads itself again every second. You may leave it; the import goes on."</span>
            </p>
            <progress aria-label="Import" max=i.good().to_string() value=so_far.to_string()>
                {format!("{} %", i.percent())}
            </progress>
        </Panel>
    }
}

fn done(list: String, i: Import) -> impl IntoView + use<> {
    let rest = match i.bad + i.skipped {
        0 => "Every row of the file was imported.".to_owned(),
        1 => "1 row was not; it stands below with its reason.".to_owned(),
        n => format!("{} were not; they stand below with their reasons.", counted(n, "row")),
    };
    view! {
        <Banner tone=Tone::Success title=format!("{} imported", counted(i.created, "participant"))>
            <p>{rest}</p>
            <div class="toolbar">
                <a class="button" href=list.clone()>"Participants"</a>
                <a class="button" href=format!("{list}/import")>"Another import"</a>
            </div>
        </Banner>
    }
}

fn bad_rows(i: &Import, bad: &[ImportRow]) -> Option<impl IntoView + use<>> {
    (!bad.is_empty()).then(|| {
        let all = i.bad + i.skipped;
        let title = if i.state == ImportState::Done { "Not imported" } else { "Rows with errors" };
        let shown = i64::try_from(bad.len()).unwrap_or(i64::MAX);
        let cut = (shown < all).then(|| {
            let text = format!("The first {} of {}.", grouped(shown), grouped(all));
            view! { <p class="small muted">{text}</p> }
        });
        let rows = bad
            .iter()
            .map(|r| {
                view! {
                    <tr>
                        <td class="fit">{format!("Line {}", r.line)}</td>
                        <td data-label="Identifier">{or_dash(&r.identifier)}</td>
                        <td data-label="What is wrong">{r.error.clone().unwrap_or_default()}</td>
                    </tr>
                }
            })
            .collect_view();
        view! {
            <Panel title=title id="bad" flush=true actions=move || cut>
                <DataTable label=title columns=&["Line", "Identifier", "What is wrong"]>{rows}</DataTable>
            </Panel>
        }
    })
}

fn sample_rows(i: &Import, sample: &[ImportRow]) -> Option<impl IntoView + use<>> {
    (i.state == ImportState::Preview && !sample.is_empty()).then(|| {
        let rows = sample
            .iter()
            .map(|r| {
                view! {
                    <tr>
                        <td class="fit">{format!("Line {}", r.line)}</td>
                        <td data-label="Identifier">{if r.identifier.is_empty() { "made here".to_owned() } else { r.identifier.clone() }}</td>
                        <td data-label="Site">{or_dash(&r.site)}</td>
                        <td data-label="E-mail">{or_dash(&r.email)}</td>
                        <td data-label="Details">{or_dash(&r.details.replace('\n', ", "))}</td>
                    </tr>
                }
            })
            .collect_view();
        view! {
            <Panel title="First rows that can be imported" id="good" flush=true>
                <DataTable label="First rows that can be imported" columns=&["Line", "Identifier", "Site", "E-mail", "Details"]>{rows}</DataTable>
            </Panel>
        }
    })
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "–".to_owned() } else { text.to_owned() }
}
