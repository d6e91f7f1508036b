"""A receiver outside Hookwell's code: verifies with the package standardwebhooks of PyPI.

python receiver.py PORT, the secret in the variable WEBHOOK_SECRET. Port 0 takes a free one; the first line says which. Then a
line of JSON for each request.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            webhook.verify(body, headers)
            ok = True
        except WebhookVerificationError:
            ok = False
        print(json.dumps({"ok": ok, "id": headers.get("webhook-id")}), flush=True)
        self.send_response(204 if ok else 401)
        if not ok:
            self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
print(json.dumps({"port": server.server_port}), flush=True)
server.serve_forever()
