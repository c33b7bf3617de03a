import { join } from 'node:path';
import type { Settings } from '../config/schema.js';
import type { Fingerprints } from '../data/fingerprints.js';
import type { Dataset, Prompt } from '../data/prompt.js';
import type { NamedLoss, Policy } from '../policies/policy.js';

/** What commands open by name. Tests put small stand-ins here. */
export interface Parts {
  /** The model a run starts from, ready to be trained (with a reference when asked) or only asked. */
  openPolicy(model: Settings['model'], purpose: PolicyPurpose): Promise<Policy>;
  readonly openDataset: (
    source: Settings['data']['train'],
    side: 'train' | 'heldOut',
    seed: string,
  ) => Promise<Dataset>;
  /** Refuses a run that there is too little memory for; others of its prompts are taken to be as large as this one. */
  readonly checkMemory: (settings: Settings, prompt: Prompt) => Promise<void>;
  /** What the files of some sources hold now. */
  readonly fingerprint: (sources: readonly Settings['data']['train'][]) => Fingerprints;
}

/** What a policy is opened for. */
export interface PolicyPurpose {
  /** Also hold the starting weights, for the KL term. */
  readonly reference: boolean;
  /** Everything random in making the policy (a LoRA's start) follows from it. */
  readonly seed: string;
  readonly optimizer?: Settings['optimizer'];
  /** A loss that is computed where the model is. */
  readonly nativeLoss?: NamedLoss | undefined;
  /** Where completions are drawn, when it is not to be the model itself. */
  readonly sampling?: SamplingPurpose;
}

/** What an engine that draws completions is opened for. */
export interface SamplingPurpose {
  readonly sampler: Settings['sampler'];
  /** Where weights are handed over when the settings do not say. */
  readonly folder: string;
  /** The training's, whose log-probs are compared. @defaultValue 1 */
  readonly temperature?: number;
  /** Versions of the weights that are sampled from at a time. @defaultValue 1 */
  readonly versions?: number;
}

/** Where the completions of a run are drawn. */
export const samplingOf = ({ sampler }: Pick<Settings, 'sampler'>, run: string): SamplingPurpose => {
  return { sampler, folder: join(run, 'sampler') };
};
