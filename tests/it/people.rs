//! The first administrator, signing in, sessions, passwords, API keys.

use crate::harness::{PASSWORD, START, TestApp, fields};
use futures::future::join_all;
use hookwell::error::AppError;
use hookwell::model::api_key::ApiKeyDraft;
use hookwell::model::permission::{Role, Scope};
use hookwell::model::time::{DAY, HOUR, MINUTE, SECOND};
use hookwell::server::auth::session::{self, Limits, Sessions};
use hookwell::server::auth::{Actor, Asker, api_key};
use hookwell::server::secret::Secret;
use hookwell::server::service::people::{self, Setup};
use hookwell::server::service::{api_keys, integrations};
use hookwell::server::store;
use std::sync::Arc;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::{Expiry, Session};

fn setup() -> Setup {
    Setup {
        email: " Ada@Example.com ".to_owned(),
        name: "Ada".to_owned(),
        password: Secret::new(PASSWORD),
        study_name: "Heart".to_owned(),
        study_slug: "heart".to_owned(),
    }
}

on_both!(the_set_up_link_works_once, |app| async {
    let old = people::setup_token(app).await.unwrap().expect("nobody is there");
    let token = people::setup_token(app).await.unwrap().expect("nobody is there");
    assert!(!people::setup_link_works(app, old.expose()).await.unwrap(), "replaced");
    assert!(people::setup_link_works(app, token.expose()).await.unwrap());
    let wrong = Setup {
        email: "ada".into(),
        name: String::new(),
        password: Secret::new("password1234"),
        study_name: String::new(),
        study_slug: "-".into(),
    };
    let refused = people::setup(app, token.expose(), wrong).await.expect_err("wrong");
    assert_eq!(fields(&refused), ["email", "name", "password", "study_slug", "study_name"]);
    let refused = people::setup(app, old.expose(), setup()).await.expect_err("replaced");
    assert_eq!(refused.status(), 404);

    let ada = people::setup(app, token.expose(), setup()).await.expect("set up");
    assert_eq!(ada.email, "ada@example.com");
    let again = people::setup(app, token.expose(), Setup { email: "eve@example.com".into(), study_slug: "lung".into(), ..setup() }).await;
    assert_eq!(again.expect_err("used").status(), 404);
    assert!(people::setup_token(app).await.unwrap().is_none(), "somebody is there");
    assert_eq!(app.number("SELECT COUNT(*) FROM users").await, 1);

    let studies = people::studies_of(app, &ada.id).await.unwrap();
    assert_eq!((studies.len(), studies[0].role), (1, Role::Administrator));
    assert!(!studies[0].study.integrations_enabled, "an implementation manager enables them");
    let mut db = app.store.read().await.unwrap();
    let admin = Actor::member(&mut db, ada.clone(), "heart", Asker::default()).await.unwrap();
    drop(db);
    assert_eq!(integrations::switch(app, &admin, true, "I want to").await.expect_err("not theirs").status(), 403);
    assert_eq!(people::sign_in(app, "ADA@example.com", Secret::new(PASSWORD)).await.unwrap(), ada);
});

on_both!(the_set_up_link_expires, |app| async {
    let token = people::setup_token(app).await.unwrap().expect("nobody is there");
    app.clock.advance(DAY);
    assert!(!people::setup_link_works(app, token.expose()).await.unwrap());
    assert_eq!(people::setup(app, token.expose(), setup()).await.expect_err("expired").status(), 404);
});

on_both!(of_two_set_ups_at_once_one_works, |app| async {
    let token = people::setup_token(app).await.unwrap().expect("nobody is there");
    let other = Setup { email: "eve@example.com".into(), study_slug: "lung".into(), ..setup() };
    let (a, b) = tokio::join!(people::setup(app, token.expose(), setup()), people::setup(app, token.expose(), other));
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
});

