import type { Settings } from '../config/schema.js';
import type { Processor } from '../models/qwen2.5-vl/processor.js';
import type { Sampler } from '../policies/samplers/sampler.js';
import { createVllmSampler } from '../policies/samplers/vllm.js';
import type { SamplingPurpose } from './parts.js';

/** The vLLM servers of a run. A key for them is read from the environment, VLLM_API_KEY, never from a file of settings. */
export function openVllm(model: Settings['model'], purpose: SamplingPurpose, processor: Processor): Promise<Sampler> {
  const { sampler, folder, temperature, versions } = purpose;
  const { urls, concurrency, timeoutSeconds, outageMinutes } = sampler;
  return createVllmSampler({
    ...model,
    processor,
    urls,
    concurrency,
    folder: sampler.folder ?? folder,
    timeout: timeoutSeconds,
    outage: outageMinutes * 60,
    ...(temperature !== undefined && { temperature }),
    ...(versions !== undefined && { versions }),
    apiKey: process.env['VLLM_API_KEY'],
    onOutage: (reason) =>
      void process.stderr.write(`no vLLM server answers (${reason}); trying for up to ${outageMinutes} minutes\n`),
    onTrouble: (reason) => void process.stderr.write(`a vLLM server fails (${reason}); the others go on\n`),
  });
}
