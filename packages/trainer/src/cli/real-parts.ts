import pc from 'picocolors';
import { dataFingerprints } from '../data/fingerprints.js';
import type { Settings } from '../config/schema.js';
import type { Processor } from '../models/qwen2.5-vl/processor.js';
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
    const processor = await processorOf(model);
    const options = { ...model, ...training, processor };
    if (sampling === undefined || sampling.sampler.kind === 'policy') return createTfjsPolicy(options);
    const { openVllm } = await import('./open-vllm.js');
    const { sampleElsewhere } = await import('../policies/samplers/sampled-policy.js');
    const sampler = await openVllm(model, sampling, processor); // first: a server that cannot be had is known at once
    return sampleElsewhere(await createTfjsPolicy(options), sampler, sampling.sampler);
  },
  openDataset,
  checkMemory: async (settings, prompt) => {
    if (settings.model.tinker) return; // the weights are elsewhere
    await checkMemory(settings, await processorOf(settings.model), prompt);
  },
  fingerprint: dataFingerprints,
};

const processors = new WeakMap<Settings['model'], Promise<Processor>>();

/** Read once a command: a large tokenizer takes a second, and memory is planned, and every policy opened, with the same. */
function processorOf(model: Settings['model']): Promise<Processor> {
  const read = async () => {
    const { readProcessor } = await import('../models/qwen2.5-vl/processor.js');
    return readProcessor(model.checkpoint, model);
  };
  const known = processors.get(model) ?? read();
  processors.set(model, known);
  return known;
}

let said = false;

/** Says once which backend computes. */
async function sayBackend(): Promise<void> {
  const { chooseBackend } = await import('../backends/choose-backend.js');
  const { backendInWords } = await import('../backends/backend-in-words.js');
  const words = await backendInWords(await chooseBackend());
  if (!said) process.stderr.write(`${pc.dim(words)}\n`);
  said = true;
}
