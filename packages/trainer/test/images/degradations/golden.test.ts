import { expect, test } from '@jest/globals';
import { degrade, type DegradeOptions, type Ladder } from '../../../src/images/degradations/degrade.js';
import type { Severity } from '../../../src/images/degradations/samples.js';
import { goldenJson } from '../../helpers/golden.js';

interface Golden {
  readonly header: { width: number; height: number; data: string };
  readonly cases: { ladder: Ladder; name: DegradeOptions['name']; severity: Severity; data: string }[];
}
const { header, cases } = goldenJson<Golden>('degradations.json');
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const image = { name: 'golden', width: header.width, height: header.height, data: bytes(header.data) };

/**
 * Largest difference in grey levels. Without an entry none: the reference works in float32 or rounds on its way as we do not
 * (HSV keeps hue in steps of two degrees), or a sum ends within 1e-9 of a whole level.
 */
const LARGEST: Readonly<Record<string, number>> = {
  'dq495k:brighten/hsv-shift': 1,
  'dq495k:darken/hsv-shift': 1,
  'dq495k:saturate_strengthen/hsv': 5,
  'dq495k:saturate_weaken/hsv': 3,
  'kadid10k:blur/lens': 1, // the reference counts points in the circle
  'kadid10k:brighten': 1, // Lab's matrices have six digits in one direction, and their inverse in the other
  'kadid10k:saturate_strengthen/lab': 1,
};

test.each(cases.map((one) => [one.ladder, one.name, one.severity, one.data] as const))(
  '%s: %s, severity %d, as Pillow, OpenCV and scikit-image',
  async (ladder, name, severity, data) => {
    const own = await degrade(image, { ladder, name, severity, seed: '' });
    const differences = bytes(data).map((value, i) => Math.abs(value - own.data[i]!));
    expect(Math.max(...differences)).toBeLessThanOrEqual(LARGEST[`${ladder}:${name}`] ?? 0);
  },
);
