import { expect, test } from '@jest/globals';
import { DISTORTION_CLASSES, LEVELS, qInsightRewards, runRewards, type Label } from '@q-insight/rewards';
import seedrandom from 'seedrandom';
import { writeAnswer } from '../../../../examples/tiny/answers.js';

type Answerable = Parameters<typeof writeAnswer>[0];

const labels: Answerable[] = [
  ...[1, 1.49, 2.5, 3.52, 5].map((score) => ({ task: 'score', score }) as const),
  ...DISTORTION_CLASSES.flatMap((distortionClass) =>
    (distortionClass === 'null' ? (['null'] as const) : LEVELS).map(
      (level) => ({ task: 'degradation', distortionClass, level }) as const,
    ),
  ),
];

test('every answer earns every reward in full', async () => {
  const random = seedrandom('answers');
  const samples = labels.flatMap((label: Label & Answerable, i) =>
    Array.from({ length: 10 }, (_, n) => ({
      id: `${i}/${n}`,
      group: `${i}`,
      completion: writeAnswer(label, random),
      label,
    })),
  );
  const { totals } = await runRewards(samples, qInsightRewards());
  expect(totals).toEqual(samples.map(() => 2));
});

test('answers vary, and the same numbers give the same answer', () => {
  const write = (seed: string) => labels.map((label) => writeAnswer(label, seedrandom(seed)));
  expect(write('a')).toEqual(write('a'));
  const random = seedrandom('b');
  const variants = new Set(Array.from({ length: 40 }, () => writeAnswer(labels.at(-2)!, random)));
  expect(variants.size).toBe(4); // two openings, two strengths
});
