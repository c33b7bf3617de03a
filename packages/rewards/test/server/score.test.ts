import { describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rewardPresets, runRewards, type PromptPart, type Reward, type Sample } from '../../src/index.js';
import type { RewardSet } from '../../src/server/index.js';
import { len, LEN } from './len.js';
import { post, serving } from './serving.js';

const GOOD = '<think>a</think><answer>{"rating": 3.4}</answer>';

/** Keeps what the reward was given. */
function watching(): { readonly set: RewardSet; readonly seen: Sample[] } {
  const seen: Sample[] = [];
  const watch: Reward = {
    name: 'watch',
    range: [0, 1],
    score(sample) {
      seen.push(sample);
      return 1;
    },
  };
  return { set: { rewards: [watch], labels: 'optional' }, seen };
}

describe('a batch', () => {
  test('is answered in its order, by id, with every component', async () => {
    const { url } = await serving({ ...rewardPresets['q-insight'](), weights: { format: 0.5 } });
    const { status, body } = await post(`${url}/v1/score`, {
      samples: [
        { id: 'b', response: GOOD, ground_truth: 3.1 },
        { id: 'a', response: GOOD, ground_truth: '{"distortion_class": "blur", "severity": "slight"}' },
        { response: 'nothing', extra: { mos: 2 } },
      ],
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      results: [
        { id: 'b', score: 1.5, components: { format: 1, score: 1, degradation: null, comparison: null } },
        { id: 'a', score: 0.5, components: { format: 1, score: null, degradation: 0, comparison: null } },
        { id: '2', score: 0, components: { format: 0, score: 0, degradation: null, comparison: null } },
      ],
      errors: [],
    });
  });

  test('of no samples has no results, and one of 300 has 300', async () => {
    const { url } = await serving(LEN);
    expect((await post(`${url}/v1/score`, { samples: [] })).body).toEqual({ results: [], errors: [] });
    const samples = Array.from({ length: 300 }, (_, i) => ({ id: `s${i}`, response: 'x'.repeat(i % 21) }));
    const { body } = await post(`${url}/v1/score`, { samples });
    expect(body.results).toEqual(
      samples.map(({ id }, i) => ({ id, score: (i % 21) / 20, components: { len: (i % 21) / 20 } })),
    );
  });

  test('a sample alone gets its own result', async () => {
    const { url } = await serving(LEN);
    const { body } = await post(`${url}/v1/score`, { id: 'one', response: '12345' });
    expect(body).toEqual({ id: 'one', score: 0.25, components: { len: 0.25 }, errors: [] });
  });

  test('rewards that compare samples see their groups, and ask for them', async () => {
    const { url } = await serving(rewardPresets['visualquality-r1']());
    const answer = (rating: number): string => `<think>a</think><answer>{"rating": ${rating}}</answer>`;
    const samples = [
      { group: 'good', response: answer(4.5), ground_truth: 4.4 },
      { group: 'good', response: answer(4.4), ground_truth: 4.4 },
      { group: 'bad', response: answer(1.2), ground_truth: 1.5 },
      { group: 'bad', response: answer(4.8), ground_truth: 1.5 },
    ];
    const { body } = await post(`${url}/v1/score`, { samples });
    const here = samples.map(({ group, response, ground_truth: score }, i): Sample => ({ id: String(i), group, completion: response, label: { task: 'score', score } })); // prettier-ignore
    const { rewards, weights } = rewardPresets['visualquality-r1']();
    const { totals } = await runRewards(here, rewards, { weights });
    expect(body.results.map(({ score }) => score)).toEqual(totals);
    expect(new Set(totals).size).toBe(4); // the whole batch is compared: no two are alike
    const refused = await post(`${url}/v1/score`, { samples: samples.map((sample) => ({ ...sample, group: null })) });
    expect(refused.status).toBe(422);
    expect(refused.body.error).toMatchObject({ sample: '0', reward: 'fidelity', message: expect.stringContaining('group is required') }); // prettier-ignore
    expect((await post(`${url}/slime`, { response: answer(3), label: 3 })).status).toBe(422);
  });
});

