// Participants, one by one and from a file: each makes its event once; and the event's page says where it did not go, and why.

import { STUDY } from '../hookwell.js';
import { confirm, expect, test } from './support.js';

const BASE = `/s/${STUDY}`;

/** Adds a webhook for new participants and takes it Live. */
async function liveWebhook(page, demo, name, url, sites = '') {
  await page.goto(`${demo.url}${BASE}/settings/integrations/new`);
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('URL', { exact: true }).fill(url);
  await page.locator('input[name=events][value="participant.created"]').check();
  await page.locator('textarea[name=sites]').fill(sites);
  await page.getByRole('button', { name: 'Add webhook' }).click();
  await expect(page.getByText(`“${name}” is added`)).toBeVisible();
  await page.goto(page.url().replace(/\/secret$/, ''));
  await confirm(page, 'Go Live', 'The receiver is ours', 'Go Live without a sample');
  await expect(page.getByText('The webhook is Live')).toBeVisible();
  return page.url();
}

async function archive(page, webhook) {
  await page.goto(webhook);
  await confirm(page, 'Archive', 'The test is over', 'Archive the webhook');
  await expect(page.getByText('is archived')).toBeVisible();
}

/** Adds a site and gives its id. */
async function site(page, demo, name) {
  await page.goto(`${demo.url}${BASE}/participants/sites`);
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Add site' }).click();
  const row = page.getByRole('row').filter({ hasText: name });
  return row.locator('code').innerText();
}

const unique = () => `${test.info().project.name}-${test.info().testId.slice(-6)}-${test.info().retry}`;

test('a participant is added, told of once, and the event says where it did not go', async ({ page, demo, as, receiver }) => {
  await as('admin');
  const mark = unique();
  const berlin = await site(page, demo, `Berlin ${mark}`);
  await site(page, demo, `Oslo ${mark}`);
  const everywhere = await liveWebhook(page, demo, `Everywhere ${mark}`, receiver.url);
  const inBerlin = await liveWebhook(page, demo, `Berlin alone ${mark}`, receiver.url, berlin);

  await test.step('what is wrong is said at its field, and what was typed is kept', async () => {
    await page.goto(`${demo.url}${BASE}/participants`);
    await page.getByRole('link', { name: 'Add participant' }).click();
    await page.getByLabel('Identifier').fill(`P-${mark}`);
    await page.getByLabel('Details (optional)').fill('no colon');
    await page.getByRole('button', { name: 'Add participant' }).click();
    await expect(page.locator('#f-details-error')).toContainText('name: value');
    await expect(page.getByLabel('Identifier')).toHaveValue(`P-${mark}`);
  });

  await test.step('the participant is there', async () => {
    await page.getByLabel('Details (optional)').fill('Arm: A');
    await page.getByLabel('Site (optional)').selectOption({ label: `Oslo ${mark}` });
    await page.getByRole('button', { name: 'Add participant' }).click();
    await expect(page.getByText(`P-${mark} is added.`)).toBeVisible();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(`P-${mark}`);
    await expect(page.getByText(`Oslo ${mark}`)).toBeVisible();
  });

  await test.step('it is delivered once', async () => {
    await expect(async () => expect((await receiver.counts()).requests).toBe(1)).toPass({ timeout: 20_000 });
  });

  await test.step('the event says where it went, and that the other webhook was filtered', async () => {
    await page.getByRole('link', { name: 'Events and deliveries' }).click();
    await page.getByRole('link', { name: 'participant.created' }).first().click();
    const went = page.locator('#went');
    await expect(went.getByRole('link', { name: `Everywhere ${mark}`, exact: true })).toBeVisible();
    const skipped = page.locator('#skipped').getByRole('row').filter({ hasText: `Berlin alone ${mark}` });
    await expect(skipped).toContainText('Filtered');
    await expect(skipped).toContainText('list of sites');
    await expect(page.getByText('The data is hidden')).toBeVisible();
    await page.getByRole('button', { name: 'Show the data' }).click();
    await expect(page.locator('#data')).toContainText(`P-${mark}`);
  });

  await test.step('a delivery leads to its event, and the search too', async () => {
    await page.locator('#went').getByRole('link', { name: `Everywhere ${mark}`, exact: true }).click();
    const event = page.getByRole('link', { name: /^evt_/ });
    const id = await event.innerText();
    await event.click();
    await expect(page).toHaveURL(`${demo.url}${BASE}/events/${id}`);
    await page.goto(`${demo.url}${BASE}/search?q=${id}`);
    await expect(page).toHaveURL(`${demo.url}${BASE}/events/${id}`);
  });

  await test.step('editing makes no event; a stale edit is refused', async () => {
    await page.goto(`${demo.url}${BASE}/participants?begins=P-${mark}`);
    await page.getByRole('link', { name: `P-${mark}`, exact: true }).click();
    await page.getByRole('link', { name: 'Edit' }).click();
    const stale = await page.context().newPage();
    await stale.goto(page.url());
    await page.getByLabel('E-mail').fill('ada@example.com');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText(`P-${mark} is saved.`)).toBeVisible();
    await stale.getByLabel('E-mail').fill('eve@example.com');
    await stale.getByRole('button', { name: 'Save' }).click();
    await expect(stale.getByText('Somebody changed this participant meanwhile')).toBeVisible();
    await expect(stale.getByLabel('E-mail')).toHaveValue('eve@example.com');
    await stale.close();
    expect((await receiver.counts()).requests).toBe(1);
  });
  await archive(page, everywhere);
  await archive(page, inBerlin);
});

