"""A mail server outside Hookwell's code: aiosmtpd, which wants a password, and takes one over an encrypted connection only.

python mail.py, with the certificate and key as PEM files in MAIL_CERTIFICATE and MAIL_KEY, the user and password in MAIL_USER and MAIL_PASSWORD.
With MAIL_WRAPPED the connection is encrypted from its first byte, else by STARTTLS. Mail to refused@… is refused. The first line says the port;
then a line of JSON for each message.
"""

import asyncio
import json
import logging
import os
import socket
import ssl
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

# It warns of what is meant here, at each connection.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
warnings.simplefilter("ignore")

USER, PASSWORD = os.environ["MAIL_USER"].encode(), os.environ["MAIL_PASSWORD"].encode()
WRAPPED = bool(os.environ.get("MAIL_WRAPPED"))


def authenticate(server, session, envelope, mechanism, data):
    # Not handled: the server itself answers that the password is wrong.
    return AuthResult(success=(data.login, data.password) == (USER, PASSWORD), handled=False)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        encrypted = WRAPPED or session.ssl is not None
        told = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "encrypted": encrypted, "text": envelope.content.decode()}
        print(json.dumps(told), flush=True)
        return "250 OK"


async def main():
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(os.environ["MAIL_CERTIFICATE"], os.environ["MAIL_KEY"])

    def session():
        return SMTP(
            Handler(),
            tls_context=None if WRAPPED else tls,
            require_starttls=not WRAPPED,
            auth_required=True,
            # Of a wrapped connection it does not know that it is encrypted.
            auth_require_tls=not WRAPPED,
            authenticator=authenticate,
        )

    listener = socket.create_server(("127.0.0.1", 0))
    server = await asyncio.get_running_loop().create_server(session, sock=listener, ssl=tls if WRAPPED else None)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    await server.serve_forever()


asyncio.run(main())
