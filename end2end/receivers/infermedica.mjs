// A webhook receiver for Infermedica's Intake, written from Infermedica's documentation of its webhooks.
// node infermedica.mjs PORT, the authorization token in the variable WEBHOOK_TOKEN.
import { expect, hasKeys, isObject, isText, objectOf, same, serve } from "./serving.mjs";

serve((headers, body) => {
  expect(same(headers["x-webhook-infermedica-token"], process.env.WEBHOOK_TOKEN), "not from Infermedica", 401);
  const notice = objectOf(body);
  expect(hasKeys(notice, ["event_type", "content"]), "not event_type and content");
  expect(["survey_created", "survey_finished"].includes(notice.event_type), "not an event of Intake");
  expect(isObject(notice.content) && hasKeys(notice.content, ["survey_id"]) && isText(notice.content.survey_id), "no survey");
});
