// What a first visit transfers: the sign-in page and the first page of the console, with everything that they load.

import { PASSWORD, STUDY } from '../hookwell.js';
import { expect, signIn, test } from './support.js';

const MOST = 150 * 1024;

test('a first visit transfers at most 150 KB', async ({ page, demo, context }) => {
  const requests = new Map();
  const client = await context.newCDPSession(page);
  await client.send('Network.enable');
  client.on('Network.responseReceived', ({ requestId, response }) => {
    const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]));
    requests.set(requestId, { path: new URL(response.url).pathname, encoding: headers['content-encoding'], bytes: 0 });
  });
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const request = requests.get(requestId);
    if (request) request.bytes = encodedDataLength;
  });

  await page.goto(demo.url, { waitUntil: 'networkidle' });
  await signIn(page, 'admin', PASSWORD);
  await page.waitForLoadState('networkidle');
  await page.getByRole('link', { name: 'Heart failure registry' }).click();
  await expect(page).toHaveURL(`${demo.url}/s/${STUDY}/settings/integrations`);
  // The islands are awake: their script and wasm have been loaded.
  await expect(page.locator('time').first()).toHaveAttribute('title', /GMT\+9|Japan/);
  await page.waitForLoadState('networkidle');

  const all = [...requests.values()].filter((r) => r.bytes > 0);
  for (const { path, encoding, bytes } of all) console.log(`${String(bytes).padStart(8)}  ${(encoding ?? '–').padEnd(5)} ${path}`);
  const sum = all.reduce((sum, r) => sum + r.bytes, 0);
  console.log(`first visit: ${sum} bytes in all (${(sum / 1024).toFixed(1)} KB), ${all.length} requests`);
  expect(all.some((r) => r.path.endsWith('.wasm'))).toBe(true);
  for (const r of all.filter((r) => /\.(css|js|wasm|svg)$/.test(r.path) && r.bytes > 2000)) expect(r.encoding, r.path).toBe('br');
  expect(sum).toBeLessThanOrEqual(MOST);
});
