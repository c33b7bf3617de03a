import type { Settings } from '../config/schema.js';
import type { Dataset } from '../data/prompt.js';
import type { Policy } from '../policies/policy.js';

/** What commands open by name. Tests put small stand-ins here. */
export interface Parts {
  /** The model a run starts from, ready to be trained (with a reference when asked) or only asked. */
  openPolicy(model: Settings['model'], purpose: PolicyPurpose): Promise<Policy>;
  openDataset(source: Settings['data']['train'], side: 'train' | 'heldOut', seed: string): Promise<Dataset>;
}

/** What a policy is opened for. */
export interface PolicyPurpose {
  /** Also hold the starting weights, for the KL term. */
  readonly reference: boolean;
  /** Everything random in making the policy (a LoRA's start) follows from it. */
  readonly seed: string;
  readonly optimizer?: Settings['optimizer'];
}