test('a reward finds everything that was sent', async () => {
  const { set, seen } = watching();
  const { url } = await serving(set);
  await post(`${url}/v1/score`, {
    id: 'x',
    group: 'g',
    prompt: [
      { role: 'system', content: 'Judge.' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }, { type: 'image' }, { type: 'text', text: 'Rate' }] }, // prettier-ignore
    ],
    response: [
      { role: 'tool', content: 'no' },
      { role: 'assistant', content: 'It is <3.<|im_end|>\n<|endoftext|>' },
    ],
    images: ['data:image/jpeg;base64,BBBB'],
    ground_truth: { mos: '3.5', std: 0.2 },
    extra: { dataset: 'koniq', nested: { a: [1] } },
    completion_ids: [1, 2, 3],
    finish_reason: 'length',
  });
  expect(seen).toEqual([
    {
      id: 'x',
      group: 'g',
      completion: 'It is <3.',
      label: { task: 'score', score: 3.5, std: 0.2 },
      prompt: [
        { type: 'image', url: 'data:image/jpeg;base64,BBBB' },
        { type: 'text', text: 'Judge.' },
        { type: 'image', url: 'data:image/png;base64,AAAA' },
        { type: 'text', text: 'Rate' },
      ],
      completionIds: [1, 2, 3],
      finishReason: 'length',
      metadata: { dataset: 'koniq', nested: { a: [1] }, ground_truth: { mos: '3.5', std: 0.2 } },
    },
  ]);
});

test('null is as good as left out', async () => {
  const { set, seen } = watching();
  const { url } = await serving(set);
  const nulls = { id: null, group: null, prompt: null, images: null, ground_truth: null, extra: null, completion_ids: null, finish_reason: null }; // prettier-ignore
  await post(`${url}/v1/score`, { ...nulls, response: 'a' });
  expect(seen).toEqual([{ id: '0', group: '0', completion: 'a', label: { task: 'none' }, metadata: { ground_truth: null } }]); // prettier-ignore
});

test.each<[string, unknown, object]>([
  ['an array', [], { message: 'the body must be object, got array' }],
  ['no response', {}, { field: 'response', message: 'response is required' }],
  ['a response that is a number', { response: 3 }, { field: 'response', message: 'response must be string or array, got number' }], // prettier-ignore
  ['a field of another name', { response: '', mos: 3 }, { field: 'mos', message: 'mos is not a field; other columns go into extra' }], // prettier-ignore
  ['samples that are no list', { samples: {} }, { field: 'samples' }],
  ['a bad sample', { samples: [{ response: '' }, { id: 'q', response: null }] }, { sample: 'q', field: 'samples.1.response' }], // prettier-ignore
  ['a bad sample without an id', { samples: [{ response: '' }, 3] }, { sample: '1', field: 'samples.1' }],
  ['an id twice', { samples: [{ id: 'a', response: '' }, { id: 'a', response: '' }] }, { sample: 'a', message: 'the id "a" is there twice' }], // prettier-ignore
  ['an id that is a position', { samples: [{ id: '1', response: '' }, { response: '' }] }, { sample: '1' }],
  ['a message without a role', { response: [{ content: 'a' }] }, { field: 'response.0.role' }],
  ['token ids that are texts', { response: '', completion_ids: ['a'] }, { field: 'completion_ids.0' }],
  ['another finish reason', { response: '', finish_reason: 'eos' }, { field: 'finish_reason', message: 'finish_reason must be one of ["stop","length",null]' }], // prettier-ignore
])('%s is refused, saying where and why', async (_, body, error) => {
  const { url } = await serving(LEN);
  const reply = await post(`${url}/v1/score`, body);
  expect(reply.status).toBe(422);
  expect(reply.body.error).toMatchObject({ code: 'invalid', ...error });
});

test.each<[string, string, string]>([
  ['no JSON', '{bad', "the body is not JSON: Expected property name or '}' in JSON at position 1"],
  ['nothing', '', 'the body is empty'],
  ['NaN, as Python writes it', '{"response": "", "ground_truth": NaN}', '; JSON has no NaN and no infinity'],
  ['a prototype', '{"response": "", "extra": {"__proto__": {"a": 1}}}', 'the body has a key "__proto__"'],
  ['a tower of brackets', `{"response": "", "extra": ${'['.repeat(1e6)}`, 'the body is nested deeper than 100 levels'],
])('a body with %s is a bad request that says so', async (_, body, message) => {
  const { url } = await serving(LEN);
  const reply = await post(`${url}/v1/score`, body);
  expect(reply.status).toBe(400);
  expect(reply.body.error).toMatchObject({ code: 'bad_request', message: expect.stringContaining(message) });
});

