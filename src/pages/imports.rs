//! Importing participants: a file to upload, rows to paste, and the latest imports.

use super::frame::{Console, Frame, participants_path};
use crate::model::import::{BYTES_MAX, Import, ImportState, ROWS_MAX};
use crate::model::problem::FieldErrors;
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::ui::{
    Badge, DataTable, ErrorSummary, FileInput, FormErrors, FormSection, Icon, NavKey, PageHead, Panel, TextArea, TimeTag, Tone, grouped,
};
use leptos::prelude::*;

/// The page.
#[component]
pub fn ImportPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// What was pasted.
    text: String,
    /// What is wrong with the file or the rows.
    errors: FieldErrors,
    /// The latest imports.
    latest: Vec<Import>,
) -> impl IntoView {
    let now = frame.now;
    let list = participants_path(&study);
    let path = format!("{list}/import");
    let crumbs = vec![("Participants".to_owned(), Some(list.clone())), ("Import CSV".to_owned(), None)];
    let errors = FormErrors::new(errors);
    let file_hint =
        format!("UTF-8, at most {} rows and {} MiB.", grouped(i64::try_from(ROWS_MAX).unwrap_or(i64::MAX)), BYTES_MAX / 1024 / 1024);
    let template = format!("{path}/template.csv");
    let earlier = (!latest.is_empty()).then(|| {
        let rows = latest.iter().map(|i| row(&list, i, now)).collect_view();
        view! {
            <Panel title="Latest imports" flush=true>
                <DataTable label="Latest imports" columns=&["File", "State", "Rows", "With errors", "Created", "Uploaded (UTC)"]>{rows}</DataTable>
            </Panel>
        }
    });
    let about = move || {
        view! {
            "The first line names the columns: "
            <code>"identifier"</code>
            ", and where you have them "
            <code>"site"</code>
            " and "
            <code>"email"</code>
            ". Every other column is kept as a detail. Sites must be there already."
        }
    };
    view! {
        <Console frame=frame nav=NavKey::Participants crumbs=crumbs>
            <PageHead title="Import participants" lead="You see what is in the file first. Nothing is imported until you confirm.">
                <a class="button" href=template download="participants.csv">
                    <Icon name="download" />
                    "Template CSV"
                </a>
            </PageHead>
            <ErrorSummary errors=errors title="Nothing was read." labels=&[("text", "Rows")] />
            <form class="stack" method="post" action=path.clone() enctype="multipart/form-data">
                <FormSection title="From a file" about=about>
                    <FileInput label="CSV file" name="file" accept=".csv,.txt,text/csv" hint=file_hint error=errors.of("file") />
                    <div class="toolbar">
                        <button class="button primary" type="submit">"Upload and look"</button>
                    </div>
                </FormSection>
            </form>
            <form class="stack" method="post" action=path>
                <FormSection title="Or paste rows" about="As copied from a spreadsheet, its first line included.">
                    <TextArea
                        label="Rows"
                        name="text"
                        value=text
                        error=errors.of("text")
                        placeholder="identifier,site,email"
                        rows=6
                        mono=true
                        required=true
                    />
                    <div class="toolbar">
                        <button class="button" type="submit">"Look at the rows"</button>
                    </div>
                </FormSection>
            </form>
            {earlier}
        </Console>
    }
}

/// What the colour of an import's state is.
pub(super) fn tone(state: ImportState) -> Tone {
    match state {
        ImportState::Preview => Tone::Warning,
        ImportState::Running => Tone::Info,
        ImportState::Done => Tone::Success,
        ImportState::Discarded => Tone::Neutral,
    }
}

fn row(list: &str, i: &Import, now: Timestamp) -> impl IntoView + use<> {
    view! {
        <tr>
            <td><a class="row-link" href=format!("{list}/imports/{}", i.id)>{i.file_name.clone()}</a></td>
            <td class="card-corner nowrap"><Badge tone=tone(i.state) label=i.state.label() /></td>
            <td data-label="Rows">{grouped(i.total)}</td>
            <td data-label="With errors">{grouped(i.bad)}</td>
            <td data-label="Created">{grouped(i.created)}</td>
            <td data-label="Uploaded" class="one-line fit"><TimeTag t=i.created_at now=now short=true /></td>
        </tr>
    }
}
