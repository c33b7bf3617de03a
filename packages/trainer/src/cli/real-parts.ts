import { openDataset } from '../training/dataset.js';
import type { Parts } from './parts.js';

/** What the commands work with outside of tests. TensorFlow.js is only loaded when a model is. */
export const realParts: Parts = {
  openPolicy: async (model, purpose) => {
    const { createTfjsPolicy } = await import('../policies/tfjs/index.js');
    return createTfjsPolicy({ ...model, ...purpose });
  },
  openDataset,
};
