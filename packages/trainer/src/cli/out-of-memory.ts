import { join } from 'node:path';
import { isOutOfMemory } from '../backends/out-of-memory.js';
import { latestCheckpoint } from '../checkpoints.js';
import { SETTINGS_FILE } from '../config/run-folder.js';
import type { Settings } from '../config/schema.js';

/** What ended a run; for want of memory, with where it can be gone on from and how. */
export function withMemoryAdvice(error: unknown, folder: string, { model, grpo }: Settings): unknown {
  if (!isOutOfMemory(error)) return error;
  const [reason] = (error as Error).message.split('\n');
  const step = latestCheckpoint(folder)?.state.step;
  const from = step === undefined ? 'from the start, as nothing was saved yet,' : `after step ${step}, which is saved,`;
  const less = grpo.microBatch > 1 ? ` --set grpo.microBatch=${Math.ceil(grpo.microBatch / 2)}` : '';
  return new Error(
    `out of memory (${reason}); go on ${from} with: q-insight train --resume --output ${folder}${less}; ` +
      `what takes how much, and what takes less: q-insight doctor --model ${model.checkpoint} --recipe ${join(folder, SETTINGS_FILE)}`,
    { cause: error },
  );
}
