//! The payload formats on their way: what fixes the bytes of a delivery, what each attempt adds, what a preview promises.

use crate::borders::{send, sign_in};
use crate::harness::{Received, Receiver, TestApp, draft, event, fields, participant};
use axum::http::{Method, StatusCode};
use hookwell::model::delivery::{Attempt, DeliveryFilter};
use hookwell::model::event_type::EventType;
use hookwell::model::webhook::PayloadFormat;
use hookwell::model::webhook_draft::{KEEP, WebhookDraft};
use hookwell::server::auth::Actor;
use hookwell::server::engine::request::COMPUTED;
use hookwell::server::router::router;
use hookwell::server::service::{audit, deliveries, preview, samples, webhooks};
use hookwell::server::store;
use serde_json::{Value, json};

async fn study(app: &TestApp) -> (Actor, Actor, Receiver) {
    app.study("heart").await;
    (app.admin("heart").await, app.platform("heart").await, Receiver::start().await)
}

/// A draft of this format that wants completed surveys.
fn of(format: &str, name: &str, receiver: &Receiver) -> WebhookDraft {
    WebhookDraft { format: format.into(), events: vec!["survey.completed".into()], ..draft(name, &receiver.url) }
}

fn completed(id: &str) -> Value {
    let data = json!({
        "participant": {"id": "p-1", "identifier": "P-0001"}, "survey": {"id": "s-1", "name": "Intake"},
        "response": {"id": "r-1", "status": "completed", "completed_at": "2026-11-18T10:00:00Z"}, "answers": {"q1": "canary-answer"},
    });
    event(id, EventType::SurveyCompleted, &data)
}

fn hex_signature(secret: &str, body: &[u8]) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

async fn last_attempt(app: &TestApp, admin: &Actor) -> Attempt {
    let newest = deliveries::list(app, admin, None, &DeliveryFilter::default(), 1).await.unwrap().items.remove(0);
    deliveries::get(app, admin, &newest.id, false).await.unwrap().attempts.pop().expect("an attempt")
}

on_both!(a_retry_after_an_edit_is_what_was_accepted, |app| async {
    let (admin, platform, receiver) = study(app).await;
    let first = WebhookDraft { signature_header: "X-First".into(), content: "full".into(), ..of("survey", "A", &receiver) };
    let (webhook, secret) = app.live_webhook(&admin, &first).await;
    receiver.answer(500);
    app.publish(&platform, &completed("1")).await.unwrap();
    assert_eq!(app.drain().await, 1);

    let edited = WebhookDraft {
        format: "mydatahelps".into(),
        content: "id-only".into(),
        headers: "X-Webhook-Event: of another system".into(),
        ..WebhookDraft::of(&webhook)
    };
    webhooks::update(app, &admin, &webhook.id, webhook.version, &edited).await.unwrap();
    app.clock.advance(3_600_000_000);
    receiver.answer(204);
    assert_eq!(app.drain().await, 1);
    let [before, after] = receiver.requests().try_into().expect("two");
    assert_eq!(before.body, after.body);
    assert!(String::from_utf8_lossy(&after.body).contains("canary-answer"), "it was accepted with full content");
    for request in [&before, &after] {
        assert_eq!(request.header("x-first"), hex_signature(secret.expose(), &request.body));
        assert_eq!(request.headers.get_all("x-webhook-event").iter().collect::<Vec<_>>(), ["survey.response_completed"]);
        assert_eq!(request.header("x-webhook-delivery"), request.header("webhook-id"));
        assert!(request.is_signed_by(&secret) && request.header("user-agent").starts_with("Hookwell/"));
        assert_eq!(request.header("content-type"), "application/json");
    }
    let attempt = last_attempt(app, &admin).await;
    assert_eq!(attempt.request_header("x-first"), Some(after.header("x-first")), "a signature is no credential");

    app.publish(&platform, &completed("2")).await.unwrap();
    assert_eq!(app.drain().await, 1);
    let next = receiver.last();
    assert!(next.headers.get("x-first").is_none() && next.header("x-webhook-event") == "of another system");
    assert_eq!(serde_json::from_slice::<Value>(&next.body).unwrap()["EventType"], "SurveySubmitted");
});

