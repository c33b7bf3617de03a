import { checkAtLeast, checkFinite, fail } from './checks.js';
import { entropyThreshold } from './filters/top-entropy.js';
import type { FlatRows } from './batch.js';

/** What {@link grpoLoss} does with entropies. */
export interface EntropyOptions {
  /** Only this share of the counted tokens, those of highest entropy, has a policy loss; KL stays on all. @defaultValue 1 */
  readonly share?: number | undefined;
  /** The entropy from which tokens are kept, when `share` was decided on a whole batch. @defaultValue from share */
  readonly threshold?: number | undefined;
  /** c: the loss gets −c times the mean entropy of the kept tokens. @defaultValue 0 */
  readonly coefficient?: number | undefined;
  /** Tokens of the whole batch to take that mean over. @defaultValue the kept tokens of this batch */
  readonly tokens?: number | undefined;
}

/** @internal */
export interface EntropyTerms {
  /** 1 where the token has a policy loss. */
  readonly kept: Uint8Array;
  readonly loss: number;
  /** dLoss/dentropies; undefined without a bonus. */
  readonly gradient: Float64Array | undefined;
}

/** @internal Top-entropy mask and entropy bonus; undefined when neither is asked for. */
export function entropyTerms(
  flat: Pick<FlatRows, 'entropies' | 'mask'>,
  options: EntropyOptions,
): EntropyTerms | undefined {
  const { share = 1, coefficient = 0 } = options;
  checkAtLeast('grpoLoss', 'entropy.coefficient', coefficient, 0);
  if (Number.isNaN(options.threshold)) fail('grpoLoss', 'entropy.threshold', 'be a number', options.threshold);
  checkAtLeast('grpoLoss', 'entropy.tokens', options.tokens ?? 0, 0);
  if (share === 1 && coefficient === 0 && options.threshold === undefined) return undefined;
  const { entropies, mask } = flat;
  if (entropies === undefined) return fail('grpoLoss', 'entropies', 'be given for entropy options', entropies);
  const threshold =
    options.threshold ?? (share === 1 ? -Infinity : entropyThreshold('grpoLoss', entropies, mask, share));
  const kept = mask.map((m, k) => (m === 1 && entropies[k]! >= threshold ? 1 : 0));
  if (coefficient === 0) return { kept, loss: 0, gradient: undefined };
  const tokens = Math.max(1, options.tokens ?? kept.reduce((sum, m) => sum + m, 0));
  const gradient = Float64Array.from(kept, (m) => (-coefficient * m) / tokens);
  const loss = gradient.reduce((sum, g, k) => sum + g * entropies[k]!, 0);
  return { kept, loss, gradient };
}

/** State of {@link adaptiveEntropy}: plain data, to be saved with a checkpoint. */
export interface AdaptiveEntropyState {
  /** Of the entropy bonus. */
  readonly coefficient: number;
}

/** Options of {@link adaptiveEntropy}. */
export interface AdaptiveEntropyOptions {
  /** Entropy to stay above. */
  readonly target: number;
  /** Change of the coefficient a step. */
  readonly step: number;
  /** @defaultValue 0 */
  readonly min?: number | undefined;
  /** @defaultValue 1 */
  readonly max?: number | undefined;
}

/** What {@link adaptiveEntropy} returns. */
export interface AdaptiveEntropy extends AdaptiveEntropyState {
  /** Whether to apply the bonus now. */
  readonly active: boolean;
}

/**
 * Next coefficient of the entropy bonus: raised by a fixed step while the entropy is at or below its target, lowered while above.
 * `active` says whether to apply it: only while the entropy is at or below the target.
 *
 * See Skywork-OR1, arXiv 2505.22312; TRL.
 *
 * @param state - the coefficient so far.
 * @param entropy - mean entropy of the tokens of this step.
 * @throws RangeError for a negative step, numbers that are not finite, or bounds out of order.
 * @example
 * ```ts
 * adaptiveEntropy({ coefficient: 0.1 }, 0.2, { target: 0.3, step: 0.01 }); // { coefficient: 0.11, active: true }
 * ```
 */
export function adaptiveEntropy(
  state: AdaptiveEntropyState,
  entropy: number,
  options: AdaptiveEntropyOptions,
): AdaptiveEntropy {
  const { target, step, min = 0, max = 1 } = options;
  checkAtLeast('adaptiveEntropy', 'step', step, 0);
  checkFinite('adaptiveEntropy', 'state.coefficient', state.coefficient);
  checkFinite('adaptiveEntropy', 'entropy', entropy);
  checkFinite('adaptiveEntropy', 'target', target);
  if (!(min <= max)) fail('adaptiveEntropy', 'min', `be at most max ${max}`, min);
  const active = entropy <= target;
  const moved = state.coefficient + (active ? step : -step);
  return { coefficient: Math.min(max, Math.max(min, moved)), active };
}
