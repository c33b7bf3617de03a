import { expect, test } from '@jest/globals';
import { qInsightRewards, runRewards } from '../../src/index.js';
import { BLUR_LABEL, IMAGE_A_LABEL, sampleOf, SCORE_LABEL } from '../samples.js';

test('a perfect answer earns 2 on every task, as in the paper', async () => {
  const think = '<think>a</think>';
  const samples = [
    sampleOf(`${think}<answer>{"rating": 3.1}</answer>`, SCORE_LABEL, 'score'),
    sampleOf(
      `${think}<answer>{"distortion_class": "blur", "severity": "moderate"}</answer>`,
      BLUR_LABEL,
      'degradation',
    ),
    sampleOf(`${think}<answer>Image A</answer>`, IMAGE_A_LABEL, 'comparison'),
  ];
  expect(await runRewards(samples, qInsightRewards())).toMatchObject({
    names: ['format', 'score', 'degradation', 'comparison'],
    ids: ['score', 'degradation', 'comparison'],
    values: [
      [1, 1, null, null],
      [1, null, 1, null],
      [1, null, null, 1],
    ],
    totals: [2, 2, 2],
  });
});

test('options reach each reward', () => {
  const sample = sampleOf('<answer>{"rating": 3.5}</answer>', SCORE_LABEL);
  expect(qInsightRewards()[1]?.score(sample)).toBe(0); // |3.5 - 3.1| = 0.4
  expect(qInsightRewards({ score: { threshold: 0.5 } })[1]?.score(sample)).toBe(1);
  const quoted = sampleOf('<answer>{"rating": "3.1"}</answer>', SCORE_LABEL);
  expect(qInsightRewards({ style: 'upstream' })[1]?.score(quoted)).toBe(0);
  expect(qInsightRewards({ style: 'upstream', score: { style: 'default' } })[1]?.score(quoted)).toBe(1);
});
