//! Send sample.

use super::webhooks::{Place, about, find};
use super::{Answer, Form, Query, Visitor, again, html, see_other};
use crate::error::AppError;
use crate::model::delivery::DeliveryDetail;
use crate::model::event_type::EventType;
use crate::model::id::DeliveryId;
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::webhook::WebhookMode;
use crate::pages::frame::{Frame, webhook_path};
use crate::pages::webhook_test::TestPage;
use crate::server::service::{deliveries, samples};
use leptos::prelude::*;
use serde::Deserialize;

/// What the page shows: an event type's example, or the sample that was just sent.
#[derive(Deserialize)]
pub struct TestQuery {
    #[serde(default)]
    event_type: String,
    #[serde(default)]
    sent: String,
}

fn example(event_type: EventType) -> String {
    serde_json::to_string_pretty(&event_type.example()).unwrap_or_default()
}

/// `GET …/{id}/test`
pub async fn page(visitor: Visitor, place: Place, Query(query): Query<TestQuery>) -> Answer {
    let (actor, webhook) = find(&visitor, place).await?;
    let sent: Option<DeliveryDetail> = match query.sent.parse::<DeliveryId>() {
        Ok(id) => deliveries::get(&visitor.app, &actor, &id, false).await.ok().filter(|d| d.delivery.webhook_id == webhook.id),
        Err(_) => None,
    };
    // An address from before the format was changed may name a type that it does not know.
    let format = webhook.settings.format;
    let chosen = EventType::parse(&query.event_type)
        .or(sent.as_ref().map(|d| d.delivery.event_type))
        .filter(|t| format.speaks_of(*t))
        .unwrap_or_else(|| webhook.settings.sample_event());
    let about = about(&visitor, &actor, webhook).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let data = example(chosen);
    let page = move || view! { <TestPage frame=frame about=about event_type=chosen data=data errors=FieldErrors::default() sent=sent /> };
    Ok(html(&visitor, "Test", page).await)
}

/// The sample.
#[derive(Deserialize)]
pub struct Sample {
    event_type: EventType,
    #[serde(default)]
    data: String,
}

/// `POST …/{id}/test`
pub async fn send(visitor: Visitor, place: Place, Form(form): Form<Sample>) -> Answer {
    let (actor, webhook) = find(&visitor, place).await?;
    // Whoever may not send is told so, not what is wrong with the data.
    actor.require(Action::SendSample { live: webhook.mode == WebhookMode::Live })?;
    let sent = match samples::check_data(form.event_type, &form.data) {
        Ok(data) => samples::send(&visitor.app, &actor, &webhook.id, form.event_type, data).await,
        Err(error) => Err(error),
    };
    match sent {
        Ok((delivery, _)) => Ok(see_other(&format!("{}/test?sent={}", webhook_path(&actor.study, &webhook.id), delivery.id))),
        Err(error @ AppError::Invalid(_)) => {
            let about = about(&visitor, &actor, webhook).await?;
            let frame = Frame::of(&visitor, &actor).await?;
            let errors = error.fields();
            let page =
                move || view! { <TestPage frame=frame about=about event_type=form.event_type data=form.data errors=errors sent=None /> };
            Ok(again(&visitor, "Test", page).await)
        }
        Err(error) => Err(error.into()),
    }
}