on_both!(webhooks_share_bytes_where_nothing_changes_them, |app| async {
    let (admin, platform, receiver) = study(app).await;
    let pascal = of("mydatahelps", "Pascal", &receiver);
    app.live_webhook(&admin, &pascal).await;
    // What MyDataHelps does not read makes no difference to it.
    let same = WebhookDraft { name: "Same".into(), content: "full".into(), event_header: "X-Other".into(), ..pascal.clone() };
    app.live_webhook(&admin, &same).await;
    app.live_webhook(&admin, &WebhookDraft { name: "Camel".into(), key_case: "camel".into(), ..pascal.clone() }).await;
    let (legacy, _) = app.live_webhook(&admin, &WebhookDraft { name: "Legacy".into(), ..pascal }).await;
    webhooks::set_legacy_by_operator(app, "heart", &legacy.id, true).await.unwrap();
    app.live_webhook(&admin, &of("survey", "Survey", &receiver)).await;
    app.live_webhook(&admin, &WebhookDraft { content: "full".into(), ..of("survey", "Full", &receiver) }).await;
    app.live_webhook(&admin, &WebhookDraft { token_value: "t".into(), ..of("infermedica", "Intake", &receiver) }).await;
    app.live_webhook(&admin, &of("standard", "Standard", &receiver)).await;

    app.publish(&platform, &completed("1")).await.unwrap();
    assert_eq!(app.drain().await, 8);
    let bodies: std::collections::HashSet<_> = receiver.requests().into_iter().map(|r| r.body).collect();
    assert_eq!((bodies.len(), app.number("SELECT COUNT(*) FROM payloads").await), (7, 7));
    let all = bodies.iter().map(|b| String::from_utf8_lossy(b).into_owned()).collect::<Vec<_>>();
    assert_eq!(all.iter().filter(|b| b.contains("canary-answer")).count(), 1, "answers only to whom full content is sent");
    assert_eq!(all.iter().filter(|b| b.contains("PatientIdentifier")).count(), 1);
});

on_both!(the_hex_signature_is_of_the_present_secret_alone, |app| async {
    let (admin, platform, receiver) = study(app).await;
    let (webhook, old) = app.live_webhook(&admin, &of("survey", "A", &receiver)).await;
    let (_, new) = webhooks::rotate(app, &admin, &webhook.id, None, 24).await.unwrap();
    app.publish(&platform, &completed("1")).await.unwrap();
    assert_eq!(app.drain().await, 1);
    let request = receiver.last();
    assert_eq!(request.header("x-webhook-signature"), hex_signature(new.expose(), &request.body));
    assert!(request.is_signed_by(&old) && request.is_signed_by(&new), "Standard Webhooks has room for both");

    let (unsigned, secret) =
        webhooks::create(app, &admin, &of("survey", "B", &receiver), webhooks::NewSecret::None).await.expect("a webhook");
    assert!(secret.is_none());
    samples::send(app, &admin, &unsigned.id, EventType::SurveyCompleted, EventType::SurveyCompleted.example()).await.unwrap();
    let request = receiver.last();
    assert!(request.headers.get("x-webhook-signature").is_none() && request.headers.get("webhook-signature").is_none());
    assert_eq!(request.header("x-webhook-event"), "survey.response_completed");
});

