// Study data by hand: what is told to webhooks and what is not.

import { PASSWORD, STUDY, startDemo, startReceiver } from '../hookwell.js';
import { code, expect, signIn, test } from './support.js';

// It fills the study with webhooks and responses of its own: an installation that no other test looks at.
let demo;
test.beforeAll(async () => {
  demo = await startDemo();
});
test.afterAll(async () => {
  await demo?.stop();
});

const receivers = [];
test.afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.stop();
});

/** A Live webhook with a receiver of its own, made by the page's own forms. */
async function liveWebhook(page, name, events, more = {}) {
  const receiver = await startReceiver();
  receivers.push(receiver);
  const list = `${demo.url}/s/${STUDY}/settings/integrations`;
  const pairs = [...Object.entries({ name, url: receiver.url, status: 'active', ...more }), ...events.map((e) => ['events', e])];
  const headers = { origin: demo.url, 'content-type': 'application/x-www-form-urlencoded' };
  const made = await page.request.post(`${list}/new`, { headers, data: new URLSearchParams(pairs).toString() });
  expect(made.url(), await made.text()).toMatch(/\/secret$/);
  const webhook = made.url().replace(/\/secret$/, '');
  const live = await page.request.post(`${webhook}/mode`, { headers, data: 'mode=live&reason=for+the+test' });
  expect(live.ok()).toBe(true);
  return { receiver };
}

const requests = async (receiver) => (await receiver.counts()).requests;

test.beforeEach(async ({ page }) => {
  await page.goto(demo.url);
  await signIn(page, 'admin', PASSWORD);
  await expect(page).toHaveURL(/\/studies$/);
});

