import {
  type AggregationAlias,
  type GrpoBatch,
  grpoLoss,
  type GrpoOptions,
  presets,
  topEntropyMask,
} from '../../src/index.js';
import { FLOAT32_INSIDE, FLOAT64 } from '../support/close.js';
import { batchOf, golden, type GoldenInput, matrix } from '../support/golden.js';
import type { Comparison, ParityCase } from './case.js';

/** A case of loss_trl: TRL's arguments, what it returned, and how the trainer was set up around it. */
interface Case {
  readonly variant: string;
  readonly trainer: 'grpo' | 'gmpo' | 'rloo';
  readonly in: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly extra: Readonly<Record<string, number | string>>;
  readonly loss: number;
  readonly grad: number[][];
  readonly gradEntropies?: number[][];
  readonly metrics: Readonly<Record<string, number>>;
}

const maxCompletionLength = 24; // of the trainer that made the file
/** Divided by the whole step's tokens; the others by gradient_accumulation_steps. */
const byTokensOfStep = ['dapo', 'cispo', 'vespo'];

function policyOf(c: Case, number: (key: string, otherwise: number) => number): GrpoOptions['policy'] {
  const clipLow = number('epsilon', 0.2);
  const clipHigh = number('epsilon_high', clipLow);
  if (c.trainer === 'gmpo')
    return { type: 'gmpo', clipLow: number('epsilon', 0.4), clipHigh: number('epsilon_high', 0.4) };
  switch (c.config['loss_type']) {
    case 'cispo':
      return { type: 'cispo', ratioCap: clipHigh };
    case 'sapo':
      return {
        type: 'sapo',
        temperaturePositive: number('sapo_temperature_pos', 1),
        temperatureNegative: number('sapo_temperature_neg', 1.05),
      };
    case 'vespo':
      return {
        type: 'vespo',
        powerPositive: number('vespo_k_pos', 2),
        powerNegative: number('vespo_k_neg', 3),
        dampingPositive: number('vespo_lambda_pos', 3),
        dampingNegative: number('vespo_lambda_neg', 2),
      };
    default:
      return { type: 'clipped', clipLow, clipHigh, dualClip: number('delta', Infinity) };
  }
}

/** TRL takes the quantile in float32, so that the token at the threshold may fall to either side. */
function thresholdOf(c: Case, input: GoldenInput, mask: number[][]): number | undefined {
  const share = c.config['top_entropy_quantile'] as number | undefined;
  if (share === undefined) return undefined;
  return Math.fround(topEntropyMask(matrix(input.entropies), matrix(mask), share).threshold);
}

function optionsOf(c: Case, mask: number[][], threshold: number | undefined): GrpoOptions {
  const number = (key: string, otherwise: number) => (c.config[key] as number | undefined) ?? otherwise;
  const { kl, ...rest } = presets.trl.loss;
  const loss = (c.config['loss_type'] as AggregationAlias | undefined) ?? 'grpo';
  const offPolicy = c.config['off_policy_mask_threshold'] as number | undefined;
  const corrections = [
    ...(c.extra['is'] === 'token' ? [{ kind: 'truncate', level: 'token', max: 2 } as const] : []),
    ...(c.extra['is'] === 'seq' ? [{ kind: 'truncate', level: 'sequence', max: 2 } as const] : []),
    ...(offPolicy === undefined ? [] : [{ kind: 'off-policy', max: offPolicy } as const]),
  ];
  return {
    ...rest,
    policy: policyOf(c, number),
    ratioLevel: c.config['importance_sampling_level'] === 'sequence' ? 'sequence' : 'token',
    corrections,
    entropy: { threshold, coefficient: number('entropy_coef', 0) },
    kl: {
      ...kl,
      coefficient: number('beta', 0),
      // the GMPO trainer has no ratio to weight by
      weighting: c.config['use_bias_correction_kl'] === false || c.trainer === 'gmpo' ? 'none' : 'ratio',
    },
    aggregation: {
      mode: loss,
      length: maxCompletionLength,
      counts: countsOf(c, loss, mask),
    },
  };
}

/** What TRL divides by, as counts of the whole step, so that micro-batches simply add up. */
function countsOf(c: Case, loss: string, mask: number[][]) {
  const steps = c.extra['eval'] === 1 ? 1 : Number(c.extra['ga'] ?? 1);
  const tokens = mask.flat().reduce((a, b) => a + b, 0);
  const perGeneration = Number(c.extra['spg'] ?? steps);
  const whole = byTokensOfStep.includes(loss)
    ? (Number(c.extra['nib'] ?? tokens) * steps) / perGeneration
    : tokens * steps;
  const filled = mask.filter((row) => row.includes(1)).length;
  return { tokens: whole, sequences: mask.length * steps, filledSequences: filled * steps };
}

