#!/usr/bin/env bash
# The operations of the Surveys document "Webhooks" with the body that it prints, but for host and credentials, and then its "Integration
# Pattern", against a Hookwell.
#
#   HOOKWELL=https://hookwell.example.com CREDENTIALS=hwk_… RECEIVER=https://your-system.example.com end2end/faces/surveys.sh
#
# CREDENTIALS is an API key with webhooks:read, webhooks:write, webhooks:test, deliveries:retry, events:write and data:write; RECEIVER stands
# for the document's https://your-system.example.com and answers 2xx. The study has no forms and no such contacts yet, and the survey no
# webhook.
set -euo pipefail
. "$(dirname "$0")/check.sh"
export url="$RECEIVER/webhooks/survey-complete"
surveyId=SURVEY_UUID
webhooks="$HOOKWELL/api/surveys/$surveyId/webhooks"
bearer="Authorization: Bearer $CREDENTIALS"
json='Content-Type: application/json'

# Create
curl --request POST "$webhooks" --header "$bearer" --header "$json" --data-raw \
  '{ "surveyId": "SURVEY_UUID", "name": "Patient Survey Completion", "url": "'"$RECEIVER"'/webhooks/survey-complete", "events": ["survey.response_completed"], "secret": "your-webhook-secret", "isActive": true}'
expect 201 'a["surveyId"] == "SURVEY_UUID" and a["name"] == "Patient Survey Completion" and a["url"] == env["url"] and a["events"] == ["survey.response_completed"] and a["hasSecret"] is True and a["isActive"] is True and "secret" not in a'
id="$(member id)"
export id

# List, Get
curl --request GET "$webhooks" --header "$bearer"
expect 200 '[w["id"] for w in a["items"]] == [env["id"]]'
curl --request GET "$webhooks/$id" --header "$bearer"
expect 200 'a["id"] == env["id"] and "secret" not in a'

# Test
curl --request POST "$webhooks/$id/test" --header "$bearer"
expect 200 'a["delivered"] is True and a["statusCode"] == 204 and a["durationMs"] >= 0 and a["failure"] is None'

# "Receive callback when the contact completes the survey"
publish survey.completed "surveys-$id" "$surveyId" completed

# List deliveries
until_so '[(d["eventType"], d["isTest"], d["status"]) for d in a["items"]] == [("survey.response_completed", False, "delivered"), ("survey.response_completed", True, "delivered")]' \
  curl --request GET "$webhooks/$id/deliveries" --header "$bearer"
curl --request GET "$webhooks/$id/deliveries?limit=1" --header "$bearer"
expect 200 'len(a["items"]) == 1 and a["next"] and a["items"][0]["attempts"] == 1 and a["items"][0]["responseStatus"] == 204'
deliveryId="$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["items"][0]["id"])' "$answer")"

# Retry delivery
curl --request POST "$webhooks/$id/deliveries/$deliveryId/retry" --header "$bearer"
expect 202 'a["id"] and a["status"] == "delivered"'
until_so 'a["items"][0]["attempts"] == 2' curl --request GET "$webhooks/$id/deliveries?limit=1" --header "$bearer"

# Update
curl --request PATCH "$webhooks/$id" --header "$bearer" --header "$json" --data-raw '{"isActive": false, "secret": null}'
expect 200 'a["isActive"] is False and a["hasSecret"] is False and a["name"] == "Patient Survey Completion"'
curl --request PATCH "$webhooks/$id" --header "$bearer" --header "$json" --data-raw '{"active": true}'
expect 200 'a["isActive"] is True and a["hasSecret"] is False'
curl --request PATCH "$webhooks/$id" --header "$bearer" --header "$json" --data-raw '{"surveyId": "ANOTHER"}'
expect 422 'a["errors"][0]["field"] == "surveyId"'

# Another survey's webhooks are not here.
curl --request GET "$HOOKWELL/api/surveys/ANOTHER/webhooks/$id" --header "$bearer"
expect 404