on_both!(a_token_and_a_password_arrive_and_are_masked_in_history, |app| async {
    let (admin, platform, receiver) = study(app).await;
    let intake = WebhookDraft {
        token_value: "canary-token".into(),
        basic_user: "hook@example.com".into(),
        basic_password: "canary-password".into(),
        ..of("infermedica", "A", &receiver)
    };
    app.live_webhook(&admin, &intake).await;
    app.publish(&platform, &completed("1")).await.unwrap();
    assert_eq!(app.drain().await, 1);
    let request = receiver.last();
    assert_eq!(request.header("x-webhook-infermedica-token"), "canary-token");
    assert_eq!(request.header("authorization"), "Basic aG9va0BleGFtcGxlLmNvbTpjYW5hcnktcGFzc3dvcmQ=");
    assert_eq!(request.body, r#"{"event_type":"survey_finished","content":{"survey_id":"r-1"}}"#);
    let attempt = last_attempt(app, &admin).await;
    assert_eq!(attempt.request_header("x-webhook-infermedica-token"), Some(KEEP));
    assert_eq!(attempt.request_header("authorization"), Some(KEEP));
});

on_both!(infermedica_needs_its_token, |app| async {
    let (admin, _, receiver) = study(app).await;
    let without = of("infermedica", "A", &receiver);
    let error = webhooks::create(app, &admin, &without, webhooks::NewSecret::Generate).await.unwrap_err();
    assert_eq!(fields(&error), ["token_value"]);
    let (webhook, _) = app.test_webhook(&admin, &WebhookDraft { token_value: "t".into(), ..without.clone() }).await;
    assert_eq!(webhook.credentials.token_header.as_deref(), Some("x-webhook-infermedica-token"));
    let removed = WebhookDraft { token_header: String::new(), token_value: String::new(), ..WebhookDraft::of(&webhook) };
    let error = webhooks::update(app, &admin, &webhook.id, webhook.version, &removed).await.unwrap_err();
    assert_eq!(fields(&error), ["token_value"]);
    // A webhook that has no token to keep cannot become one.
    let (plain, _) = app.test_webhook(&admin, &of("standard", "B", &receiver)).await;
    let becoming = WebhookDraft { format: "infermedica".into(), token_value: KEEP.into(), ..WebhookDraft::of(&plain) };
    let error = webhooks::update(app, &admin, &plain.id, plain.version, &becoming).await.unwrap_err();
    assert_eq!(fields(&error), ["token_value"]);
});

on_both!(a_sample_is_of_a_type_that_the_format_speaks_of, |app| async {
    let (admin, _, receiver) = study(app).await;
    for (format, usual) in [
        (PayloadFormat::Standard, EventType::WebhookTest),
        (PayloadFormat::Mydatahelps, EventType::SurveyCompleted),
        (PayloadFormat::Trialkit, EventType::RecordUpdated),
        (PayloadFormat::Infermedica, EventType::SurveyCompleted),
        (PayloadFormat::Survey, EventType::SurveyCompleted),
    ] {
        let events = if format == PayloadFormat::Trialkit { "record.updated" } else { "survey.completed" };
        let mut with = of(format.as_str(), format.as_str(), &receiver);
        with.events = vec![events.into()];
        with.token_value = if format == PayloadFormat::Infermedica { "t".into() } else { String::new() };
        let (webhook, _) = app.test_webhook(&admin, &with).await;
        assert_eq!(samples::usual_type(app, &admin, &webhook.id).await.unwrap(), usual);
        for event_type in EventType::ALL {
            let (before, seq) = (receiver.count(), app.last_seq().await);
            let sent = samples::send(app, &admin, &webhook.id, *event_type, event_type.example()).await;
            if format.speaks_of(*event_type) {
                let (delivery, _) = sent.expect("sent");
                assert!(delivery.is_test);
                let body = String::from_utf8_lossy(&receiver.last().body).into_owned();
                assert!(body.to_lowercase().contains("test") || body.contains("00000000-0000-0000-0000-000000000000"), "{body}");
            } else {
                assert_eq!(fields(&sent.expect_err("refused")), ["event_type"], "{format:?} {event_type:?}");
                assert_eq!((receiver.count(), app.last_seq().await), (before, seq), "nothing was done");
            }
        }
    }
});

on_both!(a_sample_counts_only_for_the_present_request, |app| async {
    let (admin, _, receiver) = study(app).await;
    let (webhook, _) = app.test_webhook(&admin, &of("mydatahelps", "A", &receiver)).await;
    samples::send(app, &admin, &webhook.id, EventType::SurveyCompleted, EventType::SurveyCompleted.example()).await.unwrap();
    let verified = webhooks::get(app, &admin, &webhook.id).await.unwrap();
    assert!(verified.is_verified());
    // The headers of another format, and who waits for the answer, are no part of this request.
    let same = WebhookDraft { event_header: "X-E".into(), delivery: "synchronous".into(), ..WebhookDraft::of(&verified) };
    let still = webhooks::update(app, &admin, &webhook.id, verified.version, &same).await.unwrap();
    assert!(still.is_verified() && still.settings.synchronous && still.settings.format_options.event_header == "X-E");
    let other = WebhookDraft { key_case: "camel".into(), ..WebhookDraft::of(&still) };
    let camel = webhooks::update(app, &admin, &webhook.id, still.version, &other).await.unwrap();
    assert!(!camel.is_verified());
});

on_both!(only_the_operator_makes_a_webhook_a_legacy_one, |app| async {
    let (admin, _, receiver) = study(app).await;
    let (webhook, _) = app.test_webhook(&admin, &of("mydatahelps", "A", &receiver)).await;
    assert!(!webhook.settings.format_options.legacy);
    samples::send(app, &admin, &webhook.id, EventType::SurveyCompleted, EventType::SurveyCompleted.example()).await.unwrap();
    let legacy = webhooks::set_legacy_by_operator(app, "heart", &webhook.id, true).await.unwrap();
    assert!(legacy.settings.format_options.legacy && !legacy.is_verified());
    let entries = audit::of_object(app, &admin, webhook.id.as_str()).await.unwrap();
    assert_eq!((entries[0].action.as_str(), entries[0].actor_role.as_str()), ("webhook.made_legacy", "system"));
    assert_eq!(entries[0].changes["format_options"][1]["legacy"], true);
    let renamed = WebhookDraft { name: "B".into(), ..WebhookDraft::of(&legacy) };
    let renamed = webhooks::update(app, &admin, &webhook.id, legacy.version, &renamed).await.unwrap();
    assert!(renamed.settings.format_options.legacy, "an edit keeps it");
    let made = preview::of_draft(app, &admin, Some(&webhook.id), &WebhookDraft::of(&renamed)).await.unwrap();
    assert!(made.body.contains("PatientIdentifier"), "{}", made.body);
    let ordinary = webhooks::set_legacy_by_operator(app, "heart", &webhook.id, false).await.unwrap();
    assert!(!ordinary.settings.format_options.legacy);

    let (other, _) = app.test_webhook(&admin, &of("survey", "C", &receiver)).await;
    let error = webhooks::set_legacy_by_operator(app, "heart", &other.id, true).await.unwrap_err();
    assert_eq!(fields(&error), ["webhook"]);
    app.study("lung").await;
    for slug in ["lung", "nothing"] {
        webhooks::set_legacy_by_operator(app, slug, &webhook.id, true).await.expect_err("404");
    }
});

/// The headers of a request as a preview would show them.
fn as_previewed(request: &Received) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> =
        request.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned())).collect();
    headers.sort();
    headers
}

