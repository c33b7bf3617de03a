import type { Prompt } from '../../data/prompt.js';
import type { Completion, Policy, SamplingOptions } from '../policy.js';

/** An engine beside the trainer that draws completions from weights handed over to it. */
export interface Sampler {
  /**
   * Takes over a policy's present weights. Those of the last few versions stay, as many as the sampler was made to keep.
   *
   * @param version - a number above every earlier one
   */
  publish(policy: Policy, version: number): Promise<void>;
  /** As {@link Policy.sample}, from a published version. */
  sample(prompts: readonly Prompt[], options: SamplingOptions, version: number): Promise<Completion[][]>;
  /** One short completion from each server that answers, to hold its log-probs against the policy's. */
  probe(prompt: Prompt, version: number): Promise<Probe[]>;
  /** Breaks off what is under way and takes back what was handed over. */
  dispose(): void;
}

/** What a server drew when it was put to the test. */
export interface Probe {
  readonly server: string;
  readonly completion: Completion;
}
