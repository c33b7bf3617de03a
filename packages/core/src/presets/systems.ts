import { type AggregationAlias, aggregationAliases } from '../aggregation-modes.js';
import type { KlOptions } from '../kl/penalty.js';
import type { PolicyLossOptions } from '../losses/policy.js';
import { clip, counting, type Preset } from './preset.js';

const trlAdvantages = { scale: 'group', ddof: 1, epsilon: 1e-4 } as const;
const verlAdvantages = { scale: 'group', ddof: 1, epsilon: 1e-6, singletons: 'raw' } as const;

/** TRL's KL: with `beta` above 0, k3 times the ratio (`use_bias_correction_kl`). */
const trlKl: KlOptions = { coefficient: 0, estimator: 'k3', weighting: 'ratio', clamp: Infinity };
/** verl's and its relatives': the difference within ±20, the value within ±10, and no gradient beyond. */
const clampedKl = (coefficient: number): KlOptions => ({
  coefficient,
  estimator: 'k3',
  clamp: 20,
  valueClamp: 10,
  clampGradient: 'zero',
});

const trl = (lossType: AggregationAlias, policy: PolicyLossOptions): Preset => ({
  advantages: trlAdvantages,
  loss: { policy, logRatioClamp: Infinity, kl: trlKl, aggregation: aggregationAliases[lossType] },
});

/** @internal Presets of systems, checked against what the systems compute; see docs/parity.md. */
export const systems = {
  'q-insight': {
    advantages: trlAdvantages,
    loss: {
      policy: clip(0.2),
      logRatioClamp: Infinity,
      kl: { coefficient: 0.001, estimator: 'k3', clamp: Infinity },
      aggregation: counting('sequence-mean-token-mean'),
    },
  },
  trl: trl('dapo', clip(0.2)),
  'trl-grpo': trl('grpo', clip(0.2)),
  'trl-dr-grpo': trl('dr_grpo', clip(0.2)),
  'trl-cispo': trl('cispo', { type: 'cispo', ratioCap: 5 }),
  'trl-sapo': trl('sapo', { type: 'sapo', temperaturePositive: 1, temperatureNegative: 1.05 }),
  'trl-luspo': trl('luspo', clip(0.2)),
  'trl-vespo': trl('vespo', { type: 'vespo' }),
  verl: {
    advantages: verlAdvantages,
    loss: {
      policy: clip(0.2, 0.2, 3),
      logRatioClamp: 20,
      kl: clampedKl(0.001),
      aggregation: { mode: 'token-mean' },
    },
  },
  openrlhf: {
    advantages: { scale: 'group', ddof: 1, epsilon: 1e-9 },
    loss: { policy: clip(0.2), logRatioClamp: 20, aggregation: { mode: 'token-mean' } },
  },
  'ms-swift': {
    advantages: trlAdvantages,
    loss: {
      policy: clip(0.2),
      logRatioClamp: Infinity,
      correctionScope: 'all',
      kl: clampedKl(0.04),
      aggregation: aggregationAliases.grpo,
    },
  },
  easyr1: {
    advantages: { scale: 'group', ddof: 1, epsilon: 1e-6, singletons: 'error' },
    loss: { policy: clip(0.2, 0.3, 3), logRatioClamp: 20, aggregation: counting('token-mean') },
  },
  skyrl: {
    advantages: verlAdvantages,
    loss: {
      policy: clip(0.2),
      logRatioClamp: 20,
      kl: clampedKl(0.001),
      aggregation: counting('token-mean'),
    },
  },
  'tinker-cookbook': {
    advantages: { scale: 'none' },
    loss: { policy: { type: 'importance-weighted' }, logRatioClamp: Infinity, aggregation: { mode: 'token-sum' } },
  },
  'prime-rl': {
    advantages: { scale: 'none' },
    loss: {
      policy: { type: 'dppo', divergence: 'tv', low: 0.2, high: 0.2 },
      logRatioClamp: Infinity,
      kl: { coefficient: 0.002, estimator: 'k2', clamp: Infinity },
      aggregation: { mode: 'token-mean' },
    },
  },
  'open-instruct': {
    advantages: { scale: 'none' },
    loss: {
      policy: clip(0.2, 0.272),
      corrections: [{ kind: 'truncate', level: 'token', max: 2 }],
      kl: { coefficient: 0.05, estimator: 'k3', clamp: 40 },
      aggregation: { mode: 'token-mean' },
    },
  },
  liger: {
    advantages: trlAdvantages,
    loss: {
      policy: clip(0.2),
      logRatioClamp: Infinity,
      kl: { coefficient: 0.04, estimator: 'k3', clamp: Infinity },
      aggregation: aggregationAliases.dapo,
    },
  },
} satisfies Record<string, Preset>;
