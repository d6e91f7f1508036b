// Every page of the console, and how to get there. What looks at each of them (axe, the screenshots) goes through this list.

import { LOCKED_STUDY, STUDY, signInAs } from './hookwell.js';

/** Finds the way to what has a made-up id. */
async function hrefOf(page, name) {
  return page.getByRole('link', { name, exact: true }).getAttribute('href');
}

/** A Live webhook that whoever saves a record waits for, and that nobody answers. */
async function synchronous(page, list) {
  const headers = { origin: new URL(list).origin, 'content-type': 'application/x-www-form-urlencoded' };
  const fields = { name: 'Synchronous EDC', url: 'http://127.0.0.1:9/records', status: 'active', events: 'record.updated', delivery: 'synchronous' };
  const made = await page.request.post(`${list}/new`, { headers, data: new URLSearchParams(fields).toString() });
  const live = await page.request.post(made.url().replace(/secret$/, 'mode'), { headers, data: 'mode=live&reason=example' });
  if (!live.ok()) throw new Error(await live.text());
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
  const gone = await hrefOf(page, 'Lab portal');
  const fresh = await hrefOf(page, 'Patient app (new)');
  const first = async (address) => {
    await page.goto(demo.url + address);
    return page.locator('#deliveries tbody a').first().getAttribute('href');
  };
  const delivered = await first(`${steady}/deliveries?state=delivered`);
  const retrying = await first(`${dead}/deliveries`);
  await page.goto(`${demo.url}${study}/forms`);
  const [visit, diary] = [await hrefOf(page, 'Baseline visit'), await hrefOf(page, 'Symptom diary')];
  const row = async (address, index) => {
    await page.goto(demo.url + address);
    return page.locator('tbody a.row-link').nth(index).getAttribute('href');
  };
  const [begun, completed] = [await row(`${diary}?status=new`, 0), await row(`${diary}?status=completed`, 0)];
  // The newest is not reviewed; of those before it, the first is at a level that locks.
  const [unlocked, locked] = [await row(`${study}/records`, 0), await row(`${study}/records`, 1)];
  const schedule = await row(`${study}/schedules`, 0);

  await page.goto(`${demo.url}${study}/events`);
  const event = await page.locator('table.data tbody a').first().getAttribute('href');
  let sites = 1;

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
    { name: 'overview-disabled', open: go('admin', gone) },
    { name: 'overview-new', open: after(go('admin', fresh), () => open('Go Live')) },
    { name: 'deliveries', open: go('admin', `${steady}/deliveries`) },
    { name: 'deliveries-failing', open: after(go('admin', `${dead}/deliveries`), () => open('More filters')) },
    { name: 'deliveries-filtered', open: go('admin', `${steady}/deliveries?state=exhausted&q=HF-9999`) },
    { name: 'deliveries-empty', open: go('admin', `${fresh}/deliveries`) },
    { name: 'deliveries-wrong-filter', open: go('admin', `${steady}/deliveries?min_attempts=many&from=yesterday`) },
    { name: 'replay', open: go('admin', `${steady}/replay?state=delivered&count=true`) },
    {
      name: 'replay-wrong',
      open: after(go('admin', `${steady}/replay?state=delivered&count=true`), async () => {
        await page.getByLabel('Rate').fill('fast');
        await page.getByRole('textbox', { name: 'Reason' }).fill('no');
        await button('Start the replay');
        await page.getByText('The replay cannot be begun as it is.').waitFor();
      }),
    },
    {
      name: 'replay-paused',
      open: after(go('admin', `${steady}/replay?state=delivered&count=true`), async () => {
        await page.getByLabel('Rate').fill('1');
        await page.getByRole('textbox', { name: 'Reason' }).fill('The CTMS lost them');
        await button('Start the replay');
        await button('Pause the replay');
        await page.getByText('The replay is paused.').waitFor();
      }),
    },
    { name: 'replay-nothing', open: go('admin', `${fresh}/replay?count=true`) },
    { name: 'replay-auditor', open: go('auditor', `${steady}/replay`) },
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
    { name: 'events', open: go('admin', `${study}/events`) },
    { name: 'event', open: go('admin', event) },
    { name: 'event-revealed', open: after(go('admin', event), () => button('Show the data')) },
    { name: 'event-auditor', open: go('auditor', event) },
    { name: 'participants', open: go('admin', `${study}/participants`) },
    { name: 'participants-filtered', open: go('admin', `${study}/participants?begins=nobody`) },
    { name: 'participant-new', open: go('admin', `${study}/participants/new`) },
    {
      name: 'participant-new-errors',
      open: after(go('admin', `${study}/participants/new`), async () => {
        await page.getByLabel('Details (optional)').fill('no colon');
        await button('Add participant');
      }),
    },
    {
      name: 'participant',
      open: after(go('admin', `${study}/participants/new`), async () => {
        await page.getByLabel('Details (optional)').fill('Arm: A');
        await button('Add participant');
        await page.getByText(/ is added\.$/).waitFor();
      }),
    },
    {
      name: 'participant-edit',
      open: after(go('admin', `${study}/participants`), async () => {
        await page.locator('table.data tbody a').first().click();
        await page.getByRole('link', { name: 'Edit', exact: true }).click();
      }),
    },
    { name: 'search-participant', open: after(go('admin', `${study}/participants`), async () => {
        await page.locator('table.data tbody a').first().click();
        await page.getByRole('link', { name: 'Events and deliveries' }).click();
      }),
    },
    {
      name: 'sites',
      open: after(go('admin', `${study}/participants/sites`), async () => {
        await page.getByLabel('Name', { exact: true }).fill(`Charité ${sites++}`);
        await button('Add site');
        await page.getByText(/ is added\.$/).waitFor();
      }),
    },
    {
      name: 'site-rename',
      open: after(go('admin', `${study}/participants/sites`), () => page.getByRole('link', { name: /^Rename/ }).first().click()),
    },
    {
      name: 'import-preview',
      open: after(go('admin', `${study}/participants/import`), async () => {
        await page.getByLabel('Rows').fill('identifier,site,email,Arm\nN-0001,,ada@example.com,A\nN-0002,Nowhere,,B\nN-0003,,nobody,A');
        await button('Look at the rows');
      }),
    },
    { name: 'import', open: go('admin', `${study}/participants/import`) },
    {
      name: 'import-done',
      open: after(go('admin', `${study}/participants/import`), async () => {
        const id = `N-${Date.now()}`;
        await page.getByLabel('Rows').fill(`identifier,Arm\n${id},A\n${id},B`);
        await button('Look at the rows');
        await button('Import 1 participant');
        await page.getByText('1 participant imported').waitFor();
      }),
    },
    { name: 'forms', open: go('admin', `${study}/forms`) },
    { name: 'forms-archived', open: go('admin', `${study}/forms?archived=true`) },
    { name: 'form-new', open: go('admin', `${study}/forms/new`) },
    {
      name: 'form-new-errors',
      open: after(go('admin', `${study}/forms/new`), async () => {
        await page.getByLabel('Name', { exact: true }).fill('Baseline visit');
        await page.getByLabel('Questions').fill('pain | How strong? | colour');
        await button('Add it');
      }),
    },
    { name: 'form', open: after(go('admin', visit), () => open('Archive')) },
    { name: 'form-responses', open: go('admin', diary) },
    { name: 'form-edit', open: go('admin', `${visit}/edit`) },
    { name: 'response-new', open: go('admin', `${study}/responses/new`) },
    { name: 'response', open: go('admin', begun) },
    { name: 'response-errors', open: after(go('admin', begun), () => button('Complete')) },
    { name: 'response-completed', open: go('admin', completed) },
    {
      name: 'response-link',
      open: after(go('admin', begun), async () => {
        await button('Make participant’s link');
        await page.getByText('This is the participant’s link.').waitFor();
      }),
    },
    {
      name: 'participant-answers',
      open: after(go('admin', begun), async () => {
        await button('Make participant’s link');
        const link = await page.locator('figure.code pre').first().innerText();
        await context.clearCookies();
        await page.goto(link);
        await button('Send my answers');
        await page.locator('#errors').waitFor();
      }),
    },
    { name: 'participant-wrong-link', open: go(null, '/r/nothing') },
    { name: 'records', open: go('admin', `${study}/records`) },
    { name: 'record-new', open: go('admin', `${study}/records/new?form=${visit.split('/').pop()}`) },
    { name: 'record', open: go('admin', unlocked) },
    {
      name: 'record-locked',
      open: after(go('admin', locked), async () => {
        await button('Save');
        await page.getByText('Not saved').waitFor();
      }),
    },
    { name: 'review-levels', open: go('admin', `${study}/records/levels`) },
    {
      name: 'record-not-told',
      open: after(go('admin', unlocked), async () => {
        await synchronous(page, demo.url + list);
        await button('Save');
        await page.getByRole('dialog', { name: 'ConnectFailure' }).waitFor();
      }),
    },
    { name: 'schedules', open: go('admin', `${study}/schedules`) },
    { name: 'schedule', open: go('admin', schedule) },
    { name: 'schedule-new', open: go('admin', `${study}/schedules/new`) },
    {
      name: 'schedule-errors',
      open: after(go('admin', `${schedule}/edit`), async () => {
        await page.getByLabel('Expression', { exact: true }).fill('soon');
        await button('Save');
        await page.locator('#errors').waitFor();
      }),
    },
    { name: 'search-nothing', open: go('admin', `${study}/search?q=dlv_nothing`) },
    { name: 'not-found', open: go('admin', '/nowhere') },
    { name: 'refused', open: go('qa', `${list}/new`) },
    { name: 'api-docs', open: go(null, '/api/docs') },
  ];
}
