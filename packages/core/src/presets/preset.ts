import type { GroupAdvantageOptions } from '../advantages/group.js';
import type { AggregationMode } from '../aggregation-modes.js';
import type { GrpoOptions } from '../options.js';
import type { PolicyLossOptions } from '../losses/policy.js';

/** Options that reproduce one system's or paper's advantages and loss. */
export interface Preset {
  /** For `groupAdvantages`. */
  readonly advantages: GroupAdvantageOptions;
  /** For `grpoLoss`. */
  readonly loss: GrpoOptions;
}

/** @internal The commonest policy loss. */
export const clip = (clipLow: number, clipHigh = clipLow, dualClip?: number): PolicyLossOptions => ({
  type: 'clipped',
  clipLow,
  clipHigh,
  ...(dualClip !== undefined && { dualClip }),
});

/** @internal Aggregation in which a row without tokens is a sequence like any other. */
export const counting = (mode: AggregationMode) => ({ mode, emptySequences: 'count' }) as const;
