// A receiver outside Hookwell's code: verifies with the package standardwebhooks of npm.
// node receiver.mjs PORT, the secret in the variable WEBHOOK_SECRET. Port 0 takes a free one; the first line says which. Then a
// line of JSON for each request.
import { createServer } from "node:http";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

const webhook = new Webhook(process.env.WEBHOOK_SECRET);

const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    let ok = true;
    try {
      webhook.verify(Buffer.concat(parts).toString("utf8"), request.headers);
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      ok = false;
    }
    console.log(JSON.stringify({ ok, id: request.headers["webhook-id"] ?? null }));
    response.writeHead(ok ? 204 : 401).end();
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
