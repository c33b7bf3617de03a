import { type AggregationMode, type GrpoBatch, type GrpoOptions, presets } from '../../src/index.js';
import { batchOf, type GoldenInput, matrix } from './golden.js';

/** A case of loss_trl: TRL's arguments, what it returned, and how the trainer was set up around it. */
export interface TrlCase {
  readonly variant: string;
  readonly trainer: string;
  readonly in: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly extra: Readonly<Record<string, number | string>>;
  readonly loss: number;
  readonly grad: number[][];
  readonly metrics: Readonly<Record<string, number>>;
}

const modes: Readonly<Record<string, AggregationMode>> = {
  grpo: 'sequence-mean-token-mean',
  bnpo: 'token-mean',
  dapo: 'token-mean',
  dr_grpo: 'constant',
  luspo: 'sequence-mean-token-sum',
};
const maxCompletionLength = 24; // of the trainer that made the file

/** GRPOConfig's arguments as options of grpoLoss; undefined for what is not covered. */
export function trlOptions(c: TrlCase, input: GoldenInput): GrpoOptions | undefined {
  const { config, extra } = c;
  const mode = modes[String(config['loss_type'])];
  const known = [
    'loss_type',
    'beta',
    'epsilon',
    'epsilon_high',
    'delta',
    'importance_sampling_level',
    'use_bias_correction_kl',
  ];
  if (c.trainer !== 'grpo' || mode === undefined || Object.keys(config).some((key) => !known.includes(key)))
    return undefined;
  if (extra['is'] !== undefined || extra['samp'] !== undefined) return undefined;
  const number = (key: string, otherwise: number) => (config[key] as number | undefined) ?? otherwise;
  const clipLow = number('epsilon', 0.2);
  const { kl, ...rest } = presets.trl.loss;
  return {
    ...rest,
    policy: {
      type: 'clipped',
      clipLow,
      clipHigh: number('epsilon_high', clipLow),
      dualClip: number('delta', Infinity),
    },
    ratioLevel: config['importance_sampling_level'] === 'sequence' ? 'sequence' : 'token',
    kl: {
      ...kl,
      coefficient: number('beta', 0),
      weighting: config['use_bias_correction_kl'] === false ? 'none' : 'ratio',
    },
    aggregation: {
      mode,
      emptySequences: 'count',
      length: maxCompletionLength,
      counts: trlCounts(c, trlMask(c, input)),
    },
  };
}

/**
 * TRL divides by what the whole optimizer step holds: 'dapo' by its number of tokens (`num_items_in_batch`, here `nib`), the
 * others by `gradient_accumulation_steps` micro-batches. Expressed as counts of the whole, micro-batches simply add up.
 */
function trlCounts(c: TrlCase, mask: number[][]) {
  const steps = c.extra['eval'] === 1 ? 1 : Number(c.extra['ga'] ?? 1);
  const tokens = mask.flat().reduce((a, b) => a + b, 0);
  const stepsPerGeneration = Number(c.extra['spg'] ?? steps);
  const whole =
    c.config['loss_type'] === 'dapo' ? (Number(c.extra['nib'] ?? tokens) * steps) / stepsPerGeneration : tokens * steps;
  const filled = mask.filter((row) => row.includes(1)).length;
  return { tokens: whole, sequences: mask.length * steps, filledSequences: filled * steps };
}

function trlMask(c: TrlCase, input: GoldenInput): number[][] {
  return c.extra['tool'] === 1 ? input.mask.map((row) => row.map((m, t) => (t % 4 === 1 ? 0 : m))) : input.mask;
}

/** The batch as the case's trainer saw it. */
export function trlBatch(c: TrlCase, input: GoldenInput): GrpoBatch {
  const { oldLogps, ...batch } = batchOf(input);
  return {
    ...batch,
    ...(c.extra['noold'] !== 1 && { oldLogps }),
    mask: matrix(trlMask(c, input)),
    refLogps: matrix(input.refLogps),
    entropies: matrix(input.entropies),
  };
}
