import { checkOneOf } from '../checks.js';
import { cispo, type CispoOptions } from './cispo.js';
import { type ClippedOptions, clippedSurrogate } from './clipped.js';
import { clipCov, type ClipCovOptions, klCov, type KlCovOptions } from './covariance.js';
import { dppo, type DppoOptions } from './dppo.js';
import { dro, type DroOptions } from './dro.js';
import { fipo, type FipoOptions } from './fipo.js';
import { gmpo, type GmpoOptions } from './gmpo.js';
import { ratioWindow, type RatioWindowOptions } from './ratio-window.js';
import { real, type RealOptions } from './real.js';
import { importanceWeighted, reinforce } from './reinforce.js';
import { sapo, type SapoOptions } from './sapo.js';
import type { LossTerms, TokenBatch } from './tokens.js';
import { vespo, type VespoOptions } from './vespo.js';

/** A loss's options with its name. */
export type Named<Type extends string, Options = object> = {
  /** The loss. */
  readonly type: Type;
} & Options;

/**
 * A policy loss by name, with the options of the function of that name. GSPO is `clipped` with `ratioLevel: 'sequence'`, LUSPO is
 * that with the aggregation `sequence-mean-token-sum`: neither is a loss of its own.
 */
export type PolicyLossOptions =
  | Named<'clipped', ClippedOptions>
  | Named<'reinforce'>
  | Named<'importance-weighted'>
  | Named<'cispo', CispoOptions>
  | Named<'sapo', SapoOptions>
  | Named<'gmpo', GmpoOptions>
  | Named<'vespo', VespoOptions>
  | Named<'fipo', FipoOptions>
  | Named<'real', RealOptions>
  | Named<'clip-cov', ClipCovOptions>
  | Named<'kl-cov', KlCovOptions>
  | Named<'dppo', DppoOptions>
  | Named<'dro', DroOptions>
  | Named<'ratio-window', RatioWindowOptions>;

const types = [
  'clipped',
  'reinforce',
  'importance-weighted',
  'cispo',
  'sapo',
  'gmpo',
  'vespo',
  'fipo',
  'real',
  'clip-cov',
  'kl-cov',
  'dppo',
  'dro',
  'ratio-window',
] as const satisfies readonly PolicyLossOptions['type'][];

/** @internal */
export function policyTerms(tokens: TokenBatch, options: PolicyLossOptions, out: LossTerms): LossTerms {
  checkOneOf('grpoLoss', 'policy.type', options.type, types);
  switch (options.type) {
    case 'clipped':
      return clippedSurrogate(tokens, options, out);
    case 'reinforce':
      return reinforce(tokens, out);
    case 'importance-weighted':
      return importanceWeighted(tokens, out);
    case 'cispo':
      return cispo(tokens, options, out);
    case 'sapo':
      return sapo(tokens, options, out);
    case 'gmpo':
      return gmpo(tokens, options, out);
    case 'vespo':
      return vespo(tokens, options, out);
    case 'fipo':
      return fipo(tokens, options, out);
    case 'real':
      return real(tokens, options, out);
    case 'clip-cov':
      return clipCov(tokens, options, out);
    case 'kl-cov':
      return klCov(tokens, options, out);
    case 'dppo':
      return dppo(tokens, options, out);
    case 'dro':
      return dro(tokens, options, out);
    case 'ratio-window':
      return ratioWindow(tokens, options, out);
  }
}

/** @internal Whether a loss compares rows of the batch, so that it cannot be computed one block of rows after another. */
export const comparesRows = ({ type }: PolicyLossOptions): boolean =>
  type === 'real' || type === 'clip-cov' || type === 'kl-cov';