on_both!(wrong_passwords_cost_growing_pauses, |app| async {
    let ada = app.user("ada@example.com").await;
    let try_with = async |password: &str| people::sign_in(app, "Ada@example.com ", Secret::new(password)).await;
    for _ in 0..5 {
        let refused = try_with("wrong password").await.expect_err("wrong");
        assert_eq!(refused, people::sign_in(app, "nobody@example.com", Secret::new(PASSWORD)).await.expect_err("nobody"));
        assert_eq!(refused.status(), 401);
    }
    for pause in [1i64, 2, 4, 8] {
        assert_eq!(try_with(PASSWORD).await, Err(AppError::TooMany(u64::try_from(pause).unwrap())), "the right one waits too");
        app.clock.advance(pause * SECOND - 1);
        assert_eq!(try_with("wrong password").await, Err(AppError::TooMany(1)));
        app.clock.advance(1);
        assert_eq!(try_with("wrong password").await.expect_err("wrong").status(), 401);
    }
    app.clock.advance(16 * SECOND);
    assert_eq!(try_with(PASSWORD).await, Ok(ada), "nobody is locked out for good");
    assert_eq!(try_with("wrong password").await.expect_err("wrong").status(), 401);
    assert!(try_with(PASSWORD).await.is_ok(), "the count began again");
});

on_both!(wrong_passwords_at_once_count_each, |app| async {
    app.user("ada@example.com").await;
    let tries = join_all((0..12).map(|_| people::sign_in(app, "ada@example.com", Secret::new("wrong password")))).await;
    let wrong = tries.iter().filter(|t| matches!(t, Err(AppError::Unauthenticated(_)))).count();
    assert!(wrong >= 5 && tries.iter().all(|t| matches!(t, Err(AppError::Unauthenticated(_) | AppError::TooMany(_)))), "{tries:?}");
    assert_eq!(app.number("SELECT failed_sign_ins FROM users").await, i64::try_from(wrong).unwrap());
    let refused = people::sign_in(app, "ada@example.com", Secret::new(PASSWORD)).await;
    assert!(matches!(refused, Err(AppError::TooMany(_))), "{refused:?}");
});

fn sessions(app: &TestApp) -> Arc<Sessions> {
    Arc::new(Sessions::new(app.store.clone(), app.clock.clone(), app.config.session.idle))
}

fn expiry() -> Expiry {
    Expiry::AtDateTime(OffsetDateTime::from_unix_timestamp(START.plus(30 * DAY).seconds()).unwrap())
}

const LIMITS: Limits = Limits { idle: 15 * MINUTE, absolute: 12 * HOUR };

on_both!(a_new_password_ends_the_other_sessions, |app| async {
    let (ada, bob) = (app.user("ada@example.com").await, app.user("bob@example.com").await);
    let store = sessions(app);
    let mut ids = Vec::new();
    for user in [&ada, &ada, &bob] {
        let session = Session::new(None, store.clone(), Some(expiry()));
        session::sign_in(&session, user.id.clone(), app.clock.now()).await.unwrap();
        session.save().await.unwrap();
        ids.push(session.id().unwrap());
    }
    let open = |n: usize| Session::new(Some(ids[n]), store.clone(), Some(expiry()));
    let who = async |n: usize| session::current(&open(n), app.clock.now(), LIMITS).await.unwrap();
    assert_eq!((who(0).await, who(1).await, who(2).await), (Some(ada.id.clone()), Some(ada.id.clone()), Some(bob.id.clone())));

    let change = async |present: &str, new: &str| {
        people::change_password(app, &ada, Secret::new(present), Secret::new(new), session::hash_of(&open(0)).as_deref()).await
    };
    assert_eq!(fields(&change("wrong password", "short").await.expect_err("wrong")), ["present_password", "new_password"]);
    assert_eq!(fields(&change(PASSWORD, PASSWORD).await.expect_err("the same")), ["new_password"]);
    assert!(who(1).await.is_some(), "nothing was changed");
    change(PASSWORD, "Tr0mbone-Lichen-92").await.expect("changed");
    assert_eq!((who(0).await, who(1).await, who(2).await), (Some(ada.id.clone()), None, Some(bob.id.clone())));
    assert_eq!(people::sign_in(app, &ada.email, Secret::new(PASSWORD)).await.expect_err("old").status(), 401);
    assert!(people::sign_in(app, &ada.email, Secret::new("Tr0mbone-Lichen-92")).await.is_ok());
});

