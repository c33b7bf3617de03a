import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { realParts } from '../src/cli/real-parts.js';
import { trainRun } from '../src/cli/train.js';
import { loadSettings } from '../src/config/load.js';
import { parseOverride } from '../src/config/override.js';
import { readMetrics } from '../src/tracking/jsonl.js';
import { lossOptions } from '../src/training/loss-options.js';
import { writeUpstreamTree } from './data/formats/upstream-tree.js';
import { goldenPath } from './helpers/golden.js';
import { temporaryFolder } from './helpers/temporary.js';

// Every recipe as it is shipped, on a folder laid out as its datasets are published and a very small checkpoint.
const names = readdirSync('recipes').filter((name) => name !== 'tiny.yaml');
const root = temporaryFolder();
const SHORT = [
  `model.checkpoint=${goldenPath('vlm', 'tied_fp32')}`,
  'grpo.promptsPerStep=2',
  'grpo.groupSize=2',
  'grpo.maxTokens=8',
];

beforeAll(async () => {
  const tree = await writeUpstreamTree(root);
  const copy = (from: string, to: string) => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync((tree[from] as { file: string }).file, join(root, to));
  };
  copy('deqa', 'Data-DeQA-Score/KONIQ/metas/test_koniq_2k.json');
  copy('comparison', 'SRIQA-Bench/test_comparison.json');
  for (const part of ['Original', '03', '04', '05'])
    cpSync(join(root, 'DiffIQA', part), join(root, 'SRIQA-Bench', part), { recursive: true });
});
beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => undefined);
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
});

/** The recipe with its /data moved here. */
function moved(name: string): string {
  const file = join(root, name);
  writeFileSync(file, readFileSync(join('recipes', name), 'utf8').replaceAll('/data/', `${root}/`));
  return file;
}

test.each(names)('%s trains two steps', async (name) => {
  const output = join(temporaryFolder(), 'run');
  expect(await trainRun(moved(name), { output, steps: '2', set: SHORT, evaluate: false }, realParts)).toBe(0);
  const metrics = readMetrics(output);
  expect(metrics.map(({ step }) => step)).toEqual([1, 2]);
  for (const step of metrics) expect(Number.isFinite(step['loss'])).toBe(true);
});

test("the page's data section for KonIQ-10k and DQ-495K as they are published trains two steps", async () => {
  const [, data] = /```yaml\n(.*?)```/s.exec(readFileSync('docs/recipes.md', 'utf8'))!;
  const recipe = join(root, 'published.yaml');
  const few = data!.replaceAll('/data/', `${root}/`).replace('random:7000', 'random:2'); // three rows are there
  writeFileSync(recipe, `model: { checkpoint: x, train: lora }\n${few}steps: 2\n`);
  const output = join(temporaryFolder(), 'run');
  expect(await trainRun(recipe, { output, set: SHORT, evaluate: false }, realParts)).toBe(0);
});

test('there is a recipe for each of the paper’s runs, and each is described', () => {
  expect(names).toEqual([
    'comparison.yaml',
    'degradation-only.yaml',
    'q-insight-lora.yaml',
    'q-insight.yaml',
    'score-only.yaml',
    'visualquality-r1.yaml',
  ]);
  const page = readFileSync('docs/recipes.md', 'utf8');
  for (const name of names) expect(page).toContain(`recipes/${name}`);
});

test("Q-Insight's constants, and the sweep of its threshold", () => {
  const { grpo, rewards, optimizer } = loadSettings('recipes/q-insight.yaml');
  expect(grpo.promptsPerStep * grpo.groupSize).toBe(128);
  expect(lossOptions(grpo)).toMatchObject({ beta: 0.001, advantages: { scale: 'group', ddof: 1, epsilon: 1e-4 } });
  expect([rewards.scoreThreshold, optimizer.learningRate]).toEqual([0.35, 1e-6]);
  const swept = loadSettings('recipes/score-only.yaml', [parseOverride('rewards.scoreThreshold=0.2')]);
  expect(swept.rewards.scoreThreshold).toBe(0.2);
});