describe('images', () => {
  const folder = mkdtempSync(join(tmpdir(), 'q-insight-images-'));
  const root = join(folder, 'root');
  mkdirSync(join(root, 'sub'), { recursive: true });
  const png = Buffer.from('89504e470d0a1a0a00', 'hex');
  writeFileSync(join(root, 'sub', 'a.png'), png);
  writeFileSync(join(root, 'notes.txt'), 'secret');
  writeFileSync(join(folder, 'outside.png'), png);
  mkdirSync(join(folder, 'root-too'));
  writeFileSync(join(folder, 'root-too', 'b.png'), png);
  symlinkSync(join(folder, 'outside.png'), join(root, 'link.png'));
  symlinkSync(folder, join(root, 'up'));
  symlinkSync(join(root, 'sub', 'a.png'), join(root, 'inner.png'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

  async function send(...images: string[]) {
    const { set, seen } = watching();
    const { url } = await serving(set, { imageRoot: root, imageLimit: 100 });
    const { status, body } = await post(`${url}/v1/score`, { response: '', images });
    return { status, error: body.error, prompt: seen[0]?.prompt as PromptPart[] | undefined };
  }

  test.each(['sub/a.png', join(root, 'sub/a.png'), 'inner.png', 'sub/../sub/a.png', 'up/root/sub/a.png'])(
    'inside the folder are read: %s',
    async (path) => {
      const { status, prompt } = await send(path);
      expect(status).toBe(200);
      expect(prompt).toEqual([{ type: 'image', url: `data:image/png;base64,${png.toString('base64')}` }]);
    },
  );

  test.each([
    ['a way up', '../outside.png'],
    ['a way up from below', 'sub/../../outside.png'],
    ['an absolute path', join(folder, 'outside.png')],
    ['a link that leads out', 'link.png'],
    ['a folder that leads out', 'up/outside.png'],
    ['a neighbour whose name begins alike', '../root-too/b.png'],
    ['the folder itself', '.'],
    ['a folder', 'sub'],
    ['nothing there', 'nope.png'],
    ['a NUL', 'sub/a.png\0.txt'],
    ['a device', '/dev/zero'],
  ])('are not read from %s, and nothing is told of what is there', async (_, path) => {
    const { status, error } = await send(path);
    expect(status).toBe(422);
    expect(error).toMatchObject({ code: 'invalid', sample: '0', message: expect.stringContaining('is not a file inside the image folder') }); // prettier-ignore
  });

  test.each([
    ['no image', 'notes.txt', 'is no PNG, JPEG, WebP, GIF or BMP file'],
    ['an address', 'http://localhost/a.png', 'must be a data URL or a path'],
    ['a file address', 'file:///etc/passwd', 'must be a data URL or a path'],
    ['a data URL of text', 'data:text/plain;base64,AAAA', 'must be data:image/…;base64,…'],
    ['a data URL that is not base64', 'data:image/png;base64,<svg>', 'not base64'],
  ])('%s is refused', async (_, image, message) => {
    const { status, error } = await send(image);
    expect(status).toBe(422);
    expect(error.message).toContain(message);
  });

  test('too large, or without a folder, are refused', async () => {
    writeFileSync(join(root, 'large.png'), Buffer.concat([png, Buffer.alloc(200)]));
    expect((await send('large.png')).error.message).toContain('has 209 bytes, the limit is 100');
    const { url } = await serving(LEN);
    const { body } = await post(`${url}/v1/score`, { response: '', images: ['sub/a.png'] });
    expect(body.error.message).toContain('--image-root');
    await expect(serving(LEN, { imageRoot: join(folder, 'nope') })).rejects.toThrow('imageRoot must be a folder');
  });
});

test('a set that makes no sense is refused at the start', async () => {
  await expect(serving({ rewards: [] })).rejects.toThrow('there are no rewards to serve');
  await expect(serving({ rewards: [len, len] })).rejects.toThrow('the reward name "len" is there twice');
  await expect(serving({ rewards: [len], weights: { lem: 1 } })).rejects.toThrow('a weight is given for "lem"');
  await expect(serving({ rewards: [len], timeout: 0 })).rejects.toThrow('timeout must be at least 1, got 0');
});
