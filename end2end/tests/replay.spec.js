// A receiver was down; once it is mended, what failed is replayed.

import { PASSWORD, LOCKED_STUDY, formCompleted, publish, startDemo, startReceiver } from '../hookwell.js';
import { code, confirm, expect, signIn, test } from './support.js';

let demo;
let receiver;
test.beforeAll(async () => {
  demo = await startDemo();
  receiver = await startReceiver();
});
test.afterAll(async () => {
  await receiver?.stop();
  await demo?.stop();
});

const soon = { timeout: 500 };

/** Loads the page again until it shows what is expected. */
async function eventually(page, check) {
  await expect(async () => {
    await page.reload();
    await check();
  }).toPass({ timeout: 30_000, intervals: [100, 250, 500, 1000] });
}

test('what failed while the receiver was down is replayed once it is mended', async ({ page }) => {
  test.setTimeout(120_000);
  const list = `${demo.url}/s/${LOCKED_STUDY}/settings/integrations`;

  // The demonstration's locked study has no receivers of its own: it is unlocked for this.
  await page.goto(list);
  await signIn(page, 'manager', PASSWORD);
  await confirm(page, 'Enable Integrations', 'The study starts on Monday', 'Enable');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.goto(`${list}/new`);
  await signIn(page, 'admin', PASSWORD);
  await page.getByLabel('Name', { exact: true }).fill('Sleep lab');
  await page.getByLabel('URL', { exact: true }).fill(receiver.url);
  await page.locator('input[name=events][value="form.completed"]').check();
  await page.getByLabel('Retries after').fill('1s');
  await page.getByRole('button', { name: 'Add webhook' }).click();
  const webhook = page.url().replace(/\/secret$/, '');
  await page.goto(webhook);
  await confirm(page, 'Go Live', 'The lab answers by telephone', 'Go Live without a sample');
  await page.goto(`${demo.url}/s/${LOCKED_STUDY}/settings/api-keys`);
  await page.getByLabel('Name', { exact: true }).fill('The platform');
  await page.getByLabel('events:write').check();
  await page.getByRole('button', { name: 'Create the key' }).click();
  const key = await code(page, 'API key').innerText();

  const rows = page.locator('#deliveries tbody tr');
  await test.step('three deliveries run out of attempts', async () => {
    await receiver.answer(500);
    for (const subject of ['SR-0001', 'SR-0002', 'SR-0003']) {
      expect((await publish(demo, key, formCompleted(subject))).status).toBe(202);
    }
    await page.goto(`${webhook}/deliveries?state=failed`);
    await eventually(page, async () => expect(rows.filter({ hasText: 'Exhausted' })).toHaveCount(3, soon));
  });

  await test.step('the dry run says what would be replayed', async () => {
    await receiver.answer(204);
    await page.getByRole('link', { name: 'Replay these' }).click();
    await expect(page.getByLabel('State', { exact: true })).toHaveValue('failed');
    const dryRun = page.locator('#dry-run');
    await expect(dryRun.getByRole('heading', { name: '3 deliveries would be replayed' })).toBeVisible();
    await expect(dryRun).toContainText('form.completed 3');
    await expect(dryRun).toContainText('Exhausted 3');
    await page.getByLabel('Id or subject').fill('SR-0002');
    await page.getByRole('button', { name: 'Count them' }).click();
    await expect(dryRun.getByRole('heading', { name: 'One delivery would be replayed' })).toBeVisible();
    await page.getByLabel('Id or subject').fill('');
    await page.getByRole('button', { name: 'Count them' }).click();
    await expect(dryRun.getByRole('heading', { name: '3 deliveries would be replayed' })).toBeVisible();
  });

  await test.step('what is wrong is said at its field', async () => {
    await page.getByLabel('Rate').fill('1001');
    await page.getByRole('textbox', { name: 'Reason' }).fill('The lab mended its receiver');
    await page.getByRole('button', { name: 'Start the replay' }).click();
    await expect(page.getByText('must be a whole number from 1 to 1000, or empty').first()).toBeVisible();
    await expect(page.getByRole('textbox', { name: 'Reason' })).toHaveValue('The lab mended its receiver');
  });

  await test.step('it is replayed, and arrives', async () => {
    await page.getByLabel('Rate').fill('');
    await page.getByRole('button', { name: 'Start the replay' }).click();
    await expect(page).toHaveURL(/\/replay\/rpl_/);
    const progress = page.locator('#replay');
    await eventually(page, async () => {
      await expect(progress).toContainText('3 of 3 deliveries made due', soon);
      await expect(progress.getByText('Done', { exact: true })).toBeVisible(soon);
      await expect(progress.locator('.stats div').filter({ hasText: 'Delivered' })).toContainText('3', soon);
    });
    await expect(page.getByText('The lab mended its receiver')).toBeVisible();
    await page.getByRole('link', { name: 'The replayed deliveries' }).click();
    await expect(rows).toHaveCount(3);
    await expect(rows.filter({ hasText: 'Delivered' })).toHaveCount(3);
    await rows.first().getByRole('link').first().click();
    await expect(page.getByText('Ada Admin: “The lab mended its receiver”')).toBeVisible();
    // Two attempts each that failed, and one that did not: the same three ids.
    expect(await receiver.counts()).toEqual({ requests: 9, duplicates: 6, refused: 0 });
  });

  await test.step('it stays listed', async () => {
    await page.goto(`${webhook}/replay`);
    const past = page.getByRole('region', { name: 'Past replays' });
    await expect(past).toContainText('3 of 3');
    await past.getByRole('link').first().click();
    await expect(page).toHaveURL(/\/replay\/rpl_/);
  });

  await test.step('nothing more is to be replayed', async () => {
    await page.goto(`${webhook}/replay?state=failed&count=true`);
    await expect(page.getByText('Nothing would be replayed')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Start the replay' })).toHaveCount(0);
  });
});