test('a form that is saved half filled in tells nobody; completed, it tells once', async ({ page }) => {
  const { receiver } = await liveWebhook(page, 'Completions', ['form.completed']);
  await page.goto(`${demo.url}/s/${STUDY}/forms`);
  await page.getByRole('link', { name: 'Add a form or survey' }).first().click();
  await page.getByLabel('Name', { exact: true }).fill('Six-minute walk');
  await page.getByLabel('Questions').fill('metres | How far, in metres? | number | required\nstopped | Did they stop? | yes_no\nside | Which aid? | choice: none, stick, frame');
  await page.getByRole('button', { name: 'Add it' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Six-minute walk');

  await page.getByRole('link', { name: 'Begin a response' }).click();
  await page.getByLabel('Participant').fill('HF-9999');
  await page.getByRole('button', { name: 'Begin' }).click();
  await expect(page.locator('#errors')).toContainText('is nobody’s identifier');
  await page.getByLabel('Participant').fill('HF-0003');
  await page.getByRole('button', { name: 'Begin' }).click();
  await expect(page.locator('.page-badges')).toHaveText('New');

  await page.getByRole('radio', { name: 'Yes' }).check();
  await page.getByLabel('Which aid?').selectOption('stick');
  await page.getByRole('button', { name: 'Save (partial)' }).click();
  await expect(page.getByText('It is not completed, so no webhook is told.')).toBeVisible();
  await expect(page.locator('.page-badges')).toHaveText('Partial');
  await page.getByRole('button', { name: 'Complete' }).click();
  await expect(page.locator('#errors')).toContainText('How far, in metres? – is required before it can be completed');
  await expect(page.getByLabel('Which aid?')).toHaveValue('stick');
  expect(await requests(receiver)).toBe(0);

  await page.getByLabel('How far, in metres?').fill('412');
  await page.getByRole('button', { name: 'Complete' }).click();
  await expect(page.locator('.page-badges')).toHaveText('Completed');
  await expect.poll(() => requests(receiver)).toBe(1);
  await page.getByRole('button', { name: 'Save again' }).click();
  await expect(page.getByText('The response is saved again.')).toBeVisible();
  expect(await requests(receiver)).toBe(1);
});

test('a synchronous webhook that refuses is told in a dialog, and the record is there', async ({ page }) => {
  const name = 'Synchronous EDC';
  const { receiver } = await liveWebhook(page, name, ['record.inserted', 'record.updated'], { delivery: 'synchronous' });
  await receiver.answer(401);
  await page.goto(`${demo.url}/s/${STUDY}/records`);
  await page.getByRole('link', { name: 'New record' }).first().click();
  await page.getByLabel('Form', { exact: true }).selectOption({ label: 'Baseline visit' });
  await page.getByRole('button', { name: 'Show its questions' }).click();
  await page.getByLabel('Participant').fill('HF-0005');
  await page.getByLabel('Weight in kg').fill('82.5');
  await page.getByLabel('NYHA class').selectOption('III');
  await page.getByLabel('Day of the visit').fill('2026-11-02');
  await page.getByRole('button', { name: 'Save the record' }).click();

  const dialog = page.getByRole('dialog', { name: 'ProtocolError' });
  await expect(dialog).toBeVisible();
  await expect(dialog).toContainText(name);
  await expect(dialog).toContainText('401');
  await expect(dialog).toContainText(/Record \d+ is saved \(trans_id \d+\)/);
  await expect(dialog).toContainText('It is tried again');
  await expect(dialog.getByRole('button', { name: 'Close' })).toBeFocused();
  const delivery = await dialog.getByRole('link', { name: 'Open the delivery' }).getAttribute('href');
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByLabel('Weight in kg')).toHaveValue('82.5');
  await page.goto(demo.url + delivery);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('record.inserted');
  await page.goBack();

  await receiver.answer(204);
  await page.getByLabel('Weight in kg').fill('81');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText(new RegExp(`is saved\\. .*${name}.* has it\\.`))).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('a participant answers by their link', async ({ page, browser, javaScriptEnabled }) => {
  await page.goto(`${demo.url}/s/${STUDY}/forms`);
  await page.getByRole('link', { name: 'Symptom diary' }).click();
  await page.getByRole('link', { name: 'Begin a response' }).click();
  await page.getByLabel('Participant').fill('HF-0010');
  await page.getByRole('button', { name: 'Begin' }).click();
  await page.getByRole('button', { name: 'Make participant’s link' }).click();
  const link = await code(page, 'Participant’s link').innerText();
  await page.reload();
  expect(await page.content()).not.toContain(link);

  const phone = await browser.newContext({ viewport: { width: 360, height: 740 }, javaScriptEnabled });
  const theirs = await phone.newPage();
  await theirs.goto(link);
  await expect(theirs.getByRole('heading', { level: 1 })).toHaveText('Symptom diary');
  await theirs.getByLabel(/How short of breath/).fill('2');
  await theirs.getByRole('button', { name: 'Save for later' }).click();
  await expect(theirs.getByText('Saved for later')).toBeVisible();
  await theirs.getByRole('button', { name: 'Send my answers' }).click();
  await expect(theirs.locator('#errors')).toContainText('Could you climb a flight of stairs without a rest?');
  await expect(theirs.getByLabel(/How short of breath/)).toHaveValue('2');
  await theirs.getByRole('radio', { name: 'Yes' }).check();
  await theirs.getByRole('button', { name: 'Send my answers' }).click();
  await expect(theirs.getByRole('heading', { name: 'Thank you' })).toBeVisible();
  await theirs.goto(link);
  await expect(theirs.getByRole('heading', { name: 'Thank you' })).toBeVisible();
  expect(await phone.cookies()).toEqual([]);
  await phone.close();

  await page.reload();
  await expect(page.locator('.page-badges')).toHaveText('Completed');
  await expect(page.locator('dl')).toContainText('Participant');
});

test('a schedule is given a webhook to call, and a run calls it once for each participant', async ({ page }) => {
  await liveWebhook(page, 'Not for schedules', ['form.completed']);
  const { receiver } = await liveWebhook(page, 'Reminders', ['schedule.triggered']);
  await page.goto(`${demo.url}/s/${STUDY}/schedules`);
  await page.getByRole('link', { name: 'Weekly diary' }).click();
  await expect(page.getByRole('row', { name: /By hand/ })).toContainText('12');
  await page.getByRole('link', { name: 'Edit' }).click();
  const actions = page.getByRole('group', { name: 'Add webhook to call' });
  await expect(actions.getByLabel('Not for schedules')).toBeDisabled();
  await expect(actions).toContainText('Not subscribed to schedule.triggered');
  await actions.getByLabel('Reminders').check();
  await page.getByLabel('Expression', { exact: true }).fill('every Monday');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('#errors')).toContainText('Crontab expression');
  await expect(actions.getByLabel('Reminders')).toBeChecked();
  await page.getByLabel('Expression', { exact: true }).fill('30 8 * * MON');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('dl')).toContainText('Reminders');
  await expect(page.locator('dl')).toContainText('30 8 * * MON (Europe/Berlin)');

  await page.getByRole('button', { name: 'Run now' }).click();
  await expect(page.getByText('The run has begun.')).toBeVisible();
  await expect.poll(() => requests(receiver), { timeout: 20_000 }).toBe(12);
  await page.reload();
  const run = page.locator('table tbody tr').first();
  await expect(run).toContainText('By hand, Ada Admin');
  await expect(run).toContainText('12');
  await expect(run).toContainText('Done');
  expect((await receiver.counts()).duplicates).toBe(0);

  await page.locator('details.confirm > summary').filter({ hasText: 'Archive' }).click();
  await page.getByRole('button', { name: 'Archive it' }).click();
  await expect(page.getByText('It runs no more.')).toBeVisible();
});