test('a file of twenty rows, two of them bad, is shown first and then imported', async ({ page, demo, as, receiver }) => {
  await as('admin');
  const mark = unique();
  const webhook = await liveWebhook(page, demo, `Import ${mark}`, receiver.url);
  const rows = Array.from({ length: 20 }, (_, n) => `I-${mark}-${n}`);
  rows[7] = rows[6];
  const file = ['identifier,email', ...rows.map((id, n) => `${id},${n === 12 ? 'nobody' : `p${n}@example.com`}`)].join('\r\n');

  await test.step('an empty file is refused at its field', async () => {
    await page.goto(`${demo.url}${BASE}/participants/import`);
    await page.getByLabel('CSV file').setInputFiles({ name: 'empty.csv', mimeType: 'text/csv', buffer: Buffer.from('identifier\n') });
    await page.getByRole('button', { name: 'Upload and look' }).click();
    await expect(page.locator('#f-file-error')).toContainText(/holds no rows/i);
  });

  await test.step('the preview tells good rows from bad', async () => {
    await page.getByLabel('CSV file').setInputFiles({ name: 'cohort.csv', mimeType: 'text/csv', buffer: Buffer.from(file) });
    await page.getByRole('button', { name: 'Upload and look' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('cohort.csv');
    await expect(page.locator('#bad tbody tr')).toHaveCount(2);
    await expect(page.locator('#bad')).toContainText('is on line 8 already');
    await expect(page.locator('#bad')).toContainText('e-mail address');
    expect((await receiver.counts()).requests).toBe(0);
  });

  await test.step('confirmed, it is carried out; the page loads itself until it is done', async () => {
    await page.getByRole('button', { name: 'Import 18 participants' }).click();
    await expect(page.getByText('18 participants imported')).toBeVisible({ timeout: 30_000 });
    await expect(async () => expect((await receiver.counts()).requests).toBe(18)).toPass({ timeout: 30_000 });
  });

  await test.step('the participants are there', async () => {
    await page.goto(`${demo.url}${BASE}/participants?begins=I-${mark}-`);
    await expect(page.locator('table.data tbody tr')).toHaveCount(18);
  });
  await archive(page, webhook);
});

test('rows that are pasted can be discarded', async ({ page, demo, as }) => {
  await as('admin');
  await page.goto(`${demo.url}${BASE}/participants/import`);
  await page.getByLabel('Rows').fill('name;age\nAda;36');
  await page.getByRole('button', { name: 'Look at the rows' }).click();
  await expect(page.locator('#f-text-error')).toContainText('must name the columns');
  await expect(page.getByLabel('Rows')).toHaveValue('name;age\nAda;36');
  await page.getByLabel('Rows').fill(`identifier;site\nD-${unique()};Nowhere\nD-${unique()}-2;`);
  await page.getByRole('button', { name: 'Look at the rows' }).click();
  await expect(page.locator('#bad')).toContainText('is no site of this study');
  await page.getByRole('button', { name: 'Discard' }).click();
  await expect(page.getByText('The file is discarded.')).toBeVisible();
});

test('an auditor sees events without their data, and no participants', async ({ page, demo, as }) => {
  await as('auditor');
  await page.goto(`${demo.url}${BASE}/events`);
  await expect(page.getByRole('link', { name: 'Participants', exact: true })).toHaveCount(0);
  await page.locator('table.data tbody a').first().click();
  await expect(page.getByText('The data is hidden')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Show the data' })).toHaveCount(0);
  const refused = await page.goto(`${demo.url}${BASE}/participants`);
  expect(refused.status()).toBe(403);
});
