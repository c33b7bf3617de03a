import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { exportModel } from '../../src/cli/export.js';
import { createTfjsPolicy, type TfjsPolicyOptions } from '../../src/policies/tfjs/index.js';
import { legacyName } from '../../src/models/qwen2.5-vl/tensors.js';
import { openModelFolder } from '../../src/models/safetensors.js';
import { temporaryFolder } from '../helpers/temporary.js';
import { goldenJson, goldenPath, type GoldenVlm } from '../helpers/golden.js';
import { largestDifference } from '../helpers/golden-model.js';
import { goldenPrompt } from '../helpers/prompts.js';

const base = goldenPath('vlm', 'tied_fp32');
const { cases } = goldenJson<GoldenVlm>('vlm', 'tied_fp32', 'expected.json');

/** Log-probs of a golden completion under a policy, perhaps with an adapter loaded. */
async function logps(options: Partial<TfjsPolicyOptions> & { checkpoint: string }, adapter?: string) {
  const policy = await createTfjsPolicy({ train: 'full', seed: 'export', ...options });
  if (adapter !== undefined) await policy.load(adapter);
  const golden = cases.find(({ name }) => name === 'exact')!;
  const prompt = { ...(await goldenPrompt(golden, 0)), label: { task: 'score', score: 3 } as const };
  const matrix = await policy.logprobs([{ prompt, completion: golden.completionIds }]);
  policy.dispose();
  return Float32Array.from(matrix.data);
}

const adapters: [string, NonNullable<TfjsPolicyOptions['lora']>][] = [
  ['lora_r8_a16', { rank: 8, alpha: 16 }],
  ['rslora_r4_a6', { rank: 4, alpha: 6, scaling: 'sqrt-rank' }],
];

describe('export', () => {
  test.each(adapters)('a model with the adapter %s merged in says what the two say together', async (name, lora) => {
    const adapter = join(temporaryFolder(), 'adapter');
    cpSync(goldenPath('peft', name), adapter, { recursive: true });
    const output = join(temporaryFolder(), 'model');
    const settings = { model: { checkpoint: base } } as never;
    await exportModel({ folder: adapter, settings }, { output, dtype: 'f32' });
    const together = await logps({ checkpoint: base, train: 'lora', lora }, adapter);
    const merged = await logps({ checkpoint: output });
    // float32 rounds W + s B A once and W x + s B (A x) another way
    expect(largestDifference(merged, together)).toBeLessThan(1e-4);
    expect(largestDifference(merged, await logps({ checkpoint: base }))).toBeGreaterThan(1e-2);
    expect(readdirSync(output)).toEqual(expect.arrayContaining(['config.json', 'tokenizer.json', 'model.safetensors']));
  });

  test('a model of its own is written as it is, in half the bytes when asked', async () => {
    const output = join(temporaryFolder(), 'model');
    await exportModel({ folder: base, settings: undefined }, { output, dtype: 'bf16' });
    const [written, original] = [await openModelFolder(output), await openModelFolder(base)];
    expect([...written.tensors.keys()].sort()).toEqual([...original.tensors.keys()].map(legacyName).sort());
    for (const { name } of original.tensors.values()) {
      const stored = legacyName(name);
      expect(written.tensors.get(stored)!.dtype).toBe('BF16');
      const [now, before] = [await written.read(stored), await original.read(name)];
      // bf16 keeps 8 bits: half of the last is the most that rounding moves
      expect(before.every((value, i) => Math.abs(now[i]! - value) <= Math.abs(value) / 256)).toBe(true);
    }
  });

  test('a folder that holds something is left alone', async () => {
    const output = temporaryFolder();
    mkdirSync(join(output, 'kept'));
    const work = exportModel({ folder: base, settings: undefined }, { output, dtype: 'f32' });
    await expect(work).rejects.toThrow(`--output ${output}: is not empty; name a new folder`);
    expect(readdirSync(output)).toEqual(['kept']);
  });

  test('an adapter of another model is refused, naming the tensor', async () => {
    const adapter = join(temporaryFolder(), 'adapter');
    cpSync(goldenPath('peft', 'rslora_r4_a6'), adapter, { recursive: true });
    const other = join(temporaryFolder(), 'other');
    cpSync('examples/tiny/checkpoint', other, { recursive: true });
    writeFileSync(join(other, 'note.txt'), '');
    const output = join(temporaryFolder(), 'model');
    const settings = { model: { checkpoint: other } } as never;
    await expect(exportModel({ folder: adapter, settings }, { output, dtype: 'f32' })).rejects.toThrow(
      /adapter_model\.safetensors: (missing tensor|tensor) ".*"/,
    );
    expect(existsSync(output)).toBe(false);
  });
});
