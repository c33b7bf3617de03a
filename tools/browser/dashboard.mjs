// Opens the dashboard in headless Chromium over runs that are written meanwhile, and does what a user would.
//   npm run test:browser        CHROME_PATH=... names a browser that is not on PATH
import { strict as assert } from 'node:assert';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { readRunSettings } from '../../packages/trainer/src/config/run-folder.js';
import { openDataset } from '../../packages/trainer/src/training/dataset.js';
import { writeHeldOutAnswers } from '../../packages/trainer/src/tracking/held-out-answers.js';
import { serveDashboard } from '../../packages/trainer/src/tracking/dashboard/serve.js';
import { writeReport } from '../../packages/trainer/src/tracking/report/write-report.js';
import { answer, linesOf, naming, writeRun, writeSteps } from '../../packages/trainer/test/helpers/dashboard-run.js';
import { findBrowser } from './find-browser.mjs';

const executablePath = findBrowser();
if (executablePath === undefined) {
  console.error('test:browser: no Chromium found; install one (Debian: chromium-headless-shell) or set CHROME_PATH');
  process.exit(1);
}

const EVIL = `</pre><script>window.harm = 1</script><img src=x onerror="window.harm = 2">`;
/** The longest the page may keep a user waiting while it draws a long run, in milliseconds; a second is felt as a break. */
const PATIENCE = 1000;

const root = mkdtempSync(join(tmpdir(), 'q-insight-dashboard-'));
const runs = join(root, 'runs');
mkdirSync(runs);
const dashboard = await serveDashboard([runs], { port: 0, openDataset });
// the sandbox needs privileges that containers lack; the page is our own
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const complaints = [];
const elsewhere = [];

async function open(url, { colorScheme = 'light', width = 1280 } = {}) {
  // without a locale the headless shell's language is none where the system's is POSIX
  const page = await browser.newPage({ locale: 'en', colorScheme, viewport: { width, height: 900 } });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('response', (response) => response.status() >= 500 && complaints.push(response.url()));
  page.on('request', (request) => request.url().startsWith(dashboard.url) || elsewhere.push(request.url()));
  page.setDefaultTimeout(60_000); // for a slow machine
  await page.goto(url);
  return page;
}

/** Waits until the page says something. */
const says = (page, selector, text) => page.locator(selector).filter({ hasText: text }).first().waitFor();

/** Whether something was drawn on the canvas of a chart. */
const isDrawn = (page, selector) =>
  page.locator(`${selector} canvas`).first().evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value, i) => i % 4 === 3 && value > 0);
  }); // prettier-ignore

/** Clicks the first chart at its left or right end. */
async function clickCurve(end) {
  const chart = page.locator('#curves .u-over').first();
  await chart.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await chart.boundingBox();
  await page.mouse.click(end === 'left' ? x + 1 : x + width - 1, y + height / 2);
}

