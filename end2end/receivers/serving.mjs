// What the receivers for Node share: an HTTP server that asks one function about every request.
// The port is the first argument; 0 takes a free one, and the first line says which. Then a line of JSON for each request.
import { createServer } from "node:http";
import { timingSafeEqual } from "node:crypto";

/** A request that the receiver does not take. */
export class Refused extends Error {
  constructor(status, why) {
    super(why);
    this.status = status;
  }
}

export function expect(so, why, status = 400) {
  if (!so) throw new Refused(status, why);
}

/** The JSON object that a body is. */
export function objectOf(body) {
  let value;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new Refused(400, "no JSON");
  }
  expect(isObject(value), "no object");
  return value;
}

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
export const isText = (value) => typeof value === "string" && value !== "";
export const hasKeys = (value, keys) => JSON.stringify(Object.keys(value).sort()) === JSON.stringify([...keys].sort());

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function same(a, b) {
  const [one, other] = [Buffer.from(a ?? ""), Buffer.from(b ?? "")];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** `check(headers, body)` throws `Refused`. */
export function serve(check) {
  const server = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      let [status, why] = [204, null];
      try {
        expect(request.method === "POST", "not a POST", 405);
        check(request.headers, Buffer.concat(parts));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        [status, why] = [error.status, error.message];
      }
      console.log(JSON.stringify({ ok: why === null, why, id: request.headers["webhook-id"] ?? null }));
      response.writeHead(status).end();
    });
  });
  server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
}
