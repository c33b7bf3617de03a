import type { AggregationOptions } from './aggregation-options.js';
import type { AggregationMode } from './aggregation-modes.js';
import { checkOneOf, checkPositive } from './checks.js';
import type { CorrectionStep } from './corrections/steps.js';
import type { EntropyOptions } from './entropy.js';
import { checkKlOptions, type KlOptions } from './kl/penalty.js';
import type { PolicyLossOptions } from './losses/policy.js';
import type { RatioLevel } from './ratio.js';

/** A mode of aggregation with its options. */
export interface Aggregation extends AggregationOptions {
  /** How token losses become one number. */
  readonly mode: AggregationMode;
}

/** Options of {@link grpoLoss}. */
export interface GrpoOptions {
  /** The policy loss and its bounds. @defaultValue `{ type: 'clipped', clipLow: 0.2, clipHigh: 0.2 }` */
  readonly policy?: PolicyLossOptions | undefined;
  /** @defaultValue 'token' */
  readonly ratioLevel?: RatioLevel | undefined;
  /** The log importance ratio is held within ±this, where it then has no gradient. Infinity = off. @defaultValue 20 */
  readonly logRatioClamp?: number | undefined;
  /** How to make up for a sampler that is not quite the old policy; needs `samplerLogps`. @defaultValue none */
  readonly corrections?: readonly CorrectionStep[] | undefined;
  /** What the correction multiplies: the policy loss (TRL, verl, Liger) or the KL too (ms-swift). @defaultValue 'policy' */
  readonly correctionScope?: 'policy' | 'all' | undefined;
  /** Top-entropy mask and entropy bonus; needs `entropies`. @defaultValue none */
  readonly entropy?: EntropyOptions | undefined;
  /** The KL term. @defaultValue none */
  readonly kl?: KlOptions | undefined;
  /** How token losses become one number; ignored when the batch brings `weights`. @defaultValue `{ mode: 'token-mean' }` */
  readonly aggregation?: Aggregation | undefined;
}

/** @internal {@link GrpoOptions} with their defaults. */
export type GrpoSettings = { readonly [name in keyof GrpoOptions]-?: NonNullable<GrpoOptions[name]> };

/** @internal Options checked and completed; each part of the loss checks its own when it runs. */
export function settingsOf(where: string, options: GrpoOptions): GrpoSettings {
  const { policy = { type: 'clipped' }, ratioLevel = 'token', logRatioClamp = 20 } = options;
  const { corrections = [], correctionScope = 'policy', entropy = {}, kl = {} } = options;
  const { aggregation = { mode: 'token-mean' } } = options;
  checkOneOf(where, 'ratioLevel', ratioLevel, ['token', 'sequence', 'sequence-token']);
  checkPositive(where, 'logRatioClamp', logRatioClamp);
  checkOneOf(where, 'correctionScope', correctionScope, ['policy', 'all']);
  checkKlOptions(kl);
  return { policy, ratioLevel, logRatioClamp, corrections, correctionScope, entropy, kl, aggregation };
}
