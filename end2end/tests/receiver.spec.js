// A receiver that is none of ours takes what is sent: it verifies with the published package of Standard Webhooks.

import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { STUDY, formCompleted, publish } from '../hookwell.js';
import { code, expect, test } from './support.js';

/** Answers 204 to what verifies, and 400 to what does not. */
async function receive() {
  const taken = [];
  let webhook;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    try {
      taken.push({ id: request.headers['webhook-id'], event: webhook.verify(body, request.headers) });
      response.writeHead(204).end();
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    taken,
    knows: (secret) => (webhook = new Webhook(secret)),
    stop: () => new Promise((done) => server.close(done).closeAllConnections()),
  };
}

test('a sample and a live event are verified by the published package', async ({ page, demo, as }) => {
  const receiver = await receive();
  try {
    await as('admin');
    await page.goto(`${demo.url}/s/${STUDY}/settings/integrations/new`);
    await page.getByLabel('Name', { exact: true }).fill('Somebody else’s receiver');
    await page.getByLabel('URL', { exact: true }).fill(receiver.url);
    await page.locator('input[name=events][value="form.completed"]').check();
    await page.getByRole('button', { name: 'Add webhook' }).click();
    receiver.knows(await code(page, 'Secret key').innerText());

    await page.getByRole('link', { name: 'Test', exact: true }).click();
    await page.getByRole('button', { name: 'Send sample' }).click();
    await expect(page.getByText(/The sample arrived: 204/)).toBeVisible();
    await page.getByRole('button', { name: 'Go Live' }).click();
    await expect(page.getByText('The webhook is Live')).toBeVisible();
    expect((await publish(demo, demo.key, formCompleted('HF-0815'))).status).toBe(202);
    await expect.poll(() => receiver.taken.length).toBe(2);
    const [sample, live] = receiver.taken;
    expect(sample.event.type).toBe('webhook.test');
    expect(live.event.type).toBe('form.completed');
    expect(live.event.data.participant.id).toBe('p-HF-0815');
    expect(live.id).not.toBe(sample.id);
  } finally {
    await receiver.stop();
  }
});