on_both!(a_session_has_an_idle_and_an_absolute_limit, |app| async {
    let ada = app.user("ada@example.com").await;
    let store = sessions(app);
    let begin = async || {
        let session = Session::new(None, store.clone(), Some(expiry()));
        session.insert("flash", "planted").await.unwrap();
        session.save().await.unwrap();
        let planted = session.id();
        session::sign_in(&session, ada.id.clone(), app.clock.now()).await.unwrap();
        session.save().await.unwrap();
        assert_ne!(session.id(), planted, "a new id at sign-in");
        let old = Session::new(planted, store.clone(), Some(expiry()));
        assert_eq!(session::current(&old, app.clock.now(), LIMITS).await.unwrap(), None, "the planted one is worth nothing");
        session.id()
    };
    let who = async |id| {
        let session = Session::new(id, store.clone(), Some(expiry()));
        let who = session::current(&session, app.clock.now(), LIMITS).await.unwrap();
        session.save().await.unwrap();
        who
    };
    let id = begin().await;
    for _ in 0..40 {
        app.clock.advance(14 * MINUTE);
        assert_eq!(who(id).await, Some(ada.id.clone()), "a request moves the idle limit on");
    }
    app.clock.advance(15 * MINUTE + 1);
    assert_eq!(who(id).await, None, "idle");

    let id = begin().await;
    for _ in 0..51 {
        app.clock.advance(14 * MINUTE);
        assert_eq!(who(id).await, Some(ada.id.clone()));
    }
    app.clock.advance(14 * MINUTE);
    assert_eq!(who(id).await, None, "12 hours");
    app.clock.advance(-DAY);
    assert_eq!(who(id).await, None, "ended on the server");

    // What is left for the next page is there once.
    let session = Session::new(None, store.clone(), Some(expiry()));
    assert_eq!(session::take::<String>(&session, "flash").await.unwrap(), None);
    session::leave(&session, "flash", &"saved").await.unwrap();
    assert_eq!(session::take::<String>(&session, "flash").await.unwrap().as_deref(), Some("saved"));
    assert_eq!(session::take::<String>(&session, "flash").await.unwrap(), None);
    session::sign_out(&session).await.unwrap();
});

