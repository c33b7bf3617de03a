import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { imagesOf } from '../../../src/data/prompt.js';
import { openDataset } from '../../../src/training/dataset.js';
import type { OpenDataset } from '../../../src/tracking/dashboard/runs.js';
import { writeHeldOutAnswers } from '../../../src/tracking/held-out-answers.js';
import { serveDashboard, type Dashboard } from '../../../src/tracking/dashboard/serve.js';
import { readRunSettings, writeRunSettings } from '../../../src/config/run-folder.js';
import { fakeSettings } from '../../fake-run.js';
import { answer, linesOf, naming, writeRun } from '../../helpers/dashboard-run.js';
import { temporaryFolder } from '../../helpers/temporary.js';

const EVIL = `</script><script>alert("x")</script><img src=x onerror='y'>&amp;`;
const root = temporaryFolder();
const run = writeRun(join(root, 'a run'), 12);

const dashboards: Dashboard[] = [];
afterAll(() => Promise.all(dashboards.map((dashboard) => dashboard.close())));
async function serve(open: OpenDataset = openDataset): Promise<string> {
  const dashboard = await serveDashboard([root], { port: 0, openDataset: open });
  dashboards.push(dashboard);
  return dashboard.url;
}
const own = await serve();

/** A request as it is, which `fetch` would tidy up. */
async function ask(path: string, { from = own, ...options }: RequestOptions & { from?: string } = {}) {
  const { hostname, port } = new URL(from);
  const sent = request({ hostname, port, path, ...options }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const raw = await buffer(response);
  return { statusCode: response.statusCode, headers: response.headers, raw, body: raw.toString() };
}
function get(path: string, query: Record<string, string | number> = {}, from = own) {
  const texts = Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]);
  return ask(`${path}?${new URLSearchParams(texts).toString()}`, { from });
}
const json = ({ body }: { body: string }) => JSON.parse(body) as object;
const messageOf = (response: { body: string }) => (JSON.parse(response.body) as { message: string }).message;

/** An evaluation whose example has a picture where the file says. */
function writeEvaluation(folder: string, picture: string, text = 'hm'): void {
  const figures = { reward: 1, formatRate: null, scoreReward: null, readableRatings: 1, srcc: 0.1, plcc: 0.2, classAccuracy: 0.3, levelAccuracy: 0.4 }; // prettier-ignore
  const judged = { text, explanations: [{ reward: text, value: 1, reason: text }] };
  const example = {
    prompt: text,
    image: text,
    picture,
    label: { task: 'score', score: 3 },
    before: judged,
    after: judged,
  };
  const both = { sampled: figures, greedy: figures };
  const evaluation = {
    version: 1,
    step: 3,
    prompts: 2,
    samples: 1,
    before: both,
    after: both,
    examples: [example],
    details: {},
  };
  writeFileSync(join(folder, 'evaluation.json'), JSON.stringify(evaluation));
}

describe('the page', () => {
  test('comes with its scripts and styles, from here alone, and nothing else may run in it', async () => {
    const page = await get('/');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['content-security-policy']).toContain(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'",
    );
    expect(page.body).toMatch(/^<!doctype html>/);
    expect(page.body).not.toMatch(/https?:|<style| style=| on[a-z]+=/);
    const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
    expect(files).toEqual(['/style.css', '/uplot.js', '/dashboard.js']);
    const imported = (text: string) => [...text.matchAll(/from '\.(\/[^']+)'/g)].map(([, path]) => path!);
    const seen = new Set(files);
    for (const path of seen) {
      const file = await get(path);
      expect([path, file.statusCode]).toEqual([path, 200]);
      if (path !== '/uplot.js') for (const other of imported(file.body)) seen.add(other);
    }
    expect(seen.size).toBeGreaterThan(6);
  });

  test('is refused under a name that is not this machine', async () => {
    const under = async (host: string) => (await ask('/runs', { headers: { host } })).statusCode;
    expect(await under('evil.example')).toBe(403);
    expect(await under('evil.example:8080')).toBe(403);
    expect(await under('127.0.0.1.evil.example')).toBe(403);
    for (const host of ['127.0.0.1:8080', 'localhost:8080', 'localhost', '[::1]:8080'])
      expect(await under(host)).toBe(200);
  });

  test('reads alone, and knows no other paths', async () => {
    expect((await ask('/runs', { method: 'POST' })).statusCode).toBe(404);
    for (const url of [
      '/settings.yaml',
      '/../package.json',
      '/%2e%2e/package.json',
      '/page/dashboard.js',
      '/curves/..%2f',
    ])
      expect((await ask(url)).statusCode).toBe(404);
  });
});

