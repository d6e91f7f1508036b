// Every page of the console, and how to get there. What looks at each of them (axe, the screenshots) goes through this list.

import { LOCKED_STUDY, STUDY, signInAs } from './hookwell.js';

/** Finds the way to what has a made-up id. */
async function hrefOf(page, name) {
  return page.getByRole('link', { name, exact: true }).getAttribute('href');
}

/**
 * The pages, in an order in which none spoils the next. `open` ends with the page as it is to be looked at.
 * `empty` is a console on which nobody has an account.
 */
export async function pagesOf(demo, empty, page) {
  const context = page.context();
  await signInAs(demo, context, 'admin');
  const study = `/s/${STUDY}`;
  const list = `${study}/settings/integrations`;
  await page.goto(demo.url + list);
  const steady = await hrefOf(page, 'CTMS');
  const dead = await hrefOf(page, 'Old EDC');
  const fresh = await hrefOf(page, 'Patient app (new)');
  const first = async (address) => {
    await page.goto(demo.url + address);
    return page.locator('#deliveries tbody a').first().getAttribute('href');
  };
  const delivered = await first(`${steady}/deliveries?state=delivered`);
  const retrying = await first(`${dead}/deliveries`);

  const go = (role, path) => async () => {
    if (role) await signInAs(demo, context, role);
    else await context.clearCookies();
    await page.goto(demo.url + path);
  };
  const after = (open, then) => async () => {
    await open();
    await then();
  };
  const open = (label) => page.locator('summary').filter({ hasText: label }).first().click();
  const button = (name) => page.getByRole('button', { name, exact: true }).click();

  return [
    { name: 'sign-in', open: go(null, '/sign-in') },
    {
      name: 'sign-in-refused',
      open: after(go(null, '/sign-in'), async () => {
        await page.getByLabel('E-mail').fill('nobody@example.com');
        await page.getByLabel('Password').fill('not the password');
        await button('Sign in');
      }),
    },
    {
      name: 'setup',
      open: async () => {
        await context.clearCookies();
        await page.goto(empty.setup);
      },
    },
    { name: 'studies', open: go('admin', '/studies') },
    { name: 'locked', open: go('admin', `/s/${LOCKED_STUDY}/settings/integrations`) },
    {
      name: 'locked-manager',
      open: after(go('manager', `/s/${LOCKED_STUDY}/settings/integrations`), () => open('Enable Integrations')),
    },
    { name: 'list', open: go('admin', list) },
    { name: 'list-manager', open: after(go('manager', list), () => open('Disable Integrations')) },
    { name: 'list-filtered', open: go('admin', `${list}?state=archived`) },
    { name: 'new', open: after(go('admin', `${list}/new`), () => open('Example payload')) },
    {
      name: 'new-errors',
      open: after(go('admin', `${list}/new`), async () => {
        await page.getByLabel('Name', { exact: true }).fill('CTMS');
        await page.getByLabel('URL', { exact: true }).fill('https://10.1.2.3/hooks');
        await page.getByLabel('Secret key').fill('short');
        await page.getByLabel('Timeout').fill('90');
        await page.getByLabel('Retries after').fill('soon');
        await button('Add webhook');
      }),
    },
    {
      name: 'new-preview',
      open: after(go('admin', `${list}/new`), async () => {
        await page.getByLabel('Name', { exact: true }).fill('Surveys');
        await page.getByLabel('URL', { exact: true }).fill('https://his.example.com/webhooks/survey-complete');
        await page.locator('input[name=events][value="survey.completed"]').check();
        await page.locator('input[name=format][value=survey]').check();
        await button('Preview request');
        await page.getByText('This is what would be sent.').waitFor();
      }),
    },
    { name: 'overview', open: go('admin', steady) },
    { name: 'overview-failing', open: go('admin', dead) },
    { name: 'overview-new', open: after(go('admin', fresh), () => open('Go Live')) },
    { name: 'deliveries', open: go('admin', `${steady}/deliveries`) },
    { name: 'deliveries-failing', open: after(go('admin', `${dead}/deliveries`), () => open('More filters')) },
    { name: 'deliveries-filtered', open: go('admin', `${steady}/deliveries?state=exhausted&q=HF-9999`) },
    { name: 'deliveries-empty', open: go('admin', `${fresh}/deliveries`) },
    { name: 'deliveries-wrong-filter', open: go('admin', `${steady}/deliveries?min_attempts=many&from=yesterday`) },
    { name: 'test', open: go('admin', `${fresh}/test?event_type=form.completed`) },
    {
      name: 'test-answer',
      open: after(go('admin', `${fresh}/test?event_type=survey.created`), async () => {
        await button('Send sample');
        await page.getByText(/The sample arrived/).waitFor();
      }),
    },
    {
      name: 'test-failed',
      open: after(go('admin', `${dead}/test`), async () => {
        await button('Send sample');
        await page.getByText(/The sample did not arrive/).waitFor();
      }),
    },
    { name: 'secret', open: after(go('admin', `${steady}/secret`), () => open('Python')) },
    {
      name: 'secret-once',
      open: after(go('admin', `${fresh}/secret`), async () => {
        await button('Rotate the secret');
        await page.getByText('This is the secret.').waitFor();
      }),
    },
    { name: 'edit', open: go('admin', `${steady}/edit`) },
    { name: 'changes', open: after(go('admin', `${steady}/changes`), () => open('Before and after')) },
    { name: 'delivery', open: go('admin', delivered) },
    { name: 'delivery-retrying', open: after(go('admin', retrying), () => open('Retry')) },
    { name: 'delivery-revealed', open: after(go('admin', delivered), () => button('Show the bodies')) },
    { name: 'delivery-auditor', open: go('auditor', delivered) },
    { name: 'account', open: go('admin', '/account') },
    {
      name: 'account-errors',
      open: after(go('admin', '/account'), async () => {
        await page.getByLabel('Present password').fill('not the password');
        await page.getByLabel('New password').fill('short');
        await button('Change the password');
      }),
    },
    { name: 'api-keys', open: go('admin', `${study}/settings/api-keys`) },
    {
      name: 'api-key-once',
      open: after(go('admin', `${study}/settings/api-keys`), async () => {
        await page.getByLabel('Name', { exact: true }).fill('EDC production');
        await page.getByLabel('events:write').check();
        await button('Create the key');
        await page.getByText('This is the key.').waitFor();
      }),
    },
    { name: 'notices', open: go('admin', `${study}/notices`) },
    { name: 'notices-manager', open: go('manager', `${study}/notices`) },
    { name: 'search-nothing', open: go('admin', `${study}/search?q=dlv_nothing`) },
    { name: 'not-found', open: go('admin', '/nowhere') },
    { name: 'refused', open: go('qa', `${list}/new`) },
    { name: 'api-docs', open: go(null, '/api/docs') },
  ];
}