const page = await open(dashboard.url);
const checks = {
  'an empty folder says what to do, and a run appears in it by itself'() {
    return says(page, '#message', 'No run here yet').then(async () => {
      writeRun(join(runs, 'one'), 11);
      await says(page, '#runs', '11 of 60');
      await says(page, '#step-text', '11 of 11');
    });
  },
  async 'curves are drawn, answers stand beside their pictures with reasons and marks'() {
    await says(page, '#curves h3', 'Rewards');
    assert(await isDrawn(page, '#curves'));
    await says(page, '.reasons', 'said 3, the label is 4, off by 1');
    assert.equal(await page.locator('mark.bad').first().textContent(), '3.00');
    await says(page, '.no-picture', "the run's data have changed"); // the answers are made up: there is no a.jpg
  },
  async 'a step that is written comes by itself, once its line is whole'() {
    appendFileSync(join(runs, 'one/metrics.jsonl'), '{"step":12,"reward":');
    appendFileSync(join(runs, 'one/rollouts.jsonl'), linesOf([answer({ step: 12, text: 'the twelfth' })]));
    await page.waitForTimeout(2500);
    assert.equal(await page.locator('#step-text').textContent(), '11 of 11');
    appendFileSync(join(runs, 'one/metrics.jsonl'), '1.25}\n');
    await says(page, '#step-text', '12 of 12');
    await says(page, '.answer pre', 'the twelfth');
    await clickCurve('right'); // the last step that is drawn
    await says(page, 'label:has(#follow:not(:checked))', 'follow');
    await says(page, '#step-text', '12 of 12');
  },
  async 'the slider obeys the keyboard, and the page stays at its step while the run goes on'() {
    await page.locator('#step').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await says(page, '#step-text', '2 of 12');
    assert.equal(await page.locator('#step').getAttribute('aria-valuetext'), 'step 2 of 12');
    await says(page, '#judged', 'steps 1 to 2');
    assert(!(await page.locator('#follow').isChecked()));
    writeSteps(join(runs, 'one'), 13, 13);
    await says(page, '#step-text', '2 of 13');
    await page.reload();
    await says(page, '#step-text', '2 of 13');
    await page.locator('#follow').check();
    await says(page, '#step-text', '13 of 13');
  },
  async 'a click on a curve chooses its step'() {
    await clickCurve('left');
    await says(page, '#step-text', '1 of 13');
    await clickCurve('right');
    await says(page, '#step-text', '13 of 13');
  },
  async 'pictures are those of the prompts'() {
    const { train } = readRunSettings(join(runs, 'one')).data;
    const { id } = await (await openDataset(train, 'train', '0/train')).get(3);
    appendFileSync(
      join(runs, 'one/rollouts.jsonl'),
      linesOf([answer({ step: 14, prompt: id, images: ['a picture'] })]),
    );
    appendFileSync(join(runs, 'one/metrics.jsonl'), linesOf([{ step: 14, reward: 1 }]));
    await page.locator('#follow').check();
    await says(page, '#step-text', '14 of 14');
    const picture = page.locator('.group figure img');
    await picture.waitFor();
    await page.waitForFunction(() => document.querySelector('.group figure img').complete);
    assert.equal(await picture.evaluate((image) => image.naturalWidth), 112);
  },
  async 'scores are scattered with their curve, and degradations counted'() {
    const said = (distortion, k) => `<think>x</think><answer>{"distortion_class": "${k % 3 === 0 ? 'blur' : distortion}", "severity": "slight"}</answer>`; // prettier-ignore
    const rows = Array.from(
      { length: 24 },
      (_, k) =>
      k % 2 === 0
        ? answer({ step: 15, id: `${k}`, text: `<think>x</think><answer>{"rating": ${1 + k / 6}}</answer>`, label: { task: 'score', score: 1 + ((k * k) % 50) / 13 } }) // prettier-ignore
        : answer({ step: 15, id: `${k}`, prompt: 'b', text: said('noise', k), label: { task: 'degradation', distortionClass: 'noise', level: 'slight' } }), // prettier-ignore
    );
    appendFileSync(join(runs, 'one/rollouts.jsonl'), linesOf(rows));
    appendFileSync(join(runs, 'one/metrics.jsonl'), linesOf([{ step: 15, reward: 1 }]));
    await page.locator('#window').selectOption('1');
    await says(page, '#judged', '24 answers, steps 15 to 15');
    await says(page, '#scatter-note', /^12 answers\. SRCC .* through the four-parameter logistic/);
    assert(await isDrawn(page, '#scatter'));
    await says(page, '#matrix', 'Right class: 67 % of 12');
  },
  async 'held-out answers are judged in their place, and those of training again'() {
    await page.locator('#source').selectOption('held-out');
    await says(page, '#judged', 'none up to this step');
    await says(page, '#scatter-note', 'No question about a score here.');
    const kept = [4.5, 2, 1.5].map((score) => answer({ text: `<think>x</think><answer>{"rating": ${score}}</answer>`, label: { task: 'score', score } })); // prettier-ignore
    const { reward: total, finish_reason: finishReason, ...named } = naming('blur', 'noise');
    const rows = kept.map(({ reward, finish_reason, ...rest }) => ({ ...rest, total: reward, finishReason: finish_reason })); // prettier-ignore
    writeHeldOutAnswers(join(runs, 'one'), 10, [...rows, { ...named, total, finishReason }]);
    await page.locator('#earlier').click();
    await says(page, '#judged', '4 answers, after step 10');
    await says(page, '#scatter-note', /^3 answers\. SRCC 1/);
    assert(await isDrawn(page, '#scatter'));
    await says(page, '#matrix', 'Right class: 0 % of 1');
    assert(!(await page.locator('#window').isVisible()));
    const judged = page.waitForResponse((response) => /judgements.*step=15/.test(response.url()));
    await page.locator('#later').click();
    await judged;
    writeHeldOutAnswers(join(runs, 'one'), 15, rows);
    await says(page, '#judged', '3 answers, after step 15'); // by itself, though the step is the same
    await says(page, '#scatter-note', /^3 answers\. SRCC 1/);
    appendFileSync(join(runs, 'one/evaluations.jsonl'), linesOf([{ step: 15, reward: 1.5 }]));
    await says(page, '#curves h3', 'Held-out');
    await page.locator('#source').selectOption('training');
    await says(page, '#judged', '24 answers, steps 15 to 15');
    assert(await page.locator('#window').isVisible());
  },
  async 'another prompt of the step is chosen by its button, by the keyboard too'() {
    await page.locator('.prompts button').nth(1).focus();
    await page.keyboard.press('Enter');
    await says(page, '.group figcaption', 'noise, slight');
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('data-prompt')), '1');
  },
  async 'several runs are compared in one chart, by the figure that is chosen'() {
    writeRun(join(runs, 'two'), 5);
    appendFileSync(join(runs, 'two/metrics.jsonl'), linesOf([{ step: 6, reward: 1, 'rewards/format/mean': 0.5 }]));
    await page.locator('#runs li', { hasText: 'two' }).locator('input').check();
    await says(page, '#curves .u-legend', /one.*two/s);
    await page.locator('#curves select').first().selectOption('rewards/format/mean');
    assert.equal(await page.locator('#answers-title .of').textContent(), 'one');
  },
  async 'text of a model is shown, not run'() {
    writeRun(join(runs, 'evil <b>run'), 3, EVIL);
    await page.locator('#runs button', { hasText: 'evil <b>run' }).click();
    await says(page, '#answers-title', 'evil <b>run');
    await says(page, '.answer pre', EVIL);
    await page.waitForTimeout(300);
    assert.equal(await page.evaluate('window.harm'), undefined);
  },
  async 'a run that goes is no longer shown, and neither is one whose settings are damaged a reason to stop'() {
    rmSync(join(runs, 'evil <b>run'), { recursive: true });
    await page.locator('#runs li', { hasText: 'evil' }).waitFor({ state: 'detached' });
    await page.locator('#runs button', { hasText: 'one' }).click();
    await says(page, '#summary', '15 of 60');
    await page.waitForTimeout(500); // what was asked of the other run has come
    writeFileSync(join(runs, 'two/settings.yaml'), 'steps: many\n');
    await says(page, '#runs small.bad', 'settings.yaml');
  },
  async 'a run of 100,000 steps is drawn, and the page keeps its pace'() {
    writeLongRun(join(runs, 'long'), 100_000);
    await page.locator('#runs button', { hasText: 'long' }).waitFor();
    await watchPauses(page);
    assert((await longestPause(page)) >= 100, 'pauses are not measured');
    await page.evaluate(() => window.pauses.splice(0));
    const start = performance.now();
    await page.locator('#runs button', { hasText: 'long' }).click();
    await says(page, '#step-text', '100000 of 100000');
    const shown = performance.now() - start;
    await says(page, '#curves-note', 'Of each 200 steps of long');
    await page.locator('#step').focus();
    for (let k = 0; k < 20; k++) await page.keyboard.press('ArrowLeft');
    await says(page, '#step-text', '99980 of 100000');
    await says(page, '.group figcaption', 'prompt score:a.jpg:99980');
    const pause = await longestPause(page);
    console.log(`  shown after ${shown.toFixed(0)} ms; longest pause of the page ${pause.toFixed(0)} ms`);
    assert(pause < PATIENCE, `the page stood still for ${pause} ms`);
    await page.locator('#runs button', { hasText: 'one' }).click();
    rmSync(join(runs, 'long'), { recursive: true });
  },
  async 'dark and narrow'() {
    const dark = await open(dashboard.url, { colorScheme: 'dark', width: 380 });
    await says(dark, '#curves h3', 'Rewards');
    assert.equal(await dark.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(17, 17, 19)');
    const overflow = await dark.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert(overflow <= 0, `the page is ${overflow} px too wide`);
    await dark.close();
  },
  async 'every control has a name'() {
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll('button, input, select, img')]
        .filter((one) => !(one.getAttribute('aria-label') ?? one.getAttribute('alt') ?? one.textContent.trim()) && one.labels?.length !== 1)
        .map((one) => one.outerHTML),
    ); // prettier-ignore
    assert.deepEqual(nameless, []);
  },
  async 'the report draws the same curves, from one file'() {
    const report = await open(pathToFileURL(writeReport(join(runs, 'one'))).href);
    assert.equal(await report.locator('.u-legend').count(), await report.locator('.chart').count());
    assert(await isDrawn(report, '#chart-0'));
    elsewhere.length = 0; // the file itself
    await report.close();
  },
  'the server goes, and the page says so'() {
    return dashboard.close().then(() => says(page, '#status', 'the server does not answer'));
  },
};

