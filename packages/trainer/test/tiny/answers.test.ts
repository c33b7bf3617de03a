import { expect, test } from '@jest/globals';
import {
  DISTORTION_CLASSES,
  formatReward,
  LEVELS,
  qInsightRewards,
  readDegradation,
  runRewards,
  type Label,
} from '@q-insight/rewards';
import seedrandom from 'seedrandom';
import { writeAnswer, writeCarelessAnswer } from '../../../../examples/tiny/answers.js';

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

test('a careless annotator errs as often as documented', async () => {
  const random = seedrandom('careless');
  const label = { task: 'degradation', distortionClass: 'noise', level: 'obvious' } as const;
  const texts = Array.from({ length: 4000 }, () => writeCarelessAnswer(label, random));
  const samples = texts.map((completion, i) => ({ id: `${i}`, group: 'g', completion, label }));
  const { values } = await runRewards(samples, [formatReward()]);
  // Three standard errors of a share of 2800 draws or more are at most 0.029.
  const near = (share: number, expected: number) => expect(Math.abs(share - expected)).toBeLessThan(0.029);
  near(values.filter(([value]) => value === 0).length / 4000, 0.3);

  const read = texts.map((text) => readDegradation(text)).flatMap((found) => ('value' in found ? [found.value] : []));
  const rightClass = read.filter(({ distortionClass }) => distortionClass === 'noise');
  near(rightClass.length / read.length, 0.6 + 0.2 / 5);
  const slipped = rightClass.filter(({ level }) => level !== 'obvious');
  near(slipped.length / read.length, 0.6 * 0.3 + 0.2 * (1 / 5) * (4 / 5));
});
