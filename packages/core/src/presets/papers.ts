import { clip, type Preset } from './preset.js';

const standard = { scale: 'group', ddof: 1, epsilon: 1e-6 } as const;
const tokenMean = { mode: 'token-mean' } as const;
const sequenceMean = { mode: 'sequence-mean-token-mean' } as const;

/** @internal Presets of papers, with their published hyperparameters; see docs/papers.md. */
export const papers = {
  grpo: {
    advantages: standard,
    loss: { policy: clip(0.2), kl: { coefficient: 0.04, estimator: 'k3' }, aggregation: sequenceMean },
  },
  dapo: { advantages: standard, loss: { policy: clip(0.2, 0.28), aggregation: tokenMean } },
  'dr-grpo': { advantages: { scale: 'none' }, loss: { policy: clip(0.2), aggregation: { mode: 'constant' } } },
  'lite-ppo': {
    advantages: { scale: 'batch', ddof: 1, epsilon: 1e-6 },
    loss: { policy: clip(0.2), aggregation: tokenMean },
  },
  rloo: {
    advantages: { baseline: 'leave-one-out', scale: 'none' },
    loss: { policy: { type: 'reinforce' }, aggregation: { mode: 'sequence-mean-token-sum' } },
  },
  gspo: {
    advantages: standard,
    loss: { policy: clip(3e-4, 4e-4), ratioLevel: 'sequence', aggregation: sequenceMean },
  },
  'gspo-token': {
    advantages: standard,
    loss: { policy: clip(3e-4, 4e-4), ratioLevel: 'sequence-token', aggregation: sequenceMean },
  },
  cispo: { advantages: standard, loss: { policy: { type: 'cispo', ratioCap: 5 }, aggregation: tokenMean } },
  sapo: { advantages: standard, loss: { policy: { type: 'sapo' }, aggregation: sequenceMean } },
  gmpo: { advantages: standard, loss: { policy: { type: 'gmpo' }, aggregation: sequenceMean } },
  luspo: {
    advantages: standard,
    loss: {
      policy: clip(2e-3, 2.5e-3),
      ratioLevel: 'sequence',
      aggregation: { mode: 'sequence-mean-token-sum' },
    },
  },
  vespo: { advantages: standard, loss: { policy: { type: 'vespo' }, aggregation: tokenMean } },
  gpg: { advantages: { scale: 'none' }, loss: { policy: { type: 'reinforce' }, aggregation: tokenMean } },
  'kl-cov': { advantages: standard, loss: { policy: { type: 'kl-cov' }, aggregation: tokenMean } },
  'dual-clip': { advantages: standard, loss: { policy: clip(0.2, 0.2, 3), aggregation: tokenMean } },
  'two-sided': { advantages: standard, loss: { policy: clip(0.2, 0.2, 4), aggregation: tokenMean } },
  '80-20': {
    advantages: standard,
    loss: { policy: clip(0.2, 0.28), entropy: { share: 0.2 }, aggregation: tokenMean },
  },
} satisfies Record<string, Preset>;
