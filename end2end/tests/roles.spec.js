// What each role is offered, and what it is answered when it asks for more all the same.

import { STUDY, formCompleted, publish } from '../hookwell.js';
import { code, expect, opener, test, webhookPath } from './support.js';

const LIST = `/s/${STUDY}/settings/integrations`;

/** Posts a form that the page does not offer, as a page of the console would. */
async function forge(page, demo, url, form = {}) {
  const response = await page.context().request.post(url, { form, headers: { origin: demo.url }, maxRedirects: 0 });
  const text = await response.text();
  expect(response.status(), `${url} ${JSON.stringify(form)}`).toBe(403);
  expect(response.headers()['content-type']).toContain('text/html');
  expect(text).toContain('You may not');
}

/** A live delivery and a sample's, by their addresses. */
async function deliveries(page, demo, as) {
  await as('admin');
  const live = await webhookPath(page, demo, STUDY, 'CTMS');
  await page.goto(`${live}/deliveries?mode=live`);
  const delivery = demo.url + (await page.locator('#deliveries tbody a').first().getAttribute('href'));
  const fresh = await webhookPath(page, demo, STUDY, 'Patient app (new)');
  await page.goto(`${fresh}/test`);
  await page.getByRole('button', { name: 'Send sample' }).click();
  const sample = demo.url + (await page.getByRole('link', { name: 'Open it in the history' }).getAttribute('href'));
  return { live, fresh, delivery, sample };
}

test('QA tries out in Test mode, and no more', async ({ page, demo, as }) => {
  const { live, fresh, delivery, sample } = await deliveries(page, demo, as);
  await as('qa');
  await page.goto(demo.url + LIST);
  await expect(page.getByRole('link', { name: 'CTMS', exact: true })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Add webhook' })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'API keys' })).toHaveCount(0);

  await page.goto(`${fresh}/test`);
  await page.getByRole('button', { name: 'Send sample' }).click();
  await expect(page.getByText(/The sample arrived/)).toBeVisible();
  await expect(page.getByRole('link', { name: 'Settings', exact: true })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Secret', exact: true })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Go Live' })).toHaveCount(0);

  await page.goto(`${live}/test`);
  await expect(page.getByText('The webhook is Live: an administrator may send samples to it.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send sample' })).toHaveCount(0);
  await page.goto(delivery);
  await expect(opener(page, 'Retry')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Show the bodies' })).toHaveCount(0);
  await expect(page.getByText('Your role does not see the bodies of live events.')).toBeVisible();
  await page.goto(sample);
  await expect(code(page, 'Body, formatted')).toBeVisible();

  await forge(page, demo, `${demo.url}${LIST}/new`, { name: 'x' });
  await forge(page, demo, `${live}/test`, { event_type: 'form.completed', data: '{}' });
  await forge(page, demo, `${live}/status`, { active: 'false' });
  await forge(page, demo, `${live}/archive`, { reason: 'because' });
  await forge(page, demo, `${fresh}/mode`, { mode: 'live', reason: 'because' });
  await forge(page, demo, `${live}/secret`, { secret: '', overlap_hours: '0' });
  await forge(page, demo, `${delivery}/retry`, { reason: 'because' });
  await forge(page, demo, `${delivery}/reveal`);
  await forge(page, demo, `${demo.url}${LIST}/switch`, { enabled: 'false', reason: 'because' });
  await forge(page, demo, `${demo.url}/s/${STUDY}/settings/api-keys`, { name: 'x', scopes: 'events:write' });
  for (const path of [`${LIST}/new`, `/s/${STUDY}/settings/api-keys`]) {
    expect((await page.goto(demo.url + path)).status()).toBe(403);
    await expect(page.getByText('You may not')).toBeVisible();
  }
});

test('a manager switches Integrations, and configures nothing', async ({ page, demo, as }) => {
  const { live, delivery } = await deliveries(page, demo, as);
  await as('manager');
  await page.goto(demo.url + LIST);
  await expect(opener(page, 'Disable Integrations')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Add webhook' })).toHaveCount(0);
  await page.goto(live);
  await expect(page.getByRole('button', { name: 'Pause' })).toHaveCount(0);
  await expect(opener(page, 'Archive')).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Changes', exact: true })).toBeVisible();
  await page.goto(delivery);
  await expect(opener(page, 'Retry')).toHaveCount(0);
  await forge(page, demo, `${demo.url}${LIST}/new`, { name: 'x' });
  await forge(page, demo, `${live}/edit?version=1`, { name: 'x' });
  await forge(page, demo, `${delivery}/retry`, { reason: 'because' });
});

test('an auditor reads, with the bodies blacked out', async ({ page, demo, as }) => {
  const participant = 'HF-7777';
  expect((await publish(demo, demo.key, formCompleted(participant))).status).toBe(202);
  const { live, fresh, delivery, sample } = await deliveries(page, demo, as);
  await as('auditor');
  await page.goto(live);
  await expect(page.getByRole('button', { name: 'Pause' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Changes', exact: true }).click();
  await expect(page.getByRole('cell', { name: 'Ada Admin administrator' }).first()).toBeVisible();
  for (const page_of of [delivery, sample]) {
    await page.goto(page_of);
    await expect(page.getByText(/redacted, \d+ bytes/)).toBeVisible();
    await expect(page.getByRole('button', { name: 'Show the bodies' })).toHaveCount(0);
    await expect(opener(page, 'Retry')).toHaveCount(0);
    expect(await page.content()).not.toContain(`p-${participant}`);
  }
  await page.goto(`${fresh}/test`);
  await expect(page.getByText('Your role does not send samples.')).toBeVisible();
  await forge(page, demo, `${fresh}/test`, { event_type: 'form.completed', data: '{}' });
  await forge(page, demo, `${delivery}/reveal`);
  await forge(page, demo, `${delivery}/retry`, { reason: 'because' });
  await forge(page, demo, `${demo.url}${LIST}/switch`, { enabled: 'false', reason: 'because' });
});

test('an administrator does not switch Integrations', async ({ page, demo, as }) => {
  await as('admin');
  await page.goto(demo.url + LIST);
  await expect(opener(page, 'Disable Integrations')).toHaveCount(0);
  await forge(page, demo, `${demo.url}${LIST}/switch`, { enabled: 'false', reason: 'because' });
});
