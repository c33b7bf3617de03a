import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { curvesOf } from '../../../src/tracking/dashboard/curves.js';
import { followFigures, placeOf } from '../../../src/tracking/dashboard/figures.js';
import { linesOf } from '../../helpers/dashboard-run.js';
import { temporaryFolder } from '../../helpers/temporary.js';

const run = join(temporaryFolder(), 'run');
const metrics = join(run, 'metrics.jsonl');
const evaluations = join(run, 'evaluations.jsonl');
beforeEach(() => {
  rmSync(run, { recursive: true, force: true });
  mkdirSync(run);
});

describe('followFigures', () => {
  test('one column a figure; a step without it has NaN, before and after it comes', async () => {
    writeFileSync(metrics, linesOf([{ step: 1, a: 1, kl: null }, { step: 2, a: 2, b: 5 }, { step: 4, a: 4 }])); // prettier-ignore
    const figures = followFigures(run);
    await figures.update();
    expect(figures.steps).toEqual([1, 2, 4]);
    expect(Object.fromEntries(figures.columns)).toEqual({ a: [1, 2, 4], b: [NaN, 5, NaN] });
  });

  test('evaluations stand at their step, whether they come before its figures are read or after', async () => {
    writeFileSync(
      metrics,
      linesOf([
        { step: 1, a: 1 },
        { step: 2, a: 2 },
      ]),
    );
    const figures = followFigures(run);
    await figures.update();
    writeFileSync(
      evaluations,
      linesOf([
        { step: 2, srcc: 0.5, plcc: null, is_best: true },
        { step: 3, srcc: 0.6 },
      ]),
    );
    await figures.update();
    expect(figures.columns.get('evaluation/srcc')).toEqual([NaN, 0.5]);
    appendFileSync(
      metrics,
      linesOf([
        { step: 3, a: 3 },
        { step: 4, a: 4 },
      ]),
    );
    await figures.update();
    expect(figures.columns.get('evaluation/srcc')).toEqual([NaN, 0.5, 0.6, NaN]);
    expect([...figures.columns.keys()]).toEqual(['a', 'evaluation/srcc']);
  });

  test('a run that goes on from a checkpoint drops what came after it', async () => {
    writeFileSync(metrics, linesOf([{ step: 1, a: 1 }, { step: 2, a: 2, c: 1 }, { step: 3, a: 3 }])); // prettier-ignore
    writeFileSync(
      evaluations,
      linesOf([
        { step: 1, srcc: 0.1 },
        { step: 3, srcc: 0.3 },
      ]),
    );
    const figures = followFigures(run);
    await figures.update();
    writeFileSync(
      metrics,
      linesOf([
        { step: 1, a: 1 },
        { step: 2, a: 20 },
      ]),
    );
    writeFileSync(evaluations, linesOf([{ step: 1, srcc: 0.1 }]));
    await figures.update();
    expect(figures.steps).toEqual([1, 2]);
    expect(Object.fromEntries(figures.columns)).toEqual({ a: [1, 20], 'evaluation/srcc': [0.1, NaN] });
  });
});

test('placeOf is where a step is, or would be', () => {
  expect([0, 1, 2, 5, 6].map((step) => placeOf([1, 3, 5], step))).toEqual([0, 0, 1, 2, 3]);
});

describe('curvesOf', () => {
  test('has the charts of the report, smoothed where they are, and the last step', () => {
    const columns = new Map([
      ['reward', [0, 1, NaN]],
      ['learning_rate', [3, 2, 1]],
      ['unknown', [1, 1, 1]],
    ]);
    const { charts, values, stretch, last } = curvesOf({ steps: [1, 2, 3], columns });
    expect(charts.map(({ title }) => title)).toEqual(['Rewards', 'Learning rate']);
    expect(Object.keys(values)).toEqual(['reward', 'learning_rate']);
    expect(values['reward']!.raw).toEqual([0, 1, null]);
    expect(values['reward']!.smoothed![1]).toBeCloseTo(0.1 / 0.19, 12); // weights of the values 0 and 1: 0.9 * 0.1 and 0.1
    expect(values['learning_rate']).toEqual({ raw: [3, 2, 1] });
    expect({ stretch, last }).toEqual({ stretch: 1, last: 3 });
  });

  test('smooths over all steps before it leaves any out', () => {
    const steps = Array.from({ length: 5000 }, (_, i) => i + 1);
    const noise = steps.map((step) => (step % 2 === 0 ? 1 : -1));
    const { values, steps: kept, stretch } = curvesOf({ steps, columns: new Map([['reward', noise]]) });
    expect(stretch).toBe(10);
    expect(kept).toHaveLength(1000);
    expect(new Set(values['reward']!.raw)).toEqual(new Set([-1, 1]));
    // an average with weights 0.1 * 0.9^k over alternating values tends to ±0.1 / 1.9
    for (const value of values['reward']!.smoothed!.slice(50)) expect(Math.abs(value!)).toBeLessThan(0.06);
  });
});
