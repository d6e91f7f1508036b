"""An API route that TrialKit's hooks call, written from TrialKit's article on webhooks and its samples of JSON.

python trialkit.py PORT, the hook's e-mail and password in the variables HOOK_EMAIL and HOOK_PASSWORD: with them, the Base64 string
made of both must come with every request.
"""

import base64
import hmac
import os

from serving import expect, is_text, object_of, serve

HOOK = {"trans_id": str, "form_id": str, "form_name": str}
WORKFLOW = {
    "wf_id": int, "wf_seq": int, "wf_name": str, "wf_role1": int, "wf_role2": int, "wf_role3": int, "wf_fl": bool, "wf_lock": bool,
    "wf_sign": bool, "wf_soft": bool, "wf_status": int, "wf_desc": str,
}
EVENTS = {
    "OnInsert": {},
    "OnUpdate": {},
    "OnReview": {"wf_id": int, "wf_object": dict, "wf_status": int, "LockBroken": bool},
}


def expect_members(value, members):
    expect(value.keys() == members.keys(), "not the keys of the sample")
    for key, kind in members.items():
        # In Python, True is an int as well.
        expect(type(value[key]) is kind, f"{key} is not of the sample's type")


def check(headers, body):
    email, password = os.environ.get("HOOK_EMAIL"), os.environ.get("HOOK_PASSWORD")
    if email is not None:
        expected = "Basic " + base64.b64encode(f"{email}:{password}".encode()).decode()
        expect(hmac.compare_digest(headers.get("authorization", "").encode(), expected.encode()), "not the hook's credentials", 401)
    hook = object_of(body)
    events = [event for event in EVENTS if event in hook]
    expect(len(events) == 1 and hook[events[0]] is True, "not exactly one event")
    expect_members(hook, HOOK | {events[0]: bool} | EVENTS[events[0]])
    expect(is_text(hook["trans_id"]) and is_text(hook["form_id"]), "no record or form")
    if events[0] == "OnReview":
        level = hook["wf_object"]
        expect_members(level, WORKFLOW)
        expect((level["wf_id"], level["wf_status"]) == (hook["wf_id"], hook["wf_status"]), "another review level")


serve(check)
