import pc from 'picocolors';
import { dataFingerprints } from '../data/fingerprints.js';
import { openDataset } from '../training/dataset.js';
import { checkMemory } from './memory.js';
import type { Parts } from './parts.js';

/** What the commands work with outside of tests. TensorFlow.js is only loaded when a model is. */
export const realParts: Parts = {
  openPolicy: async (model, purpose) => {
    if (model.tinker) return (await import('./open-tinker.js')).openTinkerPolicy(model, purpose);
    const { createTfjsPolicy } = await import('../policies/tfjs/index.js');
    await sayBackend();
    const { sampling, ...training } = purpose;
    if (sampling === undefined || sampling.sampler.kind === 'policy')
      return createTfjsPolicy({ ...model, ...training });
    const { openVllm } = await import('./open-vllm.js');
    const { sampleElsewhere } = await import('../policies/samplers/sampled-policy.js');
    const sampler = await openVllm(model, sampling); // first: a server that cannot be had is known at once
    return sampleElsewhere(await createTfjsPolicy({ ...model, ...training }), sampler, sampling.sampler);
  },
  openDataset,
  checkMemory,
  fingerprint: dataFingerprints,
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