function batchFor(c: Case, input: GoldenInput, mask: number[][]): GrpoBatch {
  const { oldLogps, ...batch } = batchOf(input);
  const sampled = c.extra['is'] !== undefined || c.extra['samp'] !== undefined;
  return {
    ...batch,
    ...(c.extra['noold'] !== 1 && { oldLogps }),
    ...(sampled && { samplerLogps: matrix(input.rolloutLogps) }),
    mask: matrix(mask),
    refLogps: matrix(input.refLogps),
    entropies: matrix(input.entropies),
  };
}

function compare(c: Case, input: GoldenInput): Comparison[] {
  let mask = c.extra['tool'] === 1 ? input.mask.map((row) => row.map((m, t) => (t % 4 === 1 ? 0 : m))) : input.mask;
  let threshold = thresholdOf(c, input, mask);
  if (c.trainer === 'gmpo' && threshold !== undefined) {
    // the GMPO trainer takes the mean over kept tokens: they are its mask
    const least = threshold;
    mask = mask.map((row, b) => row.map((m, t) => (input.entropies[b]![t]! >= least ? m : 0)));
    threshold = undefined;
  }
  const options = optionsOf(c, mask, threshold);
  const result = grpoLoss(batchFor(c, input, mask), options);
  const loss = String(c.config['loss_type']);
  const tolerance = loss === 'sapo' || loss === 'vespo' ? FLOAT32_INSIDE : FLOAT64;
  const comparisons: Comparison[] = [
    { actual: result.loss + emptyRows(c, input, mask), expected: c.loss, tolerance },
    { actual: result.gradient.data, expected: c.grad.flat(), tolerance },
  ];
  if (c.gradEntropies)
    comparisons.push({ actual: result.entropyGradient!.data, expected: c.gradEntropies.flat(), tolerance });
  // with a sequence ratio TRL logs the mean over sequences of what is here a mean over tokens
  const clips =
    options.ratioLevel === 'sequence' || c.trainer !== 'grpo' ? [] : ['clip_ratio/low_mean', 'clip_ratio/high_mean'];
  for (const name of c.trainer === 'gmpo' ? ['kl'] : [...clips, 'kl', 'entropy']) {
    const expected = c.metrics[name];
    if (expected !== undefined) comparisons.push({ actual: result.metrics[name]!, expected, tolerance });
  }
  return comparisons;
}

/** TRL's GMPO trainer counts -A for a row without tokens, a constant; here such a row adds nothing. */
function emptyRows(c: Case, input: GoldenInput, mask: number[][]): number {
  if (c.trainer !== 'gmpo') return 0;
  const advantages = input.advantages as number[];
  return mask.reduce((sum, row, b) => (row.includes(1) ? sum : sum - advantages[b]! / mask.length), 0);
}

/** RLOO's ratio is of whole sequences, the product of token ratios: one token a row says the same. */
function compareRloo(c: Case, input: GoldenInput): Comparison[] {
  const sums = (rows: number[][]) => rows.map((row, b) => [row.reduce((s, lp, t) => s + lp * input.mask[b]![t]!, 0)]);
  const clipLow = (c.config['epsilon'] as number | undefined) ?? 0.2;
  const clipHigh = (c.config['epsilon_high'] as number | undefined) ?? clipLow;
  const result = grpoLoss(
    {
      logps: matrix(sums(input.logps)),
      oldLogps: matrix(sums(input.oldLogps)),
      mask: matrix(input.mask.map(() => [1])),
      advantages: input.advantages as number[],
    },
    { policy: { type: 'clipped', clipLow, clipHigh }, logRatioClamp: Infinity },
  );
  const gradient = input.mask.flatMap((row, b) => row.map((m) => m * result.gradient.data[b]!));
  return [
    { actual: result.loss, expected: c.loss, tolerance: FLOAT64 },
    { actual: gradient, expected: c.grad.flat(), tolerance: FLOAT64 },
  ];
}

export function cases(): ParityCase[] {
  const { header, cases } = golden<Case>('loss_trl');
  return cases.map((c) => ({
    file: 'loss_trl',
    name: c.trainer === 'grpo' ? `loss_type ${String(c.config['loss_type'])}` : `${c.trainer.toUpperCase()}Trainer`,
    run: () => (c.trainer === 'rloo' ? compareRloo : compare)(c, header.inputs[c.in]!),
  }));
}
