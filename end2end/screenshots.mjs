// Screenshots of every page: `npm run screenshots -- <folder>`. Three of them, which the documentation shows, go to docs/images/.

import { chromium } from '@playwright/test';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import config from './playwright.config.js';
import { startDemo, startEmpty } from './hookwell.js';
import { pagesOf } from './pages.js';

const folder = process.argv[2];
if (!folder) {
  console.error('Say where to: npm run screenshots -- <folder>');
  process.exit(2);
}
const images = resolve(dirname(fileURLToPath(import.meta.url)), '../docs/images');
const shown = { list: 'webhooks.png', 'delivery-revealed': 'delivery.png', 'test-answer': 'sample.png' };
const looks = [
  ['1280', { width: 1280, height: 800 }, 'light'],
  ['360', { width: 360, height: 740 }, 'light'],
  ['dark', { width: 1280, height: 800 }, 'dark'],
];

await mkdir(images, { recursive: true });
for (const [look] of looks) await mkdir(join(folder, look), { recursive: true });
const [demo, empty] = await Promise.all([startDemo(), startEmpty()]);
const browser = await chromium.launch(config.use.launchOptions);
try {
  const { locale, timezoneId } = config.use;
  const page = await browser.newPage({ locale, timezoneId, reducedMotion: 'reduce' });
  for (const { name, open } of await pagesOf(demo, empty, page)) {
    await page.setViewportSize(looks[0][1]);
    await open();
    // Islands that have something to show show it.
    await page.waitForLoadState('load');
    await page.waitForFunction(() => [...document.querySelectorAll('.copy')].every((copy) => !copy.hidden));
    for (const [look, size, colorScheme] of looks) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(folder, look, `${name}.png`), fullPage: true });
      if (look === '1280' && shown[name]) {
        await page.evaluate(() => scrollTo(0, 0));
        await page.screenshot({ path: join(images, shown[name]) });
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
    console.log(name);
  }
} finally {
  await browser.close();
  await Promise.all([demo.stop(), empty.stop()]);
}