on_both!(a_preview_is_the_request_that_a_sample_is, |app| async {
    let (admin, _, receiver) = study(app).await;
    for format in PayloadFormat::ALL {
        let draft = WebhookDraft {
            token_header: "X-Site-Token".into(),
            token_value: "canary-token".into(),
            basic_user: "hook@example.com".into(),
            basic_password: "canary-password".into(),
            headers: "X-Plain: canary-plain".into(),
            events: if *format == PayloadFormat::Trialkit { vec!["record.inserted".into()] } else { vec!["survey.completed".into()] },
            ..of(format.as_str(), format.as_str(), &receiver)
        };
        let seq = app.last_seq().await;
        let new = preview::of_draft(app, &admin, None, &draft).await.unwrap();
        assert_eq!(app.last_seq().await, seq);
        let (webhook, secret) = app.test_webhook(&admin, &draft).await;
        let stored = preview::of_draft(app, &admin, Some(&webhook.id), &WebhookDraft::of(&webhook)).await.unwrap();
        assert_eq!(new, stored, "what is typed and what is stored give the same");
        let shown = format!("{new:?}");
        assert!(!shown.contains("canary") && !shown.contains(secret.expose()), "{shown}");

        samples::send(app, &admin, &webhook.id, new.event_type, new.event_type.example()).await.unwrap();
        let sent = receiver.last();
        assert_eq!((new.method, new.url.as_str()), ("POST", receiver.url.as_str()));
        let mut promised = new.headers;
        promised.sort();
        let came = as_previewed(&sent);
        let names = |headers: &[(String, String)]| headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&promised), names(&came), "{format:?}");
        for ((name, promised), (_, came)) in promised.iter().zip(&came) {
            match name.as_str() {
                "webhook-id" | "webhook-timestamp" | "webhook-signature" | "x-webhook-signature" | "x-webhook-delivery" => {
                    assert_eq!(promised, COMPUTED, "{name}");
                }
                "x-site-token" | "authorization" | "x-plain" => assert_eq!(promised, KEEP, "{name}"),
                _ => assert_eq!(promised, came, "{name}"),
            }
        }
        // Only the event's id is yet to come; the clock stands.
        let zero = "0".repeat(32);
        let id = app.texts("SELECT id FROM events ORDER BY id DESC LIMIT 1").await.remove(0);
        assert_eq!(new.body, String::from_utf8_lossy(&sent.body).replace(id.trim_start_matches("evt_"), &zero), "{format:?}");
    }
});

