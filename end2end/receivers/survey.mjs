// A receiver of survey callbacks, written from the survey platform's documentation of its webhooks.
// node survey.mjs PORT, the shared secret in the variable WEBHOOK_SECRET: the signature is HMAC-SHA256.
import { createHmac } from "node:crypto";
import { expect, hasKeys, isObject, isText, objectOf, same, serve } from "./serving.mjs";

const isTime = (value) => isText(value) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) && !Number.isNaN(Date.parse(value));

serve((headers, body) => {
  const expected = "sha256=" + createHmac("sha256", process.env.WEBHOOK_SECRET).update(body).digest("hex");
  expect(same(headers["x-webhook-signature"], expected), "not signed with the secret", 401);
  expect(headers["x-webhook-event"] === "survey.response_completed" && isText(headers["x-webhook-delivery"]), "no event and delivery");
  const callback = objectOf(body);
  expect(hasKeys(callback, ["surveyId", "eventType", "eventId", "timestamp", "data"]), "not the members of a callback");
  expect(callback.eventType === headers["x-webhook-event"], "another event than the header names");
  expect(isText(callback.surveyId) && isText(callback.eventId) && isTime(callback.timestamp), "no survey, event or time");
  expect(isObject(callback.data) && hasKeys(callback.data, ["responseId", "completedAt", "answers", "embeddedData", "metadata"]), "not a response");
  expect(isText(callback.data.responseId) && isTime(callback.data.completedAt), "no response, or not completed");
  for (const part of ["answers", "embeddedData", "metadata"]) {
    const value = callback.data[part];
    expect(value === null || isObject(value) || (part === "answers" && Array.isArray(value)), `${part} is not what it should be`);
  }
});
