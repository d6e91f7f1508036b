// Bad input: the message stands at its field, what was typed is kept, and a secret is never sent back.

import { STUDY } from '../hookwell.js';
import { expect, test, webhookPath } from './support.js';

const NEW = `/s/${STUDY}/settings/integrations/new`;

async function fill(page, fields) {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
}

/** The field is marked, says why, and the summary links to it. */
async function expectError(page, field, message) {
  const control = page.locator(`#f-${field}`);
  await expect(control).toHaveAttribute('aria-invalid', 'true');
  await expect(page.locator(`#f-${field}-error`)).toContainText(message);
  await expect(page.locator(`#errors a[href="#f-${field}"]`)).toContainText(message);
}

test('a new webhook: every error at once, everything kept but the secrets', async ({ page, demo, as }) => {
  await as('admin');
  await page.goto(demo.url + NEW);
  await fill(page, {
    Name: 'CTMS',
    URL: 'https://10.1.2.3/hooks',
    'Secret key (optional)': 'too short',
    Timeout: '90',
    'Retries after': '30s, later',
    'Token header (optional)': 'X-Webhook-Token',
    'Token (optional)': 'a-token-of-somebody',
    'Basic: e-mail or user (optional)': 'hookwell',
    'Basic: password (optional)': 'a-password-of-somebody',
    'More headers (optional)': 'X-Site: a-header-value',
  });
  await page.getByLabel('Inactive').check();
  await page.getByRole('button', { name: 'Add webhook' }).click();

  await expect(page.getByRole('heading', { name: /Nothing was saved/ })).toBeVisible();
  await expectError(page, 'secret', /16/);
  await expectError(page, 'events', /./);
  await expectError(page, 'timeout_seconds', /1/);
  await expectError(page, 'retry_schedule', /later/);
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('CTMS');
  await expect(page.getByLabel('URL', { exact: true })).toHaveValue('https://10.1.2.3/hooks');
  await expect(page.locator('#f-timeout_seconds')).toHaveValue('90');
  await expect(page.locator('#f-retry_schedule')).toHaveValue('30s, later');
  await expect(page.locator('#f-token_header')).toHaveValue('X-Webhook-Token');
  await expect(page.locator('#f-basic_user')).toHaveValue('hookwell');
  await expect(page.getByLabel('Inactive')).toBeChecked();
  await expect(page.locator('#f-headers')).toHaveValue(/^X-Site:\s*$/);
  const html = await page.content();
  for (const secret of ['too short', 'a-token-of-somebody', 'a-password-of-somebody', 'a-header-value']) expect(html).not.toContain(secret);
});

test('a private address and a name that is taken', async ({ page, demo, as }) => {
  await as('admin');
  await page.goto(demo.url + NEW);
  await fill(page, { Name: 'Inside', URL: 'https://10.1.2.3/hooks' });
  await page.locator('input[name=events][value="form.completed"]').check();
  await page.getByRole('button', { name: 'Add webhook' }).click();
  await expectError(page, 'url', /./);
  await expect(page.locator('input[name=events][value="form.completed"]')).toBeChecked();

  await fill(page, { Name: 'CTMS', URL: 'http://127.0.0.1:9/hooks' });
  await page.getByRole('button', { name: 'Add webhook' }).click();
  await expectError(page, 'name', /./);
  await expect(page.getByLabel('URL', { exact: true })).toHaveValue('http://127.0.0.1:9/hooks');

  for (const url of ['nonsense://x', 'http://[::1]:9/', 'http://169.254.169.254/latest', 'https://user:pass@example.com/']) {
    await fill(page, { Name: 'Outside', URL: url });
    await page.getByRole('button', { name: 'Add webhook' }).click();
    await expectError(page, 'url', /./);
  }
});

test('two tabs: the second does not overwrite the first', async ({ page, demo, as, context }) => {
  await as('admin');
  const webhook = await webhookPath(page, demo, STUDY, 'Data lake');
  const other = await context.newPage();
  await page.goto(`${webhook}/edit`);
  await other.goto(`${webhook}/edit`);
  const timeout = await page.locator('#f-timeout_seconds').inputValue();
  await page.locator('#f-timeout_seconds').fill(timeout === '11' ? '12' : '11');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The webhook is saved.')).toBeVisible();

  await other.locator('#f-timeout_seconds').fill('13');
  await other.getByRole('button', { name: 'Save' }).click();
  await expect(other.getByText('Not saved')).toBeVisible();
  await expect(other.locator('#f-timeout_seconds')).toHaveValue('13');
  await other.getByRole('link', { name: 'Load the present state' }).click();
  await expect(other.locator('#f-timeout_seconds')).not.toHaveValue('13');
});

