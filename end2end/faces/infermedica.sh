#!/usr/bin/env bash
# The commands of Infermedica's document "Webhooks" as it prints them, but for host and credentials, against a Hookwell.
#
#   HOOKWELL=https://hookwell.example.com CREDENTIALS=hwk_… RECEIVER=https://mywebsite.com end2end/faces/infermedica.sh
#
# CREDENTIALS is an API key with webhooks:read, webhooks:write and events:write that has no configuration yet; RECEIVER stands for the
# document's https://mywebsite.com and answers 2xx.
set -euo pipefail
. "$(dirname "$0")/check.sh"
export url="$RECEIVER/webhook_receiver"

# "To start receiving webhook requests, you first need to register your configuration"
curl --location --request POST "$HOOKWELL/api/v2/config/webhook" \
--header "Authorization: Bearer $CREDENTIALS" \
--header 'Content-Type: application/json' \
--data-raw '{
"url": "'"$RECEIVER"'/webhook_receiver",
"authorization_token": "zGORr7q1I4egIr0c0eKXD7CMpIcjFooJ",
"subscribed_events": ["survey_created"]
}'
expect 201 'a == {"id": a["id"], "url": env["url"], "authorization_token": "zGORr7q1I4egIr0c0eKXD7CMpIcjFooJ", "subscribed_events": ["survey_created"]}'
id="$(member id)"
export id

# "Once the configuration is registered, the url you provided will start receiving POST requests"
publish survey.created "infermedica-$id" s-1 new
until_so '[d["state"] for d in a["items"]] == ["delivered"]' \
  curl "$HOOKWELL/api/v1/deliveries?webhook_id=wh_${id//-/}" --header "Authorization: Bearer $CREDENTIALS"

# "To update non-token data, use"
curl --location --request PATCH "$HOOKWELL/api/v2/config/webhook/$id" \
--header "Authorization: Bearer $CREDENTIALS" \
--header 'Content-Type: application/json' \
--data-raw '{
"url": "'"$RECEIVER"'/webhook_receiver",
"subscribed_events": ["survey_created"]
}'
expect 200 'a == {"id": env["id"], "url": env["url"], "subscribed_events": ["survey_created"]}'

# "To update the token, use": printed with a trailing comma, which is no JSON …
curl --location --request PATCH "$HOOKWELL/api/v2/config/webhook/$id" \
--header "Authorization: Bearer $CREDENTIALS" \
--header 'Content-Type: application/json' \
--data-raw '{
"authorization_token": "zGORr7q1I4egIr0c0eKXD7CMpIcjFooJ",
}'
expect 400 'a["detail"].endswith("trailing comma at line 3 column 1.")'
# … and mended.
curl --location --request PATCH "$HOOKWELL/api/v2/config/webhook/$id" \
--header "Authorization: Bearer $CREDENTIALS" \
--header 'Content-Type: application/json' \
--data-raw '{
"authorization_token": "zGORr7q1I4egIr0c0eKXD7CMpIcjFooJ"
}'
expect 200 'a == {"id": env["id"], "url": env["url"], "subscribed_events": ["survey_created"], "authorization_token": "zGORr7q1I4egIr0c0eKXD7CMpIcjFooJ"}'

# "To get all of the webhook configurations that belong to the current client, use"
curl --location --request GET "$HOOKWELL/api/v2/config/webhook" \
--header "Authorization: Bearer $CREDENTIALS" \
--header 'Content-Type: application/json'
expect 200 'a == [{"id": env["id"], "url": env["url"], "subscribed_events": ["survey_created"]}]'

# "To get a specific webhook configuration, use"
curl --location --request GET "$HOOKWELL/api/v2/config/webhook/$id" \
--header "Authorization: Bearer $CREDENTIALS" \
--header 'Content-Type: application/json'
expect 200 'a == {"id": env["id"], "url": env["url"], "subscribed_events": ["survey_created"]}'

# Without good credentials nothing is told.
curl --location --request GET "$HOOKWELL/api/v2/config/webhook/$id" --header 'Authorization: Bearer wrong'
expect 401
curl --location --request GET "$HOOKWELL/api/v2/config/webhook"
expect 401

# "To delete a webhook configuration, use"
curl --location --request DELETE "$HOOKWELL/api/v2/config/webhook/$id" \
--header "Authorization: Bearer $CREDENTIALS" \
--header 'Content-Type: application/json'
expect 200 'a == {"id": env["id"], "url": env["url"], "subscribed_events": ["survey_created"]}'
curl --location --request GET "$HOOKWELL/api/v2/config/webhook/$id" --header "Authorization: Bearer $CREDENTIALS"
expect 404
echo "infermedica: as printed"
