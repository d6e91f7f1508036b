// What scripts add to a page that works without them.

import { STUDY, formCompleted, publish } from '../hookwell.js';
import { code, expect, test, webhookPath } from './support.js';

const LIST = `/s/${STUDY}/settings/integrations`;

test('the history shows a new delivery without being loaded again', async ({ page, demo, as }) => {
  await as('admin');
  await page.goto(`${await webhookPath(page, demo, STUDY, 'CTMS')}/deliveries`);
  await expect(page.locator('.live-status')).toHaveText('Live');
  // Gone, should the page be loaded again.
  await page.evaluate(() => (window.stillHere = true));
  const event = formCompleted('HF-4242');
  expect((await publish(demo, demo.key, event)).status).toBe(202);
  const row = page.locator('#deliveries tbody tr').filter({ hasText: 'HF-4242' });
  await expect(row).toHaveCount(1);
  await expect(row).toContainText('Delivered');
  await expect(page.locator('#deliveries tbody tr').first()).toContainText('HF-4242');
  // The islands of the new row are awake too.
  await expect(row.locator('time').first()).toHaveAttribute('title', /GMT\+9|Japan/);
  expect(await page.evaluate(() => window.stillHere)).toBe(true);
});

test('a filtered history stays filtered while it is live', async ({ page, demo, as }) => {
  await as('admin');
  await page.goto(`${await webhookPath(page, demo, STUDY, 'CTMS')}/deliveries?q=HF-4343`);
  await expect(page.locator('.live-status')).toHaveText('Live');
  await expect(page.getByText('Nothing is like that')).toBeVisible();
  expect((await publish(demo, demo.key, formCompleted('HF-4344'))).status).toBe(202);
  expect((await publish(demo, demo.key, formCompleted('HF-4343'))).status).toBe(202);
  await expect(page.locator('#deliveries tbody tr')).toHaveCount(1);
  await expect(page.locator('#deliveries tbody tr')).toContainText('HF-4343');
});

test('a secret is copied', async ({ page, demo, as, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: demo.url });
  await as('admin');
  await page.goto(`${await webhookPath(page, demo, STUDY, 'Old EDC')}/secret`);
  await page.getByRole('button', { name: 'Rotate the secret' }).click();
  const secret = await code(page, 'Secret key').innerText();
  const block = page.locator('figure.code').filter({ hasText: secret });
  await block.getByRole('button', { name: 'Copy' }).click();
  await expect(block.getByRole('status')).toHaveText('Copied');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  await expect(block.getByRole('status')).toHaveText('');
});

test('a time is UTC in the text and local in its title', async ({ page, demo, as }) => {
  await as('admin');
  await page.goto(demo.url + LIST);
  const time = page.locator('time').first();
  await expect(time).toHaveAttribute('title', /GMT\+9|Japan/);
  const utc = (await time.getAttribute('datetime')).slice(11, 16);
  await expect(time).toContainText(utc);
});

test('the slash goes to the search, except in a field', async ({ page, demo, as }) => {
  await as('admin');
  await page.goto(demo.url + LIST);
  // Awake when the times are.
  await expect(page.locator('time').first()).toHaveAttribute('title', /GMT\+9|Japan/);
  const search = page.locator('#search');
  await page.keyboard.press('/');
  await expect(search).toBeFocused();
  await expect(search).toHaveValue('');
  await page.keyboard.type('a/b');
  await expect(search).toHaveValue('a/b');
});

test('the search finds a delivery by its id', async ({ page, demo, as }) => {
  await as('admin');
  await page.goto(`${await webhookPath(page, demo, STUDY, 'CTMS')}/deliveries`);
  const href = await page.locator('#deliveries tbody a').first().getAttribute('href');
  await page.getByLabel('Search by id').fill(href.split('/').pop());
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(demo.url + href);
});
