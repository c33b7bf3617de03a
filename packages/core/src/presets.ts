import type { GroupAdvantageOptions } from './advantages/group.js';
import type { GrpoOptions } from './grpo.js';

/** Names of {@link presets}. */
export type PresetName = 'q-insight' | 'trl' | 'verl' | 'dapo' | 'dr-grpo';

/** Options that reproduce one system's or paper's advantages and loss. */
export interface Preset {
  readonly advantages: GroupAdvantageOptions;
  readonly loss: GrpoOptions;
}

/**
 * Each epsilon, degree of freedom and denominator of a system (checked against its outputs, see docs/parity.md) or of a
 * paper. Change one by spreading: `{ ...presets.trl.loss, kl: { ...presets.trl.loss.kl, coefficient: 0.04 } }`.
 *
 * - `q-insight`: the released training code of Q-Insight (arXiv 2503.22679) with its scripts' β = 0.001.
 * - `trl`: Hugging Face TRL 1.16, all defaults (`loss_type: "dapo"`, β = 0; a given β multiplies ratio-weighted k3).
 * - `verl`: verl 0.9, all defaults of its GRPO example (k3 with β = 0.001, dual clip 3).
 * - `dapo`: arXiv 2503.14476: clip higher, token mean, no KL.
 * - `dr-grpo`: arXiv 2503.20783: no deviation, constant length; set `aggregation.length` to the longest completion allowed.
 */
export const presets: Readonly<Record<PresetName, Preset>> = {
  'q-insight': {
    advantages: { scale: 'group', ddof: 1, epsilon: 1e-4 },
    loss: {
      policy: { type: 'clipped', clipLow: 0.2, clipHigh: 0.2 },
      logRatioClamp: Infinity,
      kl: { coefficient: 0.001, estimator: 'k3', clamp: Infinity },
      aggregation: { mode: 'sequence-mean-token-mean', emptySequences: 'count' },
    },
  },
  trl: {
    advantages: { scale: 'group', ddof: 1, epsilon: 1e-4 },
    loss: {
      policy: { type: 'clipped', clipLow: 0.2, clipHigh: 0.2 },
      logRatioClamp: Infinity,
      kl: { coefficient: 0, estimator: 'k3', weighting: 'ratio', clamp: Infinity },
      aggregation: { mode: 'token-mean' },
    },
  },
  verl: {
    advantages: { scale: 'group', ddof: 1, epsilon: 1e-6, singletons: 'raw' },
    loss: {
      policy: { type: 'clipped', clipLow: 0.2, clipHigh: 0.2, dualClip: 3 },
      logRatioClamp: 20,
      kl: { coefficient: 0.001, estimator: 'k3', clamp: 20, valueClamp: 10, clampGradient: 'zero' },
      aggregation: { mode: 'token-mean' },
    },
  },
  dapo: {
    advantages: { scale: 'group', ddof: 1, epsilon: 1e-6 },
    loss: { policy: { type: 'clipped', clipLow: 0.2, clipHigh: 0.28 }, aggregation: { mode: 'token-mean' } },
  },
  'dr-grpo': {
    advantages: { scale: 'none' },
    loss: { policy: { type: 'clipped', clipLow: 0.2, clipHigh: 0.2 }, aggregation: { mode: 'constant' } },
  },
};
