"""A receiver of MyDataHelps' webhook callbacks, written from MyDataHelps Designer's documentation of them.

python mydatahelps.py PORT. The callbacks carry no credentials: what is checked is that the parameters are those of the event, with
LEGACY=1 in the environment those of a legacy webhook.
"""

import os

from serving import expect, is_text, object_of, serve

ALL = {"EventType", "ParticipantIdentifier", "ParticipantID", "ProjectID"}
LEGACY = {"PatientIdentifier": "ParticipantIdentifier", "PatientID": "ParticipantID"}
BY_EVENT = {
    "SurveySubmitted": {"SurveyID", "SurveyName", "SurveyResultID"},
    "ScheduleTriggered": {"ScheduleID", "ScheduleName"},
}


def check(headers, body):
    expect(headers.get("content-type", "").startswith("application/json"), "not JSON", 415)
    callback = object_of(body)
    expect(callback.get("EventType") in BY_EVENT, "not an event of MyDataHelps")
    keys = ALL | BY_EVENT[callback["EventType"]]
    if os.environ.get("LEGACY") == "1":
        keys |= LEGACY.keys()
        for old, new in LEGACY.items():
            expect(callback.get(old) == callback.get(new), f"{old} is not identical to {new}")
    expect(callback.keys() == keys, "not the parameters of this event")
    expect(all(is_text(value) for value in callback.values()), "a parameter is no text")


serve(check)
