//! What Hookwell tells administrators of a study's webhooks.

use super::frame::{Console, Frame, webhook_path};
use crate::model::notice::{Notice, NoticeList, NoticeMail};
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::ui::{Badge, DataTable, EmptyState, PageHead, Pager, Panel, TimeTag, Tone};
use leptos::prelude::*;

/// The path of a study's notices.
pub fn notices_path(study: &Study) -> String {
    format!("/s/{}/notices", study.slug)
}

/// Notices, newest first, each leading to its webhook.
#[component]
pub fn NoticesPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The notices.
    list: NoticeList,
    /// The cursor of this page; empty on the first.
    cursor: String,
) -> impl IntoView {
    let (now, path) = (frame.now, notices_path(&study));
    let newest = list.newest();
    let mark = frame.unread.filter(|n| *n > 0 && newest > list.read_to && cursor.is_empty()).map(|_| {
        view! {
            <form method="post" action=format!("{path}/read")>
                <input type="hidden" name="to" value=newest />
                <button class="button" type="submit">"Mark all read"</button>
            </form>
        }
    });
    let by_mail = if list.by_mail {
        "Administrators get them by e-mail too."
    } else {
        "Nobody gets them by e-mail: no mail server is set up (HOOKWELL_SMTP_URL)."
    };
    let rows = list.page.items.iter().map(|n| row(n, list.is_unread(n), &study, now)).collect_view();
    let body = if list.page.items.is_empty() {
        view! {
            <EmptyState icon="bell" title="No notices">
                <p>"When Hookwell switches a failing webhook off, it says so here."</p>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <Panel title="Newest first" flush=true>
                <DataTable label="Notices" columns=&["State", "What", "Webhook", "When (UTC)", "E-mail"]>{rows}</DataTable>
            </Panel>
            <Pager path=path cursor=cursor next=list.page.next />
        }
        .into_any()
    };
    view! {
        <Console frame=frame>
            <PageHead title="Notices" lead=format!("What Hookwell did to this study’s webhooks, and somebody should know. {by_mail}")>
                {mark}
            </PageHead>
            <div class="stack">{body}</div>
        </Console>
    }
}

fn row(notice: &Notice, unread: bool, study: &Study, now: Timestamp) -> impl IntoView + use<> {
    let state = if unread {
        view! { <Badge tone=Tone::Info label="Unread" /> }
    } else {
        view! { <Badge tone=Tone::Neutral label="Read" /> }
    };
    let message = if unread { view! { <strong>{notice.message.clone()}</strong> }.into_any() } else { notice.message.clone().into_any() };
    let mails = notice.mails.iter().map(|m| mail(m, now)).collect_view();
    let none = notice.mails.is_empty().then(|| view! { <span class="muted">"Not sent"</span> });
    view! {
        <tr>
            <td class="card-corner">{state}</td>
            <td data-label="What">{message}</td>
            <td data-label="Webhook"><a href=webhook_path(study, &notice.webhook_id)>{notice.webhook_name.clone()}</a></td>
            <td data-label="When"><TimeTag t=notice.created_at now=now short=true /></td>
            <td data-label="E-mail"><div>{none}{mails}</div></td>
        </tr>
    }
}

fn mail(mail: &NoticeMail, now: Timestamp) -> impl IntoView + use<> {
    let to = mail.to.clone();
    let error = mail.error.clone().map(|error| view! { <span class="sub">{error}</span> });
    let state = match (mail.sent_at, mail.next_at, &mail.error) {
        (Some(at), ..) => view! { "Sent to " {to} ", " {crate::ui::ago(at, now)} }.into_any(),
        (None, Some(at), Some(_)) if at > now => view! { "Not sent to " {to} " yet; next try " {crate::ui::ago(at, now)} }.into_any(),
        (None, Some(_), _) => view! { "On its way to " {to} }.into_any(),
        (None, None, _) => view! { "Not sent to " {to} }.into_any(),
    };
    view! { <div>{state} {error}</div> }
}
