// Each page: axe finds nothing, wide and narrow, light and dark; and nothing is wider than a phone.

import AxeBuilder from '@axe-core/playwright';
import { startEmpty } from '../hookwell.js';
import { pagesOf } from '../pages.js';
import { expect, test } from './support.js';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 360, height: 740 };

/** What axe found, in lines that say where. Dark, only what depends on colours is looked at again. */
async function violations(page, colorScheme) {
  const axe = new AxeBuilder({ page });
  const { violations } = await (colorScheme === 'dark' ? axe.withRules(['color-contrast']) : axe.withTags(RULES)).analyze();
  return violations.flatMap(({ id, help, nodes }) => nodes.map((n) => `${id} (${help}): ${n.target.join(' ')} ${n.html.slice(0, 160)}`));
}

/** Icons in sight that draw nothing: a name that the sheet does not have. Runs in the page. */
function missingIcons() {
  const seen = [...document.querySelectorAll('svg.icon')].filter((icon) => icon.getClientRects().length > 0);
  return seen.filter((icon) => icon.getBBox().width === 0).map((icon) => icon.querySelector('use').getAttribute('href'));
}

test('every page is accessible and fits', async ({ page, demo }) => {
  test.setTimeout(600_000);
  const empty = await startEmpty();
  try {
    for (const { name, open } of await pagesOf(demo, empty, page)) {
      await test.step(name, async () => {
        await page.setViewportSize(WIDE);
        await open();
        await expect(page.locator('h1')).toHaveCount(1);
        expect.soft(await page.evaluate(missingIcons), `${name}: icons that are not there`).toEqual([]);
        for (const [width, size] of Object.entries({ 1280: WIDE, 360: NARROW })) {
          await page.setViewportSize(size);
          for (const colorScheme of ['light', 'dark']) {
            await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
            expect.soft(await violations(page, colorScheme), `${name} at ${width} px, ${colorScheme}`).toEqual([]);
          }
          const { scroll, client, widest } = await page.evaluate(() => {
            const root = document.scrollingElement;
            const beyond = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1);
            const named = beyond.slice(0, 5).map((e) => `${e.tagName.toLowerCase()}.${e.getAttribute('class') ?? ''}`);
            return { scroll: root.scrollWidth, client: root.clientWidth, widest: named };
          });
          expect.soft(scroll, `${name} is wider than ${width} px: ${widest.join(', ')}`).toBeLessThanOrEqual(client);
        }
        await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
      });
    }
  } finally {
    await empty.stop();
  }
});

test('what is wrong with a form takes the focus, and leads to the field', async ({ page, demo, as }) => {
  await as('admin');
  await page.goto(`${demo.url}/s/heart-failure/settings/integrations/new`);
  await page.getByLabel('Name', { exact: true }).fill('Without events');
  await page.getByLabel('URL', { exact: true }).fill('https://ctms.example.com/hooks');
  await page.getByRole('button', { name: 'Add webhook' }).click();
  const summary = page.locator('#errors');
  await expect(summary).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(summary.getByRole('link').first()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#f-events')).toBeFocused();
});

test('the keyboard goes straight to the page, and opens what asks for a reason', async ({ page, demo, as }) => {
  await as('admin');
  await page.goto(`${demo.url}/s/heart-failure/settings/integrations`);
  await page.keyboard.press('Tab');
  await expect(page.locator('.skip-link')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#main')).toBeFocused();
  await page.getByRole('link', { name: 'CTMS', exact: true }).click();
  await page.locator('details.confirm > summary').filter({ hasText: 'Archive' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.locator('#f-archive-reason')).toBeFocused();
});
