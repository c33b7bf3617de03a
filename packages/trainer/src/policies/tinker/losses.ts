import type { GrpoOptions } from '@q-insight/core';

/** Settings of a loss as the protocol has them. Thresholds bound the ratio itself. */
export type LossConfig = Readonly<Record<string, number | string>>;

const CLIP = { clip_low_threshold: 0.8, clip_high_threshold: 1.2 };

/** The protocol's own losses, and what they may be told, with the defaults. */
export const PROTOCOL_LOSSES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  cross_entropy: {},
  importance_sampling: {},
  ppo: CLIP,
  gspo: CLIP,
  cispo: { ...CLIP, clip_low_threshold: 0 },
  dro: { beta: 0.05 },
};

/**
 * A policy loss of the protocol in the words of core; a name that the protocol does not have is taken to be one of core's.
 *
 * @param config - with every default filled in
 */
export function coreLoss(name: string, config: LossConfig): Pick<GrpoOptions, 'policy' | 'ratioLevel'> {
  const { clip_low_threshold: low, clip_high_threshold: high, beta } = config as Record<string, number>;
  const bounds = { clipLow: 1 - low!, clipHigh: high! - 1 };
  if (name === 'importance_sampling') return { policy: { type: 'importance-weighted' } };
  if (name === 'ppo') return { policy: { type: 'clipped', ...bounds } };
  if (name === 'gspo') return { policy: { type: 'clipped', ...bounds }, ratioLevel: 'sequence' };
  if (name === 'cispo') return { policy: { type: 'cispo', ...bounds } };
  if (name === 'dro') return { policy: { type: 'dro', beta } };
  return { policy: { ...config, type: name } as GrpoOptions['policy'] };
}
