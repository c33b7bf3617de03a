import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { latestCheckpoint } from '../../src/checkpoints.js';
import type { Parts } from '../../src/cli/parts.js';
import { trainRun } from '../../src/cli/train.js';
import type { Policy } from '../../src/policies/policy.js';
import { temporaryFolder } from '../helpers/temporary.js';
import { fakeParts } from './fake-parts.js';
import { fakeRecipe } from './fake-recipe.js';

beforeEach(() => {
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});

const newFolder = () => join(temporaryFolder(), 'run');
const grpo = { microBatch: 5 };

/** The errors of packages/tensorflow/test/native/out-of-memory.test.ts, of V8 and of wasm. */
const errors: Readonly<Record<string, Error>> = {
  tensorflow: Object.assign(new Error('executeOp MatMul: OOM when allocating tensor\nHint: more'), {
    code: 'RESOURCE_EXHAUSTED',
  }),
  JavaScript: new RangeError('Array buffer allocation failed'),
  wasm: Object.assign(new Error('memory access out of bounds'), { name: 'RuntimeError' }),
};

/** Memory runs out in the update of a step. */
function exhausted(error: Error, step: number): Parts {
  const parts = fakeParts();
  const openPolicy: Parts['openPolicy'] = async (...request) => {
    const policy = await parts.openPolicy(...request);
    let steps = 0;
    const forwardBackward: Policy['forwardBackward'] = (...pass) =>
      steps === step - 1 ? Promise.reject(error) : policy.forwardBackward(...pass);
    const optimizerStep: Policy['optimizerStep'] = (...options) => policy.optimizerStep(...options).finally(() => steps++); // prettier-ignore
    return { ...policy, forwardBackward, optimizerStep };
  };
  return { ...parts, openPolicy };
}

describe('a run whose memory runs out', () => {
  test.each(Object.entries(errors))('ends with what to do (%s)', async (_, error) => {
    const output = newFolder();
    const reason = error.message.split('\n')[0]!;
    const message =
      `out of memory (${reason}); go on after step 2, which is saved, with: ` +
      `q-insight train --resume --output ${output} --set grpo.microBatch=3; what takes how much, and what takes less: `;
    await expect(trainRun(fakeRecipe({ grpo }), { output, evaluate: false }, exhausted(error, 4))).rejects.toThrow(
      message,
    );
  });

  test('goes on with less at a time, to the same end', async () => {
    const [whole, cut] = [newFolder(), newFolder()];
    await trainRun(fakeRecipe({ grpo }), { output: whole, evaluate: false }, fakeParts());
    const failing = trainRun(
      fakeRecipe({ grpo }),
      { output: cut, evaluate: false },
      exhausted(errors['tensorflow']!, 4),
    );
    await expect(failing).rejects.toThrow('out of memory');
    expect(latestCheckpoint(cut)?.state.step).toBe(2);
    const less = { output: cut, resume: true, evaluate: false, set: ['grpo.microBatch=3'] };
    expect(await trainRun(undefined, less, fakeParts())).toBe(0);
    const finalOf = (folder: string) => readFileSync(join(folder, 'final', 'fake.json'), 'utf8');
    expect(finalOf(cut)).toBe(finalOf(whole));
  });

  test('says so when nothing was saved yet, and names no smaller micro-batch than one', async () => {
    const output = newFolder();
    const recipe = fakeRecipe({ grpo: { microBatch: 1 } });
    await expect(trainRun(recipe, { output }, exhausted(errors['tensorflow']!, 1))).rejects.toThrow(
      `go on from the start, as nothing was saved yet, with: q-insight train --resume --output ${output}; what takes`,
    );
  });

  test('keeps its message for other errors', async () => {
    const other = new Error('the disk is full');
    await expect(trainRun(fakeRecipe(), { output: newFolder() }, exhausted(other, 1))).rejects.toBe(other);
  });
});
