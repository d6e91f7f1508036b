//! What the pages of study data answer that no service says: uploads, what a save's webhooks answered, how a running import keeps itself fresh.

use crate::borders::{send, sign_in};
use crate::harness::{Receiver, TestApp, draft};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use hookwell::model::import::BYTES_MAX;
use hookwell::model::permission::Role;
use hookwell::model::webhook_draft::{SYNCHRONOUS, WebhookDraft};
use hookwell::server::chores;
use hookwell::server::router::router;
use hookwell::server::service::participants::ParticipantFilter;
use hookwell::server::service::{participants, sites};
use tower::ServiceExt;

const PARTICIPANTS: &str = "/s/heart/participants";

/// A signed-in administrator's browser.
async fn administrator(app: &TestApp) -> (Router, String) {
    app.study("heart").await;
    app.member("heart", Role::Administrator).await;
    let router = router(app.app.clone());
    let cookie = sign_in(&router, "administrator@heart.example.com").await;
    (router, cookie)
}

/// Uploads a file as a browser does.
async fn upload(router: &Router, cookie: &str, name: &str, file: &[u8]) -> (StatusCode, HeaderMap, String) {
    let head = format!("--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n");
    let body = [head.as_bytes(), file, b"\r\n--cut--\r\n"].concat();
    let request = Request::post(format!("{PARTICIPANTS}/import"))
        .header("sec-fetch-site", "same-origin")
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut")
        .body(Body::from(body))
        .unwrap();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let text = String::from_utf8_lossy(&to_bytes(body, usize::MAX).await.unwrap()).into_owned();
    (parts.status, parts.headers, text)
}

on_both!(a_file_is_uploaded_shown_imported_and_the_page_keeps_itself_fresh_meanwhile, |app| async {
    let (router, cookie) = administrator(app).await;
    let admin = app.admin("heart").await;
    sites::create(app, &admin, "Charité, Berlin").await.unwrap();
    let get = async |path: &str| send(&router, &Method::GET, path, "", Some(&cookie)).await;

    // The template is a file that can be imported as it is.
    let (status, _, template) = get(&format!("{PARTICIPANTS}/import/template.csv")).await;
    assert_eq!(status, StatusCode::OK);
    let (status, headers, body) = upload(&router, &cookie, "participants.csv", template.as_bytes()).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
    let page = headers[header::LOCATION].to_str().unwrap().to_owned();
    let (_, headers, body) = get(&page).await;
    assert!(body.contains("Import 1 participant") && body.contains("EXAMPLE-0001") && body.contains("Charité, Berlin"), "{body}");
    assert!(!headers.contains_key(header::REFRESH));

    let (status, ..) = send(&router, &Method::POST, &format!("{page}/confirm"), "", Some(&cookie)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, headers, body) = get(&page).await;
    assert_eq!(headers[header::REFRESH], "1");
    assert!(body.contains("<progress"), "{body}");
    chores::drain(app).await.unwrap();
    let (_, headers, body) = get(&page).await;
    assert!(!headers.contains_key(header::REFRESH) && body.contains("1 participant imported"), "{body}");

    // A button that comes too late changes nothing and says so.
    send(&router, &Method::POST, &format!("{page}/discard"), "", Some(&cookie)).await;
    let (_, _, body) = get(&format!("{PARTICIPANTS}/import")).await;
    assert!(body.contains("This import is no preview any more"), "{body}");
    let everybody = participants::list(app, &admin, &ParticipantFilter::default(), None, 10).await.unwrap();
    assert_eq!(everybody.items.iter().map(|p| p.identifier.as_str()).collect::<Vec<_>>(), ["EXAMPLE-0001"]);
});

on_both!(a_file_that_cannot_be_taken_is_told_at_its_field, |app| async {
    let (router, cookie) = administrator(app).await;
    let large = vec![b'x'; BYTES_MAX + 1];
    let larger = vec![b'x'; BYTES_MAX + 3 * 1024 * 1024];
    let wrong: [(&[u8], &str); 5] = [
        (b"", "Choose a file that is not empty"),
        (b"name\nAda\n", "Its first line must name the columns"),
        (b"identifier\n\xff\n", "Is not UTF-8"),
        (&large, "Has more than 10 MiB"),
        (&larger, "Has more than 10 MiB"),
    ];
    for (file, says) in wrong {
        let (status, _, body) = upload(&router, &cookie, "a.csv", file).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{says}");
        assert!(body.contains("id=\"f-file-error\"") && body.contains(says), "{says}: {body}");
    }
    let (status, _, body) = send(&router, &Method::POST, &format!("{PARTICIPANTS}/import"), "text=name%0AAda", Some(&cookie)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("id=\"f-text-error\"") && body.contains("name\nAda"), "what was pasted is kept: {body}");
});

on_both!(the_page_after_a_save_says_what_a_synchronous_webhook_answered, |app| async {
    let (router, cookie) = administrator(app).await;
    let (admin, receiver) = (app.admin("heart").await, Receiver::start().await);
    let waited_for =
        WebhookDraft { events: vec!["participant.created".into()], delivery: SYNCHRONOUS.into(), ..draft("TrialKit", &receiver.url) };
    app.live_webhook(&admin, &waited_for).await;
    let add = async |identifier: &str| {
        let form = format!("identifier={identifier}");
        let (status, headers, body) = send(&router, &Method::POST, &format!("{PARTICIPANTS}/new"), &form, Some(&cookie)).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
        send(&router, &Method::GET, headers[header::LOCATION].to_str().unwrap(), "", Some(&cookie)).await.2
    };
    let page = add("P-1").await;
    assert!(page.contains("P-1 is added.") && receiver.count() == 1, "{page}");
    receiver.answer(401);
    let page = add("P-2").await;
    assert!(page.contains("Saved. “TrialKit” gave ProtocolError: ") && page.contains("it is tried again at "), "{page}");
    assert!(page.contains("<h1>P-2"), "the participant is there: {page}");
});

on_both!(a_participant_that_somebody_else_changed_is_a_conflict, |app| async {
    let (router, cookie) = administrator(app).await;
    let post = async |path: &str, form: &str| send(&router, &Method::POST, path, form, Some(&cookie)).await;
    let (_, headers, _) = post(&format!("{PARTICIPANTS}/new"), "identifier=P-1").await;
    let path = headers[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(post(&format!("{path}/edit?version=1"), "identifier=P-1&email=ada@example.com").await.0, StatusCode::SEE_OTHER);
    let (status, _, body) = post(&format!("{path}/edit?version=1"), "identifier=P-1&email=eve@example.com").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(body.contains("Somebody changed this participant meanwhile") && body.contains("eve@example.com"), "{body}");
    let (status, _, body) = post(&format!("{path}/edit?version=2"), "identifier=P-1&email=eve").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("id=\"f-email-error\"") && body.contains("value=\"eve\""), "{body}");
});
