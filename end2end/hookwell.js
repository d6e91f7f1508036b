// Starts the real binary: the console with its example, and receivers. Each ends by its own process id.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const BINARY = resolve(process.env.HOOKWELL_BIN || join(HERE, '../target/debug/hookwell'));

export const PASSWORD = 'an example for the tests';
export const STUDY = 'heart-failure';
export const LOCKED_STUDY = 'sleep-recovery';

export function freePort() {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** Runs the binary until its output matches `ready`. Nothing of our own environment's settings reaches it. */
async function run(args, env, ready) {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HOOKWELL_')));
  const child = spawn(BINARY, args, { env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((done) => child.once('exit', done));
  let output = '';
  await new Promise((done, failed) => {
    const late = setTimeout(() => failed(new Error(`${args.join(' ')} is not ready after 60 s:\n${output}`)), 60_000);
    const take = (chunk) => {
      output += chunk;
      if (ready.test(output)) {
        clearTimeout(late);
        done();
      }
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', failed);
    child.once('exit', (code) => failed(new Error(`${args.join(' ')} ended with ${code}:\n${output}`)));
  });
  return {
    output: () => output,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      // A browser may keep a connection open; nothing here needs an orderly end.
      const hard = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await ended;
      clearTimeout(hard);
    },
  };
}

async function serve(args, ready) {
  const folder = await mkdtemp(join(tmpdir(), 'hookwell-e2e-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    HOOKWELL_LISTEN: `127.0.0.1:${port}`,
    HOOKWELL_PUBLIC_URL: url,
    HOOKWELL_DATA_DIR: folder,
    HOOKWELL_DEMO_PASSWORD: PASSWORD,
  };
  const process = await run(['serve', ...args], env, ready);
  return {
    url,
    output: process.output,
    async stop() {
      await process.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The console with its example study, in a folder of its own. */
export async function startDemo() {
  const console = await serve(['--demo'], /API key: +\S+\n/);
  console.key = /API key: +(\S+)/.exec(console.output())[1];
  console.sessions = new Map();
  return console;
}

/** A console that nobody has an account on yet, with the link of its first start. */
export async function startEmpty() {
  const console = await serve([], /\/setup\/\S+\n/);
  console.setup = /\S+\/setup\/\S+/.exec(console.output())[0];
  return console;
}

/** `hookwell listen`: verifies with `secret`, and can be told to fail. */
export async function startReceiver(secret, port) {
  port ??= await freePort();
  const address = `127.0.0.1:${port}`;
  const env = secret ? { HOOKWELL_LISTEN_SECRET: secret } : {};
  const process = await run(['listen', '--listen', address, '--control'], env, /Listening on/);
  const control = `http://${address}/_control`;
  return {
    port,
    url: `http://${address}/hooks`,
    output: process.output,
    stop: process.stop,
    answer: async (status) => {
      const response = await fetch(`${control}?status=${status}`, { method: 'PUT' });
      if (!response.ok) throw new Error(await response.text());
    },
    counts: async () => (await fetch(control)).json(),
  };
}

/** Signs the browser in, without the form. Which session it gets is remembered. */
export async function signInAs(console, context, role) {
  let cookies = console.sessions.get(role);
  if (!cookies) {
    const form = { email: `${role}@example.com`, password: PASSWORD, next: '' };
    await context.clearCookies();
    const response = await context.request.post(`${console.url}/sign-in`, { form, headers: { origin: console.url } });
    if (!response.url().endsWith('/studies')) throw new Error(`${role} is not signed in: ${response.status()} ${response.url()}`);
    cookies = await context.cookies();
    console.sessions.set(role, cookies);
  }
  await context.clearCookies();
  await context.addCookies(cookies);
}

let events = 0;

/** An event as a platform publishes it. */
export function formCompleted(participant = 'HF-0001') {
  events += 1;
  return {
    specversion: '1.0',
    source: '/tests/edc',
    id: `test-${process.pid}-${events}`,
    type: 'form.completed',
    data: {
      participant: { id: `p-${participant}`, identifier: participant },
      site: { id: 'site-1', name: 'Charité' },
      form: { id: 'kccq-12', name: 'KCCQ-12', version: 2 },
      response: { id: `r-${events}`, status: 'completed', submitted_by: 'participant' },
    },
  };
}

export function publish(console, key, event) {
  return fetch(`${console.url}/api/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(event),
  });
}
