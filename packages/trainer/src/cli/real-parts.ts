import pc from 'picocolors';
import { openDataset } from '../training/dataset.js';
import type { Parts } from './parts.js';

/** What the commands work with outside of tests. TensorFlow.js is only loaded when a model is. */
export const realParts: Parts = {
  openPolicy: async (model, purpose) => {
    const { createTfjsPolicy } = await import('../policies/tfjs/index.js');
    await sayBackend();
    return createTfjsPolicy({ ...model, ...purpose });
  },
  openDataset,
};

let said = false;

/** Says once which backend computes. */
async function sayBackend(): Promise<void> {
  const { chooseBackend } = await import('../backends/choose-backend.js');
  const { backendInWords } = await import('../backends/backend-in-words.js');
  const words = await backendInWords(await chooseBackend());
  if (!said) process.stderr.write(`${pc.dim(words)}\n`);
  said = true;
}
