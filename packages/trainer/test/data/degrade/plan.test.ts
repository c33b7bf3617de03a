import { expect, test } from '@jest/globals';
import { planDegradations } from '../../../src/data/degrade/plan.js';
import { classOf } from '../../../src/images/degradations/dq495k.js';

const names = Array.from({ length: 3000 }, (_, i) => `${i}.jpg`);
const counts = (values: readonly string[]) => values.reduce<Record<string, number>>((all, value) => ({ ...all, [value]: (all[value] ?? 0) + 1 }), {}); // prettier-ignore

test('classes and severities are drawn evenly, a twentieth stays clean', () => {
  const plan = planDegradations(names, { seed: 's' });
  const degraded = plan.filter(({ steps }) => steps.length > 0);
  // 3000 * .05 = 150, deviation 12
  expect(Math.abs(3000 - degraded.length - 150)).toBeLessThan(50);
  const classes = Object.values(counts(degraded.map(({ steps }) => classOf(steps[0]!.name))));
  expect(classes).toHaveLength(12);
  // 2850 / 12 = 237, deviation 15
  for (const count of classes) expect(Math.abs(count - 237)).toBeLessThan(60);
  for (const count of Object.values(counts(degraded.map(({ steps }) => String(steps[0]!.severity))))) {
    expect(Math.abs(count - 570)).toBeLessThan(85); // 2850 / 5, deviation 21
  }
});

test('a picture has the same plan in any company; another seed, another plan', () => {
  const alone = planDegradations(['7.jpg'], { seed: 's' });
  expect(planDegradations(names, { seed: 's' })[7]).toEqual(alone[0]);
  expect(planDegradations(names, { seed: 't' })).not.toEqual(planDegradations(names, { seed: 's' }));
});

test('all severities of one function; several distortions of different classes', () => {
  const plan = planDegradations(['a/b.jpg'], { seed: 's', severities: 'all', clean: 0 });
  expect(plan.map(({ steps }) => steps[0]!.severity)).toEqual([1, 2, 3, 4, 5]);
  expect(new Set(plan.map(({ steps }) => steps[0]!.name)).size).toBe(1);
  expect(plan.map(({ output }) => output)).toEqual([0, 1, 2, 3, 4].map((k) => `images/a__b_${k}.png`));
  for (const { steps } of planDegradations(names.slice(0, 200), { seed: 's', count: 3, clean: 0 })) {
    expect(new Set(steps.map(({ name }) => classOf(name))).size).toBe(3);
  }
  const noise = planDegradations(names, { seed: 's', classes: ['noise'], clean: 0 });
  expect(Object.keys(counts(noise.map(({ steps }) => steps[0]!.name)))).toHaveLength(6);
});

test("several on DQ-495K's ladder are pairs that leave each other visible, at severities 1 to 3", () => {
  const plan = planDegradations(names, { seed: 's', count: 2, clean: 0 });
  const pairs = new Set(plan.map(({ steps }) => steps.map(({ name }) => classOf(name)).join(' > ')));
  expect(pairs.size).toBe(78); // all that DQ-495K has
  expect(pairs).toContain('oversharpen > brighten');
  expect(pairs).not.toContain('blur > pixelate'); // none would see the blur
  expect(new Set(plan.flatMap(({ steps }) => steps.map(({ severity }) => severity)))).toEqual(new Set([1, 2, 3]));
  expect(() => planDegradations(['a.jpg'], { seed: 's', clean: 0, count: 2, classes: ['oversharpen', 'blur'] })).toThrow('no 2 of the classes blur, oversharpen may stand on top of each other'); // prettier-ignore
});

test("KADID-10k's ladder: its own classes, all severities, any order", () => {
  const plan = planDegradations(names, { seed: 's', ladder: 'kadid10k', count: 2, clean: 0 });
  const steps = plan.flatMap((picture) => picture.steps);
  expect(new Set(steps.map(({ name }) => classOf(name))).size).toBe(16);
  expect(new Set(steps.map(({ ladder }) => ladder))).toEqual(new Set(['kadid10k']));
  expect(new Set(steps.map(({ severity }) => severity))).toEqual(new Set([1, 2, 3, 4, 5]));
});

test('refuses unknown classes, too many distortions, and names that collide', () => {
  expect(() => planDegradations(['a.jpg'], { seed: 's', classes: ['fog'] })).toThrow("no class 'fog' in the ladder; it has noise, blur"); // prettier-ignore
  expect(() => planDegradations(['a.jpg'], { seed: 's', classes: ['noise'], count: 2 })).toThrow('need as many classes, got 1'); // prettier-ignore
  expect(() => planDegradations(['a.jpg', 'a.png'], { seed: 's', clean: 1 })).toThrow("'a.jpg' and 'a.png' would both become images/a_0.png; rename one"); // prettier-ignore
  expect(() => planDegradations(['a.jpg'], { seed: 's', clean: NaN })).toThrow('must be from 0 to 1, got NaN');
});
