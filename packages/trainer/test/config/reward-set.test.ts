import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Sample } from '@q-insight/rewards';
import { loadRewardSet } from '../../src/config/reward-set.js';
import { temporaryFolder } from '../helpers/temporary.js';

function write(name: string, text: string): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, text);
  return file;
}

const sample: Sample = { id: '1', group: 'a', completion: 'abcd', label: { task: 'score', score: 3 } };
const names = async (file: string) => (await loadRewardSet(file)).rewards.map((reward) => reward.name);

describe('without a file', () => {
  test("the rewards are Q-Insight's", async () => {
    const { rewards } = await loadRewardSet();
    expect(rewards.map((reward) => reward.name)).toEqual(['format', 'score', 'degradation', 'comparison']);
  });
});

describe('a YAML file', () => {
  test('names a preset, and changes its weights', async () => {
    const file = write('r.yaml', 'preset: q-hawkeye\nweights: {laplace: 2}\ntimeout: 500\nlabels: optional\n');
    const { rewards, ...run } = await loadRewardSet(file);
    expect(rewards.map((reward) => reward.name)).toEqual(['thinkAnswerFormat', 'laplace']);
    expect(run).toEqual({ weights: { thinkAnswerFormat: 0.8, laplace: 2 }, timeout: 500, labels: 'optional' });
  });

  test('leaves out what has no weight, and may say null for the policy of that name', async () => {
    const { rewards, ...run } = await loadRewardSet(write('r.yml', 'weights: {format: 0}\nonError: null\n'));
    expect(rewards.map((reward) => reward.name)).toEqual(['score', 'degradation', 'comparison']);
    expect(run).toEqual({ weights: { score: 1, degradation: 1, comparison: 1 }, onError: 'null' });
  });

  test.each([
    ['preset: visualqualty-r1', /^.*r\.yaml:1: 'preset' must be one of .*; did you mean 'visualquality-r1'\?$/],
    ['preset: rapo\nweigths: {}', /r\.yaml:2: 'weigths' is not a known setting; did you mean 'weights'\?$/],
    ['weights:\n  formt: 1', /r\.yaml:2: 'weights\.formt' is no reward of q-insight; it has format, score, degradation, comparison$/], // prettier-ignore
    ['weights: {format: high}', /'weights\.format' must be a number, got "high"$/],
    ['onError: ignore', /'onError' must be one of fail-run, fail-group, skip, null, zero.*, got "ignore"/],
    ['timeout: 0', /'timeout' must be at least 1, got 0$/],
    ['- rapo', /expected settings such as 'preset: q-insight', got object$/],
    ['', /got an empty file$/],
    ['a: {b', /not valid YAML/],
  ])('%j is refused in one line that names the place', async (text, message) => {
    await expect(loadRewardSet(write('r.yaml', text))).rejects.toThrow(message);
  });
});

describe('a module', () => {
  test('in TypeScript may use the package, wherever it lies', async () => {
    const file = write(
      'rewards.ts',
      `import { formatReward, type Reward } from '@q-insight/rewards';
       import { rangeLaw } from '@q-insight/rewards/testing';
       enum Most { Letters = 8 }
       const len: Reward = { name: 'len', range: [0, 1], score: ({ completion }) => completion.length / Most.Letters };
       await rangeLaw(formatReward(), { runs: 1 } as never);
       export default { rewards: [formatReward(), len], weights: { len: 0.5 }, onError: 'skip', labels: 'optional' };`,
    );
    const { rewards, ...run } = await loadRewardSet(file);
    expect(rewards.map((reward) => reward.name)).toEqual(['format', 'len']);
    expect(run).toEqual({ weights: { len: 0.5 }, onError: 'skip', labels: 'optional' });
    const [, len] = rewards;
    expect('score' in len! && len.score(sample)).toBe(0.5);
  });

  test.each([
    ['a function', 'mine.ts', 'export default (sample: { completion: string }): number => sample.completion.length;', ['mine']], // prettier-ignore
    ['a named function', 'a.mjs', 'export default function brevity(sample) { return -sample.completion.length; }', ['brevity']], // prettier-ignore
    ['a reward', 'a.cjs', "module.exports = { name: 'x', range: [0, 1], score: () => 1 };", ['x']],
    ['an array', 'a.js', "export default [{ name: 'x', range: [0, 1], scoreBatch: () => new Map() }, function y() { return 1; }];", ['x', 'y']], // prettier-ignore
    ['exports', 'a.ts', "export const one = { name: 'x', range: [0, 1], score: () => 1 };\nexport function two() { return 2; }\nexport const LIMIT = 3;", ['x', 'two']], // prettier-ignore
  ])('may export %s', async (_, name, text, expected) => {
    expect(await names(write(name, text))).toEqual(expected);
  });

  test.each([
    ['nothing', 'export const a = 1;', /rewards\.ts: exports no rewards$/],
    ['half a reward', "export default [{ name: 'x', score: () => 1 }];", /rewards\.ts: reward 1 is no reward: it needs a range \[low, high\]$/], // prettier-ignore
    ['a number', 'export default 3;', /reward 1 is no reward: it needs a name and a range \[low, high\] and a function score or scoreBatch$/], // prettier-ignore
    ['a misspelt set', 'export default { rewards: [() => 1], weigths: {} };', /'weigths' is not a known setting; did you mean 'weights'\?$/], // prettier-ignore
    ['an empty set', 'export default { rewards: [] };', /'rewards' must have at least 1 entries/],
    ['a set with a bad reward', 'export default { rewards: [{}] };', /'rewards\.0' is no reward/],
    ['a syntax error', 'export default {', /^.*rewards\.ts: /],
    ['an error', "throw new Error('no judge here');", /rewards\.ts: no judge here$/],
    ['an import that is not there', "import './nowhere.mjs';", /rewards\.ts: .*nowhere\.mjs/],
  ])('with %s is refused, naming the file', async (_, text, message) => {
    await expect(loadRewardSet(write('rewards.ts', text))).rejects.toThrow(message);
  });
});

test('other files, and none, are named', async () => {
  await expect(loadRewardSet('nowhere.yaml')).rejects.toThrow('nowhere.yaml: no such file');
  await expect(loadRewardSet(write('r.json', '{}'))).rejects.toThrow(
    'expected rewards in a .yaml file, or a .ts or .js module',
  );
});
