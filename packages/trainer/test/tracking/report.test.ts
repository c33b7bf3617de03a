import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { writeRunSettings } from '../../src/config/run-folder.js';
import type { AlarmChange } from '../../src/tracking/alarms/spells.js';
import type { EvaluationFile, Figures } from '../../src/tracking/evaluation-file.js';
import { chartsOf, smooth } from '../../src/tracking/report/charts.js';
import { html, jsonForScript, trusted } from '../../src/tracking/report/html.js';
import { dataUrl, writePicture } from '../../src/tracking/report/picture.js';
import { writeReport } from '../../src/tracking/report/write-report.js';
import { fakeSettings } from '../fake-run.js';
import { temporaryFolder } from '../helpers/temporary.js';

const figures = (reward: number): Figures => ({
  reward,
  formatRate: 0.5,
  scoreReward: null,
  readableRatings: 1,
  srcc: 0.25,
  plcc: 0.75,
  classAccuracy: 0.4,
  levelAccuracy: 0.1,
});

const EVIL = `</script><script>alert("x")</script><img src=x onerror='y'>&amp;`;

const change = (step: number, alarm: string, state: 'raised' | 'over'): AlarmChange => {
  return { step, alarm, state, message: `${alarm} ${EVIL}`, advice: `mend ${alarm}`, help: `docs/page.md#${alarm}` };
};