test('a sample that is no JSON is not sent, and kept', async ({ page, demo, as }) => {
  await as('admin');
  const webhook = await webhookPath(page, demo, STUDY, 'Patient app (new)');
  await page.goto(`${webhook}/test`);
  await page.getByLabel('Data').fill('{"participant": ');
  await page.getByRole('button', { name: 'Send sample' }).click();
  await expect(page.getByRole('heading', { name: 'Nothing was sent.' })).toBeVisible();
  await expectError(page, 'data', /./);
  await expect(page.getByLabel('Data')).toHaveValue('{"participant": ');
});

test('a secret that is too short is not sent back; an overlap is', async ({ page, demo, as }) => {
  await as('admin');
  const webhook = await webhookPath(page, demo, STUDY, 'Old EDC');
  await page.goto(`${webhook}/secret`);
  await page.locator('#f-secret').fill('brief secret');
  await page.locator('#f-overlap_hours').fill('36');
  await page.getByRole('button', { name: 'Rotate the secret' }).click();
  await expectError(page, 'secret', /16/);
  await expect(page.locator('#f-overlap_hours')).toHaveValue('36');
  expect(await page.content()).not.toContain('brief secret');
});

test('a wrong password says no more than that', async ({ page, demo }) => {
  await page.goto(`${demo.url}/sign-in?next=%2Faccount`);
  const tries = [];
  for (const email of ['admin@example.com', 'nobody@example.com']) {
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill('a wrong password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    tries.push(await page.getByRole('alert').innerText());
    await expect(page.getByLabel('E-mail')).toHaveValue(email);
    expect(await page.content()).not.toContain('a wrong password');
  }
  // Whether somebody has an account is told to nobody.
  expect(tries[0]).toBe(tries[1]);
});

test('a wrong present password, and a new one that is too short', async ({ page, demo, as }) => {
  await as('auditor');
  await page.goto(`${demo.url}/account`);
  await page.getByLabel('Present password').fill('a wrong password');
  await page.getByLabel('New password').fill('a new password for the auditor');
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expectError(page, 'present_password', /./);
  await page.getByLabel('New password').fill('short');
  await page.getByLabel('Present password').fill('a wrong password');
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(page.locator('#errors')).toBeVisible();
  expect(await page.content()).not.toContain('a wrong password');
});

test('a retry without a reason opens its form again', async ({ page, demo, as }) => {
  await as('admin');
  const webhook = await webhookPath(page, demo, STUDY, 'Old EDC');
  await page.goto(`${webhook}/deliveries`);
  await page.locator('#deliveries tbody a').first().click();
  await page.locator('details.confirm > summary').filter({ hasText: 'Retry' }).click();
  const form = page.locator('details.confirm[open]');
  // Blank, which the browser takes for filled in.
  await form.getByLabel('Reason').fill('   ');
  await form.getByRole('button', { name: 'Retry now' }).click();
  await expect(page.locator('details.confirm[open] .field-error')).toBeVisible();
});

test('the exact request before anything is saved', async ({ page, demo, as }) => {
  await as('admin');
  await page.goto(demo.url + NEW);
  await fill(page, {
    Name: 'Intake',
    URL: 'https://his.example.com/webhook_receiver',
    'Token (optional)': 'a-token-of-somebody',
  });
  await page.locator('input[name=events][value="survey.completed"]').check();
  await page.getByLabel('Infermedica', { exact: true }).check();
  await page.getByLabel('Synchronous', { exact: true }).check();
  await page.getByRole('button', { name: 'Preview request' }).click();

  await expect(page).toHaveURL(demo.url + NEW);
  const preview = page.locator('#preview');
  await expect(preview).toContainText('POST https://his.example.com/webhook_receiver');
  await expect(preview).toContainText('"event_type":"survey_finished"');
  await expect(preview.getByRole('row', { name: /^x-webhook-infermedica-token/ })).toContainText('••••');
  await expect(preview.getByRole('row', { name: /^webhook-signature/ })).toContainText('computed when sent');
  expect(await page.content()).not.toContain('a-token-of-somebody');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Intake');
  await expect(page.getByLabel('Infermedica', { exact: true })).toBeChecked();
  await expect(page.getByLabel('Synchronous', { exact: true })).toBeChecked();
  await page.goto(`${demo.url}/s/${STUDY}/settings/integrations`);
  await expect(page.getByText('Intake')).toHaveCount(0);
});
