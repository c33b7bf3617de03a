import { expect, test } from '@jest/globals';
import { qInsightRewards, type Label } from '@q-insight/rewards';
import type { Dataset, Prompt } from '../../src/data/prompt.js';
import { evaluate, type EvaluateOptions } from '../../src/evaluation/evaluate.js';
import type { Completion, Policy, SamplingOptions } from '../../src/policies/policy.js';

const answer = (json: string) => `<think>because</think><answer>${json}</answer>`;
const noise = answer('{"distortion_class": "noise", "severity": "obvious"}');

const rows: { label: Label; texts: [string, string] }[] = [
  { label: { task: 'score', score: 2 }, texts: [answer('{"rating": 2.10}'), answer('{"rating": 3.00}')] },
  { label: { task: 'score', score: 4 }, texts: [answer('{"rating": 4.00}'), 'four'] },
  { label: { task: 'degradation', distortionClass: 'noise', level: 'obvious' }, texts: [noise, answer('noise')] },
  { label: { task: 'degradation', distortionClass: 'blur', level: 'slight' }, texts: [noise, noise] },
  { label: { task: 'comparison', better: 'Image A' }, texts: [answer('Image A'), answer('Image B')] },
];
const prompts: Prompt[] = rows.map(({ label }, i) => ({ id: `p${i}`, messages: [], label }));
const dataset: Dataset = { length: prompts.length, get: (index) => Promise.resolve(prompts[index]!) };

/** Says what the table above says, and keeps what it was asked. */
function parrot(calls: { prompts: string[]; options: SamplingOptions }[] = []): Policy {
  const complete = (text: string): Completion => ({ tokens: Array.from({ length: text.length }, (_, i) => i), text, samplerLogps: [], finishReason: 'stop' }); // prettier-ignore
  const unused = () => Promise.reject(new Error('not part of an evaluation'));
  return {
    sample: (asked, options) => {
      calls.push({ prompts: asked.map(({ id }) => id), options });
      return Promise.resolve(
        asked.map(({ id }) => rows[Number(id.slice(1))]!.texts.slice(0, options.groupSize).map(complete)),
      );
    },
    logprobs: unused,
    forwardBackward: unused,
    optimizerStep: unused,
    save: unused,
    load: unused,
    dispose: () => undefined,
  };
}

const run = (options: Partial<EvaluateOptions> = {}, calls?: { prompts: string[]; options: SamplingOptions }[]) =>
  evaluate(parrot(calls), dataset, qInsightRewards(), { temperature: 1, maxTokens: 9, seed: 's', samples: 2, ...options }); // prettier-ignore

test('figures of a table worked out by hand', async () => {
  const report = await run();
  expect(report.count).toBe(10);
  expect(report.score).toMatchObject({ count: 4, unreadable: 1 });
  // ratings 2.1, 3, 4 for labels 2, 2, 4: mean error (.1 + 1 + 0) / 3
  expect(report.score.meanError).toBeCloseTo(1.1 / 3, 12);
  // ranks 1 2 3 against 1.5 1.5 3: cov 1.5, variances 2 and 1.5
  expect(report.score.srcc).toBeCloseTo(1.5 / Math.sqrt(2 * 1.5), 12);
  expect(report.degradation).toMatchObject({
    count: 4,
    unreadable: 1,
    byClass: { noise: { count: 2, class: 0.5, level: 0.5 }, blur: { count: 2, class: 0, level: 0 } },
    micro: { class: 0.25, level: 0.25 },
  });
  expect(report.comparison).toEqual({ count: 2, unreadable: 0, accuracy: 0.5 });
  expect(report.rewards['score']).toBe(0.5); // 2 of 4, the unreadable one among the wrong
  expect(report.rewards['degradation']).toBe(0.25);
  expect(report.formatRate).toBe(report.rewards['format']);
});

test('the answers carry what the figures stand on', async () => {
  const { answers, reward } = await run();
  expect(answers[0]).toMatchObject({ prompt: 'p0', text: answer('{"rating": 2.10}'), total: 2, finishReason: 'stop' });
  expect(answers[0]!.rewards).toMatchObject({ score: 1, format: 1, degradation: null, comparison: null });
  expect(reward).toBeCloseTo(answers.reduce((sum, { total }) => sum + total!, 0) / 10, 12);
});

test('asks in batches, in order, with the options given; batches change nothing', async () => {
  const calls: { prompts: string[]; options: SamplingOptions }[] = [];
  const progress: number[] = [];
  const report = await run({ batch: 2, onProgress: (done) => progress.push(done) }, calls);
  expect(calls.map((call) => call.prompts)).toEqual([['p0', 'p1'], ['p2', 'p3'], ['p4']]);
  expect(calls[0]!.options).toEqual({ groupSize: 2, maxTokens: 9, temperature: 1, seed: 's' });
  expect(progress).toEqual([2, 4, 5]);
  expect(report).toEqual(await run());
});

test('stops after `prompts` prompts; weights change the total alone', async () => {
  expect((await run({ prompts: 2, samples: 1 })).answers.map(({ prompt }) => prompt)).toEqual(['p0', 'p1']);
  const weighted = await run({ weights: { format: 0 } });
  expect(weighted.answers[0]!.total).toBe(1);
  expect(weighted.rewards).toEqual((await run()).rewards);
});

test('nothing asked, nothing measured', async () => {
  const report = await run({ prompts: 0 });
  expect(report).toMatchObject({ count: 0, reward: null, formatRate: null, meanTokens: null });
  expect(report.score).toEqual({ count: 0, unreadable: 0, plcc: null, srcc: null, meanError: null });
});