describe('what is asked of a run', () => {
  test('curves, answers, judgements and summary', async () => {
    const curves = json(await get('/curves', { run: 'a run' }));
    expect(curves).toMatchObject({ steps: Array.from({ length: 12 }, (_, i) => i + 1), last: 12, stretch: 1 });
    const answers = await get('/answers', { run: 'a run', step: 4, prompt: 0 });
    expect(answers.body.match(/class="answer"/g)).toHaveLength(2);
    const judged = json(await get('/judgements', { run: 'a run', step: 5, window: 3, source: 'training' }));
    expect(judged).toMatchObject({
      first: 3,
      last: 5,
      answers: 6,
      isCut: false,
      scatter: { ratings: [3, 3, 3, 3, 3, 3] },
    });
    expect(json(await get('/judgements', { run: 'a run', step: 2, window: 50, source: 'training' }))).toMatchObject({
      first: 1,
      last: 2,
    });
    const summary = await get('/summary', { run: 'a run' });
    expect(summary.body).toContain('<dd>12 of 60</dd>');
    expect(summary.body).toContain('<dd>24 s</dd>'); // 12 steps of 2 s
    expect(summary.body).toContain('<dd>1,200</dd>'); // at 50 tokens a second
  });

  test('held-out answers are judged as those of training: the newest up to the step', async () => {
    const folder = writeRun(join(root, 'evaluated'), 12);
    const judged = async (step: number) =>
      json(await get('/judgements', { run: 'evaluated', step, window: 3, source: 'held-out' }));
    expect(await judged(12)).toMatchObject({ answers: 0, scatter: null });
    const kept = [naming('blur', 'noise'), answer({ label: { task: 'score', score: 2 } })].map(
      ({ finish_reason: finishReason, reward: total, ...rest }) => ({ ...rest, finishReason, total }),
    );
    writeHeldOutAnswers(folder, 5, kept);
    writeHeldOutAnswers(
      folder,
      10,
      Array.from({ length: 1001 }, () => kept[1]!),
    );
    expect(await judged(4)).toMatchObject({ answers: 0 });
    expect(await judged(9)).toMatchObject({
      first: 5,
      last: 5,
      answers: 2,
      isCut: false,
      scatter: { ratings: [3], labels: [2] },
      matrix: expect.stringContaining('blur called noise: 1 of 1'),
    });
    expect(await judged(12)).toMatchObject({ last: 10, answers: 1000, isCut: true });
    writeFileSync(join(folder, 'held-out/step-000011.json'), '{}');
    const damaged = await get('/judgements', { run: 'evaluated', step: 12, window: 3, source: 'held-out' });
    expect(messageOf(damaged)).toContain("step-000011.json: 'version'");
    const unknown = await get('/judgements', { run: 'evaluated', step: 12, window: 3, source: 'x' });
    expect(unknown.statusCode).toBe(400);
  });

  test('a run that is not there, and questions that make no sense, are told so', async () => {
    const gone = await get('/curves', { run: '../a run' });
    expect([gone.statusCode, messageOf(gone)]).toEqual([404, "there is no run '../a run' (any more)"]);
    const noStep = await get('/answers', { run: 'a run', step: 'x', prompt: 0 });
    expect([noStep.statusCode, messageOf(noStep)]).toEqual([400, 'querystring/step must be integer']);
    expect((await get('/answers', { run: 'a run', step: 99, prompt: 0 })).body).toContain('No answers were kept');
  });

  test('a run without a step yet', async () => {
    writeRun(join(root, 'new'), 0);
    expect(json(await get('/curves', { run: 'new' }))).toMatchObject({ steps: [], charts: [], last: 0 });
    expect((await get('/answers', { run: 'new', step: 0, prompt: 0 })).statusCode).toBe(200);
    expect(json(await get('/judgements', { run: 'new', step: 0, window: 10, source: 'training' }))).toMatchObject({
      answers: 0,
      scatter: null,
    });
    expect((await get('/summary', { run: 'new' })).body).toContain('<dd>0 of 60</dd>');
  });

  test('text of models and files is escaped, wherever it stands', async () => {
    const folder = writeRun(join(root, 'evil'), 0);
    const rows = [
      answer({ step: 1, text: EVIL, prompt: EVIL, images: [EVIL], id: EVIL, rewards: { [EVIL]: 1, format: 0 } }),
    ];
    writeFileSync(join(folder, 'rollouts.jsonl'), linesOf(rows));
    writeFileSync(join(folder, 'metrics.jsonl'), linesOf([{ step: 1, reward: 1, [`rewards/${EVIL}/mean`]: 1 }]));
    writeFileSync(join(folder, 'alarms.jsonl'), linesOf([{ step: 1, alarm: EVIL, state: 'raised', message: EVIL, advice: EVIL, help: EVIL }])); // prettier-ignore
    writeEvaluation(folder, 'x.png', EVIL);
    writeRunSettings(folder, fakeSettings({ seed: EVIL }));
    for (const [path, query] of [
      ['/answers', { step: 1, prompt: 0 }],
      ['/summary', {}],
    ] as const) {
      // prettier-ignore
      const { statusCode, body } = await get(path, { run: 'evil', ...query });
      expect([path, statusCode]).toEqual([path, 200]);
      expect(body).toContain('&lt;/script&gt;&lt;script&gt;alert(&quot;x&quot;)');
      expect(body).not.toMatch(/<script|<img src=x/);
    }
  });
});

