"""A receiver of WeGuide's webhooks, written from WeGuide's article on setting one up.

python weguide.py PORT, the Secret Key in the variable SECRET_KEY: it is "required to send the payload data", and comes in the header
that the variable SECRET_HEADER names. The article publishes no body; it is read as the JSON form of a CloudEvent (version 1.0).
"""

import hmac
import os

from serving import expect, is_text, object_of, serve

HEADER = os.environ.get("SECRET_HEADER", "x-secret-key").lower()


def check(headers, body):
    given, expected = headers.get(HEADER, ""), os.environ["SECRET_KEY"]
    expect(hmac.compare_digest(given.encode(), expected.encode()), "not the Secret Key", 401)
    event = object_of(body)
    expect(event.get("specversion") == "1.0" and is_text(event.get("id")) and is_text(event.get("source")), "not a CloudEvent")
    data = event.get("data")
    expect(isinstance(data, dict) and is_text(data.get("participant", {}).get("id")), "no participant")
    match event.get("type"):
        case "participant.created":
            pass
        case "form.completed":
            expect(is_text(data.get("form", {}).get("id")), "no form")
            expect(data.get("response", {}).get("status") == "completed", "a form that is not finished triggers no event")
        case _:
            expect(False, "not an event of WeGuide")


serve(check)
