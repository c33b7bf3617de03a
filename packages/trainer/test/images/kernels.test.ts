import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import startWabt from 'wabt';
import { MODULE } from '../../src/images/kernels.js';

test('the module is what kernels.wat says', async () => {
  const file = new URL('../../src/images/kernels.wat', import.meta.url);
  const text = (await startWabt()).parseWat('kernels.wat', readFileSync(file, 'utf8'), { simd: true });
  expect(MODULE).toBe(Buffer.from(text.toBinary({}).buffer).toString('base64'));
});