on_both!(the_operator_adds_people_and_studies, |app| async {
    let refused = people::add_study(app, "Heart!", "", true).await.expect_err("wrong");
    assert_eq!(fields(&refused), ["slug", "name"]);
    let heart = people::add_study(app, "heart", "Heart", true).await.expect("added");
    assert!(heart.production && !heart.integrations_enabled);
    assert_eq!(fields(&people::add_study(app, "heart", "Other", false).await.expect_err("taken")), ["slug"]);

    let add =
        async |email: &str, password: &str, of: Option<(&str, Role)>| people::add_user(app, email, "Ada", Secret::new(password), of).await;
    assert_eq!(fields(&add("ada", PASSWORD, None).await.expect_err("no address")), ["email"]);
    assert_eq!(fields(&add("ada@example.com", "passwordpassword", None).await.expect_err("weak")), ["password"]);
    assert_eq!(add("ada@example.com", PASSWORD, Some(("lung", Role::Qa))).await.expect_err("no study").status(), 404);
    assert_eq!(app.number("SELECT COUNT(*) FROM users").await, 0, "all or nothing");
    let ada = add("Ada@example.com", PASSWORD, Some(("heart", Role::Administrator))).await.expect("added");
    assert_eq!(fields(&add("ada@EXAMPLE.com", PASSWORD, None).await.expect_err("taken")), ["email"]);
    people::set_role(app, "ADA@example.com", "heart", Role::Auditor).await.expect("set");
    assert_eq!(people::set_role(app, "bob@example.com", "heart", Role::Qa).await.expect_err("nobody").status(), 404);
    assert_eq!(people::set_role(app, "ada@example.com", "lung", Role::Qa).await.expect_err("no study").status(), 404);
    assert_eq!(people::studies_of(app, &ada.id).await.unwrap()[0].role, Role::Auditor);
    assert_eq!(people::user(app, &ada.id).await.unwrap(), Some(ada.clone()));
    let members = people::members(app, &app.admin("heart").await).await.unwrap();
    assert_eq!(members.len(), 2);

    // Who is no member does not learn whether the study is there.
    let stranger = app.user("eve@example.com").await;
    let mut db = app.store.read().await.unwrap();
    let there = Actor::member(&mut db, stranger.clone(), "heart", Asker::default()).await.expect_err("no member");
    let not_there = Actor::member(&mut db, stranger, "lung", Asker::default()).await.expect_err("no study");
    assert_eq!((there.status(), &there), (404, &not_there));
});

on_both!(an_api_key_works_until_it_is_revoked_or_expires, |app| async {
    app.study("heart").await;
    let admin = app.admin("heart").await;
    let wrong = ApiKeyDraft { name: String::new(), scopes: vec!["all".into()], expires_in_days: "0".into() };
    assert_eq!(fields(&api_keys::create(app, &admin, &wrong).await.expect_err("wrong")), ["name", "scopes", "expires_in_days"]);
    let good = ApiKeyDraft { name: "EDC".into(), scopes: vec!["events:write".into(), "events:write".into()], expires_in_days: "1".into() };
    let (key, secret) = api_keys::create(app, &admin, &good).await.expect("made");
    assert_eq!(key.scopes, [Scope::EventsWrite]);
    assert_eq!(api_keys::create_by_operator(app, "lung", &good).await.expect_err("no study").status(), 404);

    let ask = async |header: Option<String>| api_key::authenticate(&app.store, header.as_deref(), app.clock.now()).await;
    let bearer = || Some(format!("bearer {}", secret.expose()));
    assert_eq!(ask(bearer()).await.unwrap().id, key.id);
    assert_eq!(api_keys::list(app, &admin).await.unwrap()[0].last_used_at, Some(START));
    for header in [None, Some("Basic abc".to_owned()), Some("Bearer hwk_unknown".to_owned()), Some(secret.expose().to_owned())] {
        assert_eq!(ask(header).await.expect_err("refused").status(), 401);
    }
    app.clock.advance(DAY - 1);
    assert!(ask(bearer()).await.is_ok());
    app.clock.advance(1);
    assert!(ask(bearer()).await.expect_err("expired").to_string().contains("expired"));

    let (key, secret) = api_keys::create(app, &admin, &ApiKeyDraft { expires_in_days: String::new(), ..good }).await.expect("made");
    assert_eq!(fields(&api_keys::revoke(app, &admin, &key.id, " ").await.expect_err("no reason")), ["reason"]);
    api_keys::revoke(app, &admin, &key.id, "leaked").await.expect("revoked");
    assert!(ask(Some(format!("Bearer {}", secret.expose()))).await.expect_err("revoked").to_string().contains("revoked"));
    assert_eq!(api_keys::revoke(app, &admin, &key.id, "leaked").await.expect_err("revoked before").status(), 404);
    let stored = app.dump("api_keys").await.join("\n");
    assert!(!stored.contains(&secret.expose()[8..]), "the secret is not kept");
    let mut db = app.store.read().await.unwrap();
    assert!(store::api_keys::find_by_secret(&mut db, &api_key::hash(secret.expose())).await.unwrap().is_some());
});