async function reportOf(alarms: readonly AlarmChange[] = [], changes: Partial<EvaluationFile> = {}): Promise<string> {
  const run = join(temporaryFolder(), 'a <b> run');
  writeRunSettings(run, fakeSettings({ seed: EVIL }));
  mkdirSync(join(run, 'pictures'));
  await writePicture(join(run, 'pictures/1.png'), {
    name: 'x',
    width: 2,
    height: 1,
    data: Uint8Array.of(1, 2, 3, 4, 5, 6),
  });
  const rows = [1, 2, 3].map((step) => ({
    step,
    reward: step / 3,
    [`rewards/${EVIL}/mean`]: 0.5,
    grad_norm: 1,
    step_time: 60,
  }));
  writeFileSync(join(run, 'metrics.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const answer = {
    text: EVIL,
    explanations: [
      { reward: EVIL, value: 1, reason: EVIL },
      { reward: 'score', value: null, reason: 'not applicable' },
    ],
  };
  const evaluation: EvaluationFile = {
    version: 1,
    step: 3,
    prompts: 160,
    samples: 2,
    before: { sampled: figures(0.8), greedy: figures(1.1) },
    after: { sampled: figures(1.4), greedy: figures(1) },
    details: {} as EvaluationFile['details'],
    examples: [
      {
        prompt: EVIL,
        image: EVIL,
        picture: 'pictures/1.png',
        label: { task: 'score', score: 3.2 },
        before: answer,
        after: answer,
      },
    ],
    ...changes,
  };
  writeFileSync(join(run, 'evaluation.json'), JSON.stringify(evaluation));
  writeFileSync(join(run, 'evaluations.jsonl'), '{"step":2,"reward":0.7,"srcc":null,"is_best":true}\n');
  writeFileSync(join(run, 'alarms.jsonl'), alarms.map((alarm) => `${JSON.stringify(alarm)}\n`).join(''));
  return readFileSync(writeReport(run), 'utf8');
}

describe('report', () => {
  test('escapes all text that is not its own: answers, names, reasons, settings, metric names', async () => {
    const page = await reportOf();
    expect(page).not.toContain('<script>alert');
    expect(page).not.toContain('<img src=x');
    expect(page.match(/<script/g)).toHaveLength(3); // data, uPlot, the drawing
    expect(page).toContain('&lt;/script&gt;&lt;script&gt;alert(&quot;x&quot;)');
    expect(page).toContain('a &lt;b&gt; run');
  });

  test('is one file: no links, no sources but data URLs', async () => {
    const page = await reportOf();
    expect(page.replaceAll('data:image/png;base64,', '')).not.toMatch(/(src|href)\s*=\s*["']?(https?:|\/|\.)/);
    expect(page).toContain('src="data:image/png;base64,');
    expect(page).not.toMatch(/@import|url\(/);
    expect(page).toContain('uPlot');
  });

  test('shows before and after with the direction of change, and a dash for what was not measured', async () => {
    const page = (await reportOf()).replaceAll(/>\s+</g, '><'); // white space between elements is layout alone
    expect(page).toContain('<td>0.800</td><td>1.400</td><td class="up">+0.600</td>');
    expect(page).toContain('<td>1.100</td><td>1.000</td><td class="down">-0.100</td>');
    expect(page).toContain('<tr><td>score reward</td><td>-</td><td>-</td><td class="">-</td>');
    expect(page).toContain('3 min 00 s');
    expect(page).toContain('3 of 60');
  });

  test('says that scores are compared with a proxy where they are, and only there', async () => {
    const [opinions, proxies] = [await reportOf(), await reportOf([], { proxyScores: true })];
    expect(proxies).toContain('are a proxy, not human opinions');
    expect(opinions).not.toContain('proxy');
  });

  test('lists alarms with the steps they lasted and what to do, and has no such list without any', async () => {
    const spells = [
      change(1, 'a', 'raised'),
      change(2, 'b', 'raised'),
      change(3, 'a', 'over'),
      change(9, 'a', 'raised'),
    ];
    const page = (await reportOf(spells)).replaceAll(/\s+/g, ' ');
    expect([...page.matchAll(/<li><b>([^<]*):<\/b> (\w)/g)].map(([, when, name]) => `${name!}: ${when!}`)).toEqual([
      'a: steps 1 to 3',
      'b: from step 2 on',
      'a: from step 9 on',
    ]);
    expect(page).toContain('mend b (docs/page.md#b)');
    expect(page).not.toContain('<script>alert');
    expect(await reportOf()).not.toContain('<h2>Alarms');
  });

  test('leaves out rewards that do not apply to the picture', async () => {
    expect(await reportOf()).not.toContain('not applicable');
  });

  test('the data in the page can be read back', async () => {
    const page = await reportOf();
    const text = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)![1]!;
    const data = JSON.parse(text) as { steps: number[]; charts: { name: string; values: number[] }[][] };
    expect(data.steps).toEqual([1, 2, 3]);
    expect(data.charts[0]!.map(({ name }) => name)).toEqual(['total', EVIL]);
    expect(data.charts[1]![0]).toMatchObject({ name: 'reward', values: [null, 0.7, null], dotted: true });
  });
});

describe('html', () => {
  test('escapes strings, in lists too, and passes markup', () => {
    expect(html`<a title="${'"&\''}">${['<', html`<b>${1}</b>`, trusted('<i>')]}</a>`.markup).toBe(
      '<a title="&quot;&amp;&#39;">&lt;<b>1</b><i></a>',
    );
  });

  test('JSON cannot end the script it stands in', () => {
    expect(jsonForScript({ a: '</script><!--' }).markup).toBe('{"a":"\\u003c/script>\\u003c!--"}');
  });
});

describe('charts', () => {
  test('only figures that a run has become charts', () => {
    const charts = chartsOf([
      { reward: 1, grad_norm: 2 },
      { reward: 2, grad_norm: NaN },
    ]);
    expect(charts.map(({ title }) => title)).toEqual(['Rewards', 'Gradient norm']);
    expect(charts[1]!.curves[0]!.values).toEqual([2, null]);
  });

  test('smoothing starts at the first value, keeps a constant and passes over gaps', () => {
    expect(smooth([2, 2, null, 2]).map((value) => value && +value.toFixed(12))).toEqual([2, 2, null, 2]);
    // weights of value 0 and 1 after two steps: 0.9 * 0.1 and 0.1, of 0.19
    expect(smooth([0, 1])[1]).toBeCloseTo(0.1 / 0.19, 12);
  });
});

test('a picture is kept to the pixel, and made smaller when large', async () => {
  const file = join(temporaryFolder(), 'a.png');
  await writePicture(file, { name: 'x', width: 1024, height: 2, data: new Uint8Array(1024 * 2 * 3) });
  const { default: sharp } = await import('sharp');
  expect(await sharp(file).metadata()).toMatchObject({ width: 512, height: 1, format: 'png' });
  await writePicture(file, { name: 'x', width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
  expect([...(await sharp(file).raw().toBuffer())]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(dataUrl(file)).toMatch(/^data:image\/png;base64,iVBOR/);
});
