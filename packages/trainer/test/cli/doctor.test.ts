import { describe, expect, test } from '@jest/globals';
import { examine } from '../../src/cli/doctor.js';
import { gradientSelfTest } from '../../src/cli/self-test.js';
import { temporaryFolder } from '../helpers/temporary.js';

describe('doctor', () => {
  test('finds this machine fit, a missing model not', async () => {
    const findings = await examine({ model: temporaryFolder() });
    expect(findings.map(({ name }) => name)).toEqual([
      'node',
      'cores',
      'memory',
      'images',
      'backend',
      'gradient',
      'model',
    ]);
    expect(findings.slice(0, -1).filter(({ ok }) => !ok)).toEqual([]);
    expect(findings.at(-1)!.ok).toBe(false);
    expect(findings.at(-1)!.text).toContain('config.json');
  });

  test("plans for a recipe's own checkpoint, or the one that is named", async () => {
    const planned = await examine({ recipe: 'recipes/tiny.yaml', set: ['grpo.groupSize=3'] });
    expect(planned.at(-1)).toMatchObject({ name: 'training', ok: true });
    expect(planned.at(-1)!.text).toMatch(/^to train it \(full, fp32, 16 prompts of \d+ tokens x 3 answers of 64/);
    const other = await examine({ recipe: 'recipes/tiny.yaml', model: temporaryFolder() });
    expect(other.at(-1)).toMatchObject({ name: 'model', ok: false });
  });

  test('the self test compares the backend with the formula', async () => {
    // p = softmax(x W) at x = (0.5, -1, 2); the first entry of the gradient is 0.5 p(0)
    const logits = [0.05 - 0.7 - 0.6, -0.1 - 0.5 + 1.6, 0.15 + 0.6 + 0.2, 0.2 - 0.2 - 1];
    const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
    const expected = ((0.5 * Math.exp(logits[0]!)) / total).toFixed(6);
    const { ok, text } = await gradientSelfTest();
    expect(ok).toBe(true);
    expect(text).toContain(`= ${expected}, expected ${expected}`);
  });
});