/** A run whose curves have a spike, as many figures as a real one, and one answer a step. */
function writeLongRun(folder, steps) {
  writeRun(folder, 0);
  for (let from = 1; from <= steps; from += 10_000) {
    const numbers = Array.from({ length: 10_000 }, (_, k) => from + k);
    const others = Object.fromEntries(Array.from({ length: 35 }, (_, k) => [`other/${k}`, k / 7]));
    const row = (step) => ({ step, reward: Math.sin(step / 9000), kl: step % 7, grad_norm: step === 5000 ? 99 : 1, 'rewards/format/mean': 1, ...others }); // prettier-ignore
    appendFileSync(join(folder, 'metrics.jsonl'), linesOf(numbers.map(row)));
    appendFileSync(join(folder, 'rollouts.jsonl'), linesOf(numbers.map((step) => answer({ step, prompt: `score:a.jpg:${step}` })))); // prettier-ignore
  }
}

/** Notes how long the page's one thread is busy at a time. */
const watchPauses = (watched) =>
  watched.evaluate(() => {
    const pauses = [];
    Object.assign(window, { pauses });
    new PerformanceObserver((list) => pauses.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' }); // prettier-ignore
    return new Promise((resolve) => {
      setTimeout(() => {
        const start = performance.now();
        while (performance.now() < start + 120); // one that must be noticed
        setTimeout(resolve, 200);
      });
    });
  });
const longestPause = (watched) => watched.evaluate(() => Math.max(0, ...window.pauses));

let failures = 0;
try {
  for (const [name, check] of Object.entries(checks)) {
    try {
      const start = performance.now();
      await check();
      console.log(`ok    ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failures++;
      console.error(`FAIL  ${name}\n      ${error.message.split('\n').slice(0, 6).join('\n      ')}`);
    }
  }
  // A picture that is not there and a server that is gone are expected, and browsers always note them.
  const real = complaints.filter(
    (text) => !/status of 404|ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/.test(text),
  );
  for (const text of real) console.error(`FAIL  the page complained: ${text}`);
  for (const url of elsewhere) console.error(`FAIL  the page asked elsewhere: ${url}`);
  failures += real.length + elsewhere.length;
  console.log(`dashboard in Chromium ${browser.version()}: ${failures} failed`);
} finally {
  await browser.close();
  await dashboard.close();
  rmSync(root, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
