"""What the receivers in Python share: an HTTP server that asks one function about every request.

The port is the first argument; 0 takes a free one, and the first line says which. Then a line of JSON for each request.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Refused(Exception):
    """A request that the receiver does not take: its status, and why."""

    def __init__(self, status, why):
        super().__init__(why)
        self.status = status


def expect(so, why, status=400):
    if not so:
        raise Refused(status, why)


def object_of(body):
    """The JSON object that a body is, of which no key is there twice."""

    def unique(pairs):
        expect(len({key for key, _ in pairs}) == len(pairs), "a key twice")
        return dict(pairs)

    try:
        value = json.loads(body, object_pairs_hook=unique)
    except ValueError:
        raise Refused(400, "no JSON") from None
    expect(isinstance(value, dict), "no object")
    return value


def is_text(value):
    return isinstance(value, str) and value != ""


def serve(check):
    """`check(headers, body)` raises `Refused`; header names are lowercased."""

    class Receiver(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, why = 204, None
            try:
                check(headers, body)
            except Refused as refused:
                status, why = refused.status, str(refused)
            print(json.dumps({"ok": why is None, "why": why, "id": headers.get("webhook-id")}), flush=True)
            self.send_response(status)
            if why is not None:
                self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    print(json.dumps({"port": server.server_port}), flush=True)
    server.serve_forever()
