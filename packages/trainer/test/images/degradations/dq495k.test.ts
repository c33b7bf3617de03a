import { describe, expect, test } from '@jest/globals';
import { degrade } from '../../../src/images/degradations/degrade.js';
import {
  classOf,
  distortionClassOf,
  DQ495K_LADDER,
  FULL_LADDER,
  type DegradationName,
} from '../../../src/images/degradations/dq495k.js';
import type { Severity } from '../../../src/images/degradations/samples.js';
import { difference, scene } from './synthetic.js';

const SEVERITIES: Severity[] = [1, 2, 3, 4, 5];
const image = scene(96, 64);

describe.each(DQ495K_LADDER.filter((name) => name !== 'null'))('%s', (name) => {
  test('is deterministic and leaves its input alone', async () => {
    const before = Uint8Array.from(image.data);
    const first = await degrade(image, { name, severity: 3, seed: 'a' });
    const second = await degrade(image, { name, severity: 3, seed: 'a' });
    expect(second.data).toEqual(first.data);
    expect(image.data).toEqual(before);
    expect(first).toMatchObject({ name: 'scene', width: 96, height: 64 });
    expect(first.data).toHaveLength(image.data.length);
  });

  test('does more with each severity', async () => {
    const errors = [];
    for (const severity of SEVERITIES) {
      const { mean, std } = difference(await degrade(image, { name, severity, seed: 'b' }), image);
      errors.push(Math.hypot(mean, std));
    }
    expect(errors[0]).toBeGreaterThan(0.005); // more than one grey level
    // The direction of the trace is random, and its length grows less than its spread from severity 3 to 4.
    // Pixelated at 4 pixels, the picture's squares of 12 come out whole.
    const slack = name === 'blur/motion' ? 0.95 : name === 'pixelate' ? 0 : 1;
    for (let i = 1; i < errors.length; i++) expect(errors[i]!).toBeGreaterThan(errors[i - 1]! * slack);
  });
});

test('functions that draw numbers depend on the seed', async () => {
  const drawing: DegradationName[] = DQ495K_LADDER.filter((name) => classOf(name) === 'noise');
  for (const name of [...drawing, 'blur/motion', 'blur/glass', 'blur/jitter'] as const) {
    const first = await degrade(image, { name, severity: 3, seed: 'a' });
    const second = await degrade(image, { name, severity: 3, seed: 'c' });
    expect(second.data).not.toEqual(first.data);
  }
});

test('null gives the image back', async () => {
  expect((await degrade(image, { name: 'null', severity: 5, seed: '' })).data).toEqual(image.data);
});

test('the question names five classes; the others are in the ladder, but not in that of training', () => {
  expect([...new Set(FULL_LADDER.map(classOf))]).toEqual(['noise', 'blur', 'compression', 'darken', 'null']);
  expect(new Set(DQ495K_LADDER.map(classOf)).size).toBe(13);
  expect(distortionClassOf('blur/lens')).toBe('blur');
  expect(() => distortionClassOf('brighten/rgb-shift')).toThrow("'brighten/rgb-shift' is of a class that the degradation question does not name"); // prettier-ignore
});

test('the ladder has 6 + 6 + 2 + 4 functions and null', () => {
  const count = (name: string) => DQ495K_LADDER.filter((each) => classOf(each) === name).length;
  expect(['noise', 'blur', 'compression', 'darken', 'null'].map(count)).toEqual([6, 6, 2, 4, 1]);
});

test('refuses what it cannot do, by name', async () => {
  await expect(degrade(image, { name: 'toString' as DegradationName, severity: 1, seed: '' })).rejects.toThrow(
    /name must be one of .* got 'toString'/,
  );
  await expect(degrade(image, { name: 'null', severity: 6 as Severity, seed: '' })).rejects.toThrow(/1 to 5, got 6/);
});