on_both!(the_form_previews_saves_nothing_and_gives_no_secret_back, |app| async {
    let (admin, _, receiver) = study(app).await;
    let (webhook, _) = app.test_webhook(&admin, &of("mydatahelps", "Known", &receiver)).await;
    let router = router(app.app.clone());
    let cookie = sign_in(&router, "administrator@heart.example.com").await;
    let base = "/s/heart/settings/integrations";
    let secrets =
        "secret=canary-secret-0123&token_header=X-T&token_value=canary-token&basic_user=u&basic_password=canary-pw&headers=X-H: canary-h";
    let typed = format!("name=Typed+name&url={}&status=active&events=survey.completed&format=survey&content=full&{secrets}", receiver.url);
    let (seq, dump) = (app.last_seq().await, app.dump("webhooks").await);
    let places = [format!("{base}/new"), format!("{base}/{}/edit?version={}", webhook.id, webhook.version)];
    for path in &places {
        let (status, _, page) = send(&router, &Method::POST, path, &format!("{typed}&preview=true"), Some(&cookie)).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        for there in ["survey.response_completed", "x-webhook-signature", COMPUTED, "Typed name", "TEST", "type them again"] {
            assert!(page.contains(there), "{path}: {there}");
        }
        assert!(!page.contains("canary"), "{path}");
        // What is wrong is told as when one saves.
        let wrong = typed.replace("survey.completed", "form.completed");
        let (status, _, page) = send(&router, &Method::POST, path, &format!("{wrong}&preview=true"), Some(&cookie)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("f-format-error") && !page.contains("canary"), "{path}");
    }
    assert_eq!((app.last_seq().await, app.dump("webhooks").await, receiver.count()), (seq, dump, 0), "nothing was saved or sent");
    for who in ["qa", "auditor", "implementation_manager"] {
        app.member("heart", hookwell::model::permission::Role::parse(who).unwrap()).await;
        let cookie = sign_in(&router, &format!("{who}@heart.example.com")).await;
        for path in &places {
            let (status, ..) = send(&router, &Method::POST, path, &format!("{typed}&preview=true"), Some(&cookie)).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{who} {path}");
        }
    }
});

on_both!(a_format_s_headers_cannot_be_set_twice_and_foreign_fields_are_ignored, |app| async {
    let (admin, _, receiver) = study(app).await;
    let refused = async |draft: WebhookDraft| fields(&preview::of_draft(app, &admin, None, &draft).await.expect_err("refused"));
    let survey = of("survey", "A", &receiver);
    assert_eq!(refused(WebhookDraft { headers: "x-webhook-event: 1".into(), ..survey.clone() }).await, ["headers"]);
    let token = WebhookDraft { token_header: "X-Sig".into(), token_value: "t".into(), signature_header: "x-sig".into(), ..survey.clone() };
    assert_eq!(refused(token).await, ["token_header"]);
    assert_eq!(refused(WebhookDraft { signature_header: "authorization".into(), ..survey.clone() }).await, ["signature_header"]);
    assert_eq!(refused(WebhookDraft { event_header: "webhook-id".into(), ..survey.clone() }).await, ["event_header"]);
    assert_eq!(refused(WebhookDraft { event_header: "X-Webhook-Delivery".into(), ..survey.clone() }).await, ["signature_header"]);
    assert_eq!(refused(WebhookDraft { delivery: "soon".into(), ..survey }).await, ["delivery"]);
    assert_eq!(refused(WebhookDraft { key_case: "snake".into(), ..of("mydatahelps", "A", &receiver) }).await, ["key_case"]);
    // Of another format, it is not asked after.
    let foreign = WebhookDraft {
        key_case: "snake".into(),
        event_header: "no header".into(),
        headers: "x-webhook-event: 1".into(),
        ..of("standard", "A", &receiver)
    };
    let (webhook, _) = app.test_webhook(&admin, &foreign).await;
    assert_eq!(webhook.settings.format_options, hookwell::model::webhook::FormatOptions::default());
});

on_both!(a_delivery_whose_variant_is_unknown_is_not_sent_as_something_else, |app| async {
    let (admin, platform, receiver) = study(app).await;
    app.live_webhook(&admin, &draft("A", &receiver.url)).await;
    let accepted = app.publish(&platform, &participant("1")).await.unwrap();
    app.execute("UPDATE payloads SET variant = 'morse/id-only'").await.unwrap();
    app.execute("UPDATE deliveries SET variant = 'morse/id-only'").await.unwrap();
    let mut db = app.store.read().await.unwrap();
    let error = store::deliveries::find_payload(&mut db, &admin.study.id, &accepted[0].delivery_ids[0]).await.err().expect("an error");
    assert!(error.to_string().contains("variant"), "{error}");
});