# Delete
curl --request DELETE "$webhooks/$id" --header "$bearer"
expect 200 'a["id"] == env["id"]'
curl --request GET "$webhooks" --header "$bearer"
expect 200 'a["items"] == []'

# The integration pattern, with a survey that is kept here.
curl --request POST "$HOOKWELL/api/v1/forms" --header "$bearer" --header "$json" --data-raw \
  '{"kind": "survey", "name": "Patient satisfaction", "questions": [{"key": "satisfied", "label": "Were you satisfied?", "kind": "yes_no", "required": true}]}'
expect 201 'a["kind"] == "survey"'
surveyId="$(member id)"
export surveyId
survey="$HOOKWELL/api/surveys/$surveyId"
# From now on the study has no other surveys.
curl --request GET "$webhooks" --header "$bearer"
expect 404

# "Create contacts via POST /api/directory/contacts/upsert"
curl --request POST "$HOOKWELL/api/directory/contacts/upsert" --header "$bearer" --header "$json" --data-raw \
  '{"externalId": "P-0001", "email": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace", "attributes": {"ward": "B2"}}'
expect 201 'a["externalId"] == "P-0001" and a["email"] == "ada@example.com" and a["created"] is True'
contactId="$(member contactId)"
export contactId
curl --request POST "$HOOKWELL/api/directory/contacts/upsert" --header "$bearer" --header "$json" --data-raw \
  '{"contacts": [{"email": "ada@example.com", "language": "en"}, {"externalId": "P-0002"}]}'
expect 200 '[c["created"] for c in a["contacts"]] == [False, True] and a["contacts"][0]["contactId"] == env["contactId"]'

# "Send survey via POST /api/surveys/{id}/distributions/quick"
curl --request POST "$survey/distributions/quick" --header "$bearer" --header "$json" --data-raw \
  '{"contactIds": ["'"$contactId"'"], "contacts": [{"externalId": "P-0002"}]}'
expect 201 'a["surveyId"] == env["surveyId"] and a["channel"] == "link" and a["sent"] == 2 and [d["status"] for d in a["distributions"]] == ["new", "new"] and all("/r/" in d["link"] for d in a["distributions"])'
responseId="$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["distributions"][0]["responseId"])' "$answer")"
export responseId

# "Register webhook for survey.response_completed"
curl --request POST "$survey/webhooks" --header "$bearer" --header "$json" --data-raw \
  '{ "name": "Completions here", "url": "'"$RECEIVER"'/webhooks/survey-complete", "events": ["survey.response_completed"], "secret": "your-webhook-secret" }'
expect 201 'a["surveyId"] == env["surveyId"] and a["isActive"] is True'
hook="$survey/webhooks/$(member id)"

# "Receive callback when the contact completes the survey"
curl --request PATCH "$HOOKWELL/api/v1/responses/$responseId" --header "$bearer" --header "$json" --data-raw \
  '{"status": "completed", "answers": {"satisfied": true}}'
expect 200 'a["status"] == "completed"'
until_so '[(d["eventType"], d["status"]) for d in a["items"]] == [("survey.response_completed", "delivered")]' \
  curl --request GET "$hook/deliveries" --header "$bearer"

# "Optionally poll GET /api/surveys/{id}/responses/bulk-status for contacts that haven't responded yet"
curl --request GET "$survey/responses/bulk-status?contactIds=$contactId" --header "$bearer"
expect 200 '[(i["contactId"], i["responseId"], i["status"]) for i in a["items"]] == [(env["contactId"], env["responseId"], "completed")] and a["items"][0]["completedAt"]'
curl --request GET "$survey/responses/bulk-status" --header "$bearer"
expect 200 '[(i["externalId"], i["status"]) for i in a["items"]] == [("P-0001", "completed"), ("P-0002", "notStarted")] and a["next"] is None'
echo "surveys: as printed"