describe('pictures', () => {
  const picture = (prompt: string, image = 0, size = 'large', from = own) =>
    get('/picture', { run: 'a run', prompt, image, size }, from);

  test('are those that the prompts of training showed', async () => {
    const { train } = readRunSettings(run).data;
    const prompt = await (await openDataset(train, 'train', '0/train')).get(5);
    const [image] = imagesOf(prompt);
    const { headers, raw } = await picture(prompt.id);
    expect(headers['content-type']).toBe('image/png');
    expect((await sharp(raw).raw().toBuffer()).equals(image!.data)).toBe(true);
    expect(await sharp((await picture(prompt.id, 0, 'small')).raw).metadata()).toMatchObject({ width: 112 });
    expect(messageOf(await picture(prompt.id, 1))).toBe(`prompt '${prompt.id}' has no image 1`);
  });

  test.each([
    ['../../../../etc/passwd', "the run's data hold no prompt"],
    ['/etc/passwd:3', "the run's data have changed: there is 'degradation:"],
    ['score:../../package.json:4', "the run's data have changed: there is 'score:"],
    ['score:a.jpg:99', "the run's data hold no prompt 'score:a.jpg:99'"],
    ['score:a.jpg:99999999999999999999', "the run's data hold no prompt"],
  ])('nothing but a prompt of the run can be asked for: %s', async (prompt, message) => {
    const response = await picture(prompt);
    expect(response.statusCode).toBe(404);
    expect(messageOf(response)).toContain(message);
  });

  test('say why they are not there, and come when the data have come back', async () => {
    let isThere = false;
    const later: OpenDataset = (...request) =>
      isThere ? openDataset(...request) : Promise.reject(new Error('examples/photos/split.json: not found'));
    const other = await serve(later);
    const first = await picture('score:x:0', 0, 'large', other);
    expect([first.statusCode, messageOf(first)]).toEqual([404, 'no picture: examples/photos/split.json: not found']);
    isThere = true;
    expect(messageOf(await picture('score:x:0', 0, 'large', other))).toContain("there is 'score:");
  });

  test('of examples are read from inside the run alone', async () => {
    const pixel = await sharp({ create: { width: 3, height: 2, channels: 3, background: '#123456' } })
      .png()
      .toBuffer();
    const secret = join(root, 'secret.png');
    writeFileSync(secret, pixel);
    mkdirSync(join(run, 'pictures'));
    writeFileSync(join(run, 'pictures/1.png'), pixel);
    symlinkSync(secret, join(run, 'pictures/link.png'));
    writeFileSync(join(run, 'pictures/text.txt'), 'x');
    const example = async (place: string, number = 0) => {
      writeEvaluation(run, place);
      return get('/example', { run: 'a run', number });
    };
    expect((await example('pictures/1.png')).raw).toEqual(pixel);
    for (const outside of [
      '../secret.png',
      'pictures/../../secret.png',
      'pictures/link.png',
      '../../../../../../etc/passwd',
    ]) {
      const refused = await example(outside);
      expect([refused.statusCode, messageOf(refused)]).toEqual([404, "example 0 of run 'a run' lies outside the run"]);
    }
    expect(messageOf(await example('pictures/none.png'))).toBe("run 'a run' has lost the picture of example 0");
    expect(messageOf(await example('pictures/text.txt'))).toBe("example 0 of run 'a run' is no PNG or JPEG");
    expect(messageOf(await example('pictures/1.png', 7))).toBe("run 'a run' has no example 7");
  });
});
