import { checkOneOf } from '../checks.js';
import { type ClippedOptions, clippedSurrogate } from './clipped.js';
import type { LossTerms, TokenBatch } from './tokens.js';

/** A policy loss by name, with its options. */
export type PolicyLossOptions = { readonly type: 'clipped' } & ClippedOptions;

/** @internal */
export function policyTerms(tokens: TokenBatch, options: PolicyLossOptions): LossTerms {
  checkOneOf('grpoLoss', 'policy.type', options.type, ['clipped']);
  return clippedSurrogate(tokens, options);
}
