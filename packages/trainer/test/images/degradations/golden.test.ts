import { expect, test } from '@jest/globals';
import { degrade, type DegradationName } from '../../../src/images/degradations/dq495k.js';
import type { Severity } from '../../../src/images/degradations/samples.js';
import { goldenJson } from '../../helpers/golden.js';

interface Golden {
  readonly header: { width: number; height: number; data: number[] };
  readonly cases: { name: DegradationName; severity: Severity; data: number[] }[];
}
const { header, cases } = goldenJson<Golden>('degradations.json');
const image = { name: 'golden', width: header.width, height: header.height, data: Uint8Array.from(header.data) };

/** Largest difference in grey levels, where the reference rounds on its way as we do not: to float32, or hue to 2 degrees. */
const LARGEST: Readonly<Record<string, number>> = {
  'brighten/hsv-shift': 1,
  'darken/hsv-shift': 1,
  'saturate_strengthen/hsv': 5,
  'saturate_weaken/hsv': 3,
};

test.each(cases.map((one) => [one.name, one.severity, one.data] as const))(
  '%s, severity %d, as Pillow and OpenCV',
  async (name, severity, data) => {
    // prettier-ignore
    const { data: own } = await degrade(image, { name, severity, seed: '' });
    const differences = data.map((value, i) => Math.abs(value - own[i]!));
    expect(Math.max(...differences)).toBeLessThanOrEqual(LARGEST[name] ?? 0);
  },
);
