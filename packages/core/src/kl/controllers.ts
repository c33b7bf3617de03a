import { checkAtLeast, checkFinite, checkPositive } from '../checks.js';

/** State of {@link adaptiveKl}: plain data, to be saved with a checkpoint. */
export interface AdaptiveKlState {
  /** β */
  readonly coefficient: number;
}

/** Options of {@link adaptiveKl}. */
export interface AdaptiveKlOptions {
  /** KL to steer to. @defaultValue 0.1 */
  readonly target?: number | undefined;
  /** Completions over which a full correction is made. @defaultValue 10000 */
  readonly horizon?: number | undefined;
}

/**
 * Next KL coefficient: raised when the KL is above its target, lowered when below, by at most 20 % per horizon.
 *
 * β ← β (1 + clip(KL / target − 1, ±0.2) · n / horizon)
 *
 * See Ziegler et al., arXiv 1909.08593, section 2.2; defaults of verl and OpenRLHF.
 *
 * @param state - the coefficient so far.
 * @param kl - mean KL of this step.
 * @param completions - n, completions of this step.
 * @throws RangeError for a target or horizon not above 0, a negative n or coefficient, or a KL that is not finite.
 * @example
 * ```ts
 * adaptiveKl({ coefficient: 0.1 }, 0.2, 1000); // { coefficient: 0.102 }
 * ```
 */
export function adaptiveKl(
  state: AdaptiveKlState,
  kl: number,
  completions: number,
  options: AdaptiveKlOptions = {},
): AdaptiveKlState {
  const { target = 0.1, horizon = 10_000 } = options;
  checkPositive('adaptiveKl', 'target', target);
  checkPositive('adaptiveKl', 'horizon', horizon);
  checkAtLeast('adaptiveKl', 'completions', completions, 0);
  checkAtLeast('adaptiveKl', 'state.coefficient', state.coefficient, 0);
  checkFinite('adaptiveKl', 'kl', kl);
  const error = Math.min(0.2, Math.max(-0.2, kl / target - 1));
  return { coefficient: state.coefficient * (1 + (error * completions) / horizon) };
}

/**
 * Coefficient that falls from `from` to `to` along half a cosine, for penalties wanted early and not late.
 *
 * β(s) = to + (from − to) (1 + cos(π min(s / steps, 1))) / 2
 *
 * As used by Q-Hawkeye, arXiv 2601.22920. A constant coefficient needs no function.
 *
 * @param step - steps made so far, from 0.
 * @param schedule - `from`, `to` (default 0) and the number of `steps` in between.
 * @throws RangeError for negative values, or no steps.
 * @example
 * ```ts
 * cosineCoefficient(50, { from: 0.1, steps: 100 }); // 0.05
 * ```
 */
export function cosineCoefficient(
  step: number,
  schedule: { readonly from: number; readonly to?: number; readonly steps: number },
): number {
  const { from, to = 0, steps } = schedule;
  checkAtLeast('cosineCoefficient', 'step', step, 0);
  checkAtLeast('cosineCoefficient', 'from', from, 0);
  checkAtLeast('cosineCoefficient', 'to', to, 0);
  checkPositive('cosineCoefficient', 'steps', steps);
  return to + ((from - to) * (1 + Math.cos(Math.PI * Math.min(step / steps, 1)))) / 2;
}
