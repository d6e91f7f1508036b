import { test as base, expect } from '@playwright/test';
import { signInAs, startDemo, startReceiver } from '../hookwell.js';

export { expect };

// What Chromium says of a page that is itself an answer of 4xx: a form with errors, a refusal.
const ANSWERED_4XX = /^Failed to load resource: the server responded with a status of 4\d\d/;

export const test = base.extend({
  /** The example installation that the tests of one browser share. */
  demo: [
    async ({}, use) => {
      const demo = await startDemo();
      await use(demo);
      await demo.stop();
    },
    { scope: 'worker', timeout: 90_000 },
  ],

  /** A receiver that can be told to fail. Without a secret it verifies nothing. */
  receiver: async ({}, use) => {
    const receiver = await startReceiver();
    await use(receiver);
    await receiver.stop();
  },

  /** `as('qa')` signs the page's browser in. */
  as: async ({ demo, context }, use) => {
    await use((role) => signInAs(demo, context, role));
  },

  /** Every page of every test: no error in the browser's console, nothing that the content security policy stopped. */
  context: async ({ context }, use) => {
    const complaints = [];
    context.on('console', (message) => {
      if (message.type() === 'error' && !ANSWERED_4XX.test(message.text())) complaints.push(`${message.page()?.url()}: ${message.text()}`);
    });
    context.on('weberror', (error) => complaints.push(`${error.page()?.url()}: ${error.error()}`));
    await use(context);
    expect(complaints, 'what the browser complained of').toEqual([]);
  },
});

/** The button that opens an action which asks for a reason. */
export function opener(page, label) {
  return page.locator('details.confirm > summary').filter({ hasText: new RegExp(`^\\s*${label}\\s*$`) });
}

/** Does such an action. */
export async function confirm(page, label, reason, submit) {
  await opener(page, label).click();
  const form = page.locator('details.confirm[open]');
  await form.getByLabel('Reason').fill(reason);
  await form.getByRole('button', { name: submit, exact: true }).click();
}

/** What a block of text with this label holds. */
export function code(page, label) {
  return page.locator('figure.code').filter({ has: page.locator('.code-label', { hasText: new RegExp(`^${label}$`) }) }).locator('pre');
}

export async function signIn(page, role, password) {
  await page.getByLabel('E-mail').fill(`${role}@example.com`);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** The path of a webhook of the study, found by its name in the list. */
export async function webhookPath(page, demo, study, name) {
  await page.goto(`${demo.url}/s/${study}/settings/integrations`);
  return demo.url + (await page.getByRole('link', { name, exact: true }).getAttribute('href'));
}
