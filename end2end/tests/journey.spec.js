// The whole way, as a person goes it: with scripts, and without.

import { LOCKED_STUDY, PASSWORD, formCompleted, publish, startDemo, startReceiver } from '../hookwell.js';
import { code, confirm, expect, opener, signIn, test } from './support.js';

// It changes the study that other tests need locked: an installation of its own.
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

/** Loads the page again until it shows what is expected. */
async function eventually(page, check) {
  await expect(async () => {
    await page.reload();
    await check();
  }).toPass({ timeout: 30_000, intervals: [100, 250, 500, 1000] });
}

test('from the locked study to a delivery that was retried by hand', async ({ page }) => {
  test.setTimeout(240_000);
  const soon = { timeout: 500 };

  await test.step('the study is locked for an administrator', async () => {
    await page.goto(demo.url);
    await expect(page).toHaveURL(/\/sign-in/);
    await signIn(page, 'admin', PASSWORD);
    await page.getByRole('link', { name: 'Sleep and recovery survey' }).click();
    await expect(page.getByText('ask your implementation manager to enable the integration')).toBeVisible();
    await expect(page.getByRole('link', { name: 'Add webhook' })).toHaveCount(0);
    await expect(opener(page, 'Enable Integrations')).toHaveCount(0);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await expect(page.getByText('You are signed out.')).toBeVisible();
  });

  await test.step('the manager enables it, with a reason', async () => {
    await signIn(page, 'manager', PASSWORD);
    await page.getByRole('link', { name: 'Sleep and recovery survey' }).click();
    await confirm(page, 'Enable Integrations', 'The study starts on Monday', 'Enable');
    await expect(page.getByText('Integrations are enabled.')).toBeVisible();
    await expect(page.getByRole('heading', { name: 'No webhooks yet' })).toBeVisible();
    await page.getByRole('button', { name: 'Sign out' }).click();
  });

  await test.step('the administrator adds a webhook, and sees its secret once', async () => {
    await signIn(page, 'admin', PASSWORD);
    await page.getByRole('link', { name: 'Sleep and recovery survey' }).click();
    await page.getByRole('link', { name: 'Add webhook' }).first().click();
    await page.getByLabel('Name', { exact: true }).fill('Sleep lab');
    await page.getByLabel('URL', { exact: true }).fill(receiver.url);
    await page.locator('input[name=events][value="form.completed"]').check();
    await page.getByRole('button', { name: 'Add webhook' }).click();
    await expect(page.getByText('“Sleep lab” is added, in Test mode.')).toBeVisible();
    const secret = await code(page, 'Secret key').innerText();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32,}=*$/);
    // The same address, now with the secret: from here on it refuses what is not signed with it.
    await receiver.stop();
    receiver = await startReceiver(secret, receiver.port);
    await page.reload();
    await expect(page.getByText('Fingerprint')).toBeVisible();
    expect(await page.content()).not.toContain(secret);
  });
  const webhook = new URL(page.url()).pathname.replace(/\/secret$/, '');

  await test.step('a sample is answered, and the answer stands on the page', async () => {
    await page.getByRole('link', { name: 'Test', exact: true }).click();
    await page.getByLabel('Event type').selectOption('form.completed');
    await page.getByRole('button', { name: 'Show its example' }).click();
    await expect(page.getByLabel('Data')).toHaveValue(/"participant"/);
    await page.getByRole('button', { name: 'Send sample' }).click();
    await expect(page.getByText(/The sample arrived: 204 after/)).toBeVisible();
    await expect(page.getByText('204 No Content').first()).toBeVisible();
    await expect(code(page, 'webhook-signature')).toHaveText(/^v1,/);
  });

  await test.step('the webhook goes Live', async () => {
    await page.getByRole('button', { name: 'Go Live' }).click();
    await expect(page.getByText('The webhook is Live')).toBeVisible();
  });

  let key;
  await test.step('a key is made, and shown once', async () => {
    await page.getByRole('link', { name: 'API keys' }).click();
    await page.getByLabel('Name', { exact: true }).fill('The platform');
    await page.getByLabel('events:write').check();
    await page.getByRole('button', { name: 'Create the key' }).click();
    key = await code(page, 'API key').innerText();
    expect(key).toMatch(/^hwk_/);
    await page.reload();
    expect(await page.content()).not.toContain(key);
    await expect(page.getByRole('cell', { name: 'The platform' })).toBeVisible();
  });

  await test.step('the platform publishes an event, twice', async () => {
    const event = formCompleted('SR-0001');
    const first = await publish(demo, key, event);
    expect(first.status, await first.clone().text()).toBe(202);
    const again = await publish(demo, key, event);
    expect(again.status).toBe(200);
    expect((await again.json()).duplicate).toBe(true);
  });

  const rows = page.locator('#deliveries tbody tr');
  await test.step('the history shows the sample and the live delivery', async () => {
    await page.goto(`${demo.url}${webhook}`);
    await page.getByRole('link', { name: 'Deliveries', exact: true }).click();
    await eventually(page, async () => {
      await expect(rows).toHaveCount(2, soon);
      await expect(rows.filter({ hasText: 'Delivered' })).toHaveCount(2, soon);
    });
    await expect(rows.filter({ has: page.getByText('Test', { exact: true }) })).toHaveCount(1);
  });

  await test.step('the delivery shows its bodies when asked', async () => {
    await rows.first().getByRole('link').first().click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('form.completed → 127.0.0.1');
    await expect(page.getByText('The bodies are hidden')).toBeVisible();
    await expect(page.getByText('p-SR-0001')).toHaveCount(0);
    await page.getByRole('button', { name: 'Show the bodies' }).click();
    await expect(code(page, 'Body, formatted')).toContainText('p-SR-0001');
    await expect(code(page, 'The signed string, exactly')).toContainText('p-SR-0001');
    await page.goto(`${demo.url}${webhook}/changes`);
    await expect(page.getByRole('heading', { name: 'Changes' })).toBeVisible();
  });

  await test.step('the receiver fails: another attempt is planned', async () => {
    await receiver.answer(500);
    const accepted = await publish(demo, key, formCompleted('SR-0002'));
    expect(accepted.status).toBe(202);
    await page.goto(`${demo.url}${webhook}/deliveries`);
    await eventually(page, async () => expect(rows.first()).toContainText('Retrying', soon));
    await expect(rows.first()).toContainText('500');
    await rows.first().getByRole('link').first().click();
    await expect(page.locator('.step.planned')).toContainText('Attempt 2');
    await expect(page.locator('.step.planned time')).toBeVisible();
    await expect(page.getByText('500 Internal Server Error').first()).toBeVisible();
  });

  await test.step('the receiver is good again: a retry by hand delivers', async () => {
    await receiver.answer(204);
    await confirm(page, 'Retry', 'The lab mended its receiver', 'Retry now');
    await expect(page.getByText('The delivery is tried again now.')).toBeVisible();
    await eventually(page, async () => expect(page.locator('.page-badges')).toContainText('Delivered', soon));
    const steps = page.locator('.lifecycle .step');
    await expect(steps.filter({ hasText: 'Attempt 1' })).toContainText('500');
    await expect(steps.filter({ hasText: 'Attempt 2' })).toContainText('204');
    await expect(page.getByText('Ada Admin: “The lab mended its receiver”')).toBeVisible();
    await expect(page.locator('.step.planned')).toHaveCount(0);
  });

  await test.step('every message was verified by the receiver', async () => {
    // The sample, the first event, the second event twice: the same id, so that the receiver can tell.
    expect(await receiver.counts()).toEqual({ requests: 4, duplicates: 1, refused: 0 });
    expect(receiver.output()).toContain('signature good');
  });

  await test.step('signed out, a page leads to sign-in and from there back', async () => {
    const delivery = page.url();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await expect(page.getByText('You are signed out.')).toBeVisible();
    await page.goto(delivery);
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    expect(await page.content()).not.toContain(LOCKED_STUDY + '</');
    await signIn(page, 'admin', PASSWORD);
    await expect(page).toHaveURL(delivery);
  });
});
