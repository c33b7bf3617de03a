// Takes the pictures of docs/dashboard.md, or those that are named. RUNS is a folder of runs of the tiny recipe, made as that page says.
//   node --conditions=@q-insight/source --import tsx tools/browser/screenshots.mjs RUNS [curves] [answers] [judgements]
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { openDataset } from '../../packages/trainer/src/training/dataset.js';
import { serveDashboard } from '../../packages/trainer/src/tracking/dashboard/serve.js';
import { findBrowser } from './find-browser.mjs';

const FOLDER = 'docs/images';
const views = [
  { name: 'curves', hash: 'run=tiny-seed-0&with=tiny-seed-0&with=tiny-seed-1&with=tiny-high-rate', section: 'curves', height: 830 }, // prettier-ignore
  { name: 'answers', hash: 'run=tiny-seed-0&step=5', section: 'answers', height: 980, prompt: 1 },
  { name: 'judgements', hash: 'run=tiny-seed-0&step=80', section: 'judgements', height: 800, colorScheme: 'dark', source: 'held-out' }, // prettier-ignore
];

const [folder, ...named] = process.argv.slice(2);
const dashboard = await serveDashboard([folder], { port: 0, openDataset });
const browser = await chromium.launch({ executablePath: findBrowser(), args: ['--no-sandbox'] });
try {
  for (const { name, hash, section, height, prompt = 0, colorScheme = 'light', source = 'training' } of views) {
    if (named.length > 0 && !named.includes(name)) continue;
    const page = await browser.newPage({ locale: 'en', viewport: { width: 1360, height }, colorScheme });
    await page.goto(`${dashboard.url}/#${hash}`);
    await page.waitForSelector('#scatter canvas');
    await page.locator('.prompts button').nth(prompt).click();
    await page.locator('#source').selectOption(source);
    await page.waitForTimeout(1500); // pictures have come, and nothing moves any more
    await page.locator(`#${section}-title`).evaluate((title) => title.scrollIntoView());
    if (section === 'curves') await page.evaluate('scrollTo(0, 0)');
    await page.waitForTimeout(300);
    const picture = await page.screenshot();
    // few colours: a page is flat, and its photographs are small
    await sharp(picture)
      .png({ palette: true, colours: 128, effort: 10 })
      .toFile(join(FOLDER, `dashboard-${name}.png`));
    await page.close();
  }
} finally {
  await browser.close();
  await dashboard.close();
}
