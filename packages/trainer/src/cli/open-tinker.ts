import { LORA_TARGETS } from '../models/lora.js';
import { createTinkerPolicy } from '../policies/tinker/index.js';
import type { Policy } from '../policies/policy.js';
import type { Settings } from '../config/schema.js';
import type { PolicyPurpose } from './parts.js';

/**
 * Opens the model on the server that the settings name.
 *
 * @throws Error naming the setting, for what the protocol has no words for
 */
export async function openTinkerPolicy(model: Settings['model'], purpose: PolicyPurpose): Promise<Policy> {
  const { url, baseModel, reduction, encoding, outageMinutes } = model.tinker!;
  const { sampling, optimizer, seed, nativeLoss } = purpose;
  const refuse = (setting: string, why: string): never => {
    throw new Error(`${setting}: ${why} when model.tinker is given`);
  };
  if (model.train !== 'lora') refuse('model.train', "must be 'lora'");
  if (!LORA_TARGETS.every((target) => model.lora.targets.includes(target))) refuse('model.lora.targets', 'must be all');
  if ((sampling?.temperature ?? 1) !== 1) refuse('grpo.temperature', 'must be 1');
  if ((sampling?.sampler.kind ?? 'policy') !== 'policy') refuse('sampler.kind', "must be 'policy'");
  const apiKey = process.env['TINKER_API_KEY'];
  return createTinkerPolicy({
    checkpoint: model.checkpoint,
    url,
    apiKey,
    baseModel,
    reduction,
    encoding,
    patience: outageMinutes * 60,
    rank: model.lora.rank,
    seed,
    nativeLoss,
    minPixels: model.minPixels,
    maxPixels: model.maxPixels,
    ...(optimizer && { optimizer }),
    onWait: (message) => process.stderr.write(`${message}\n`),
  });
}
