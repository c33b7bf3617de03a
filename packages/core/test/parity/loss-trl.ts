import { type GrpoBatch, grpoLoss, type GrpoOptions, topEntropyMask } from '../../src/index.js';
import { FLOAT32_INSIDE, FLOAT64 } from '../support/close.js';
import { batchOf, golden, type GoldenInput, matrix } from '../support/golden.js';
import type { Comparison, ParityCase } from './case.js';
import { lossOf, type PolicyChanges } from './preset.js';

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

/** The presets of TRL's loss types; `bnpo` differs from the default by what it divides by. */
export const presetOf = {
  grpo: 'trl-grpo',
  sapo: 'trl-sapo',
  bnpo: 'trl',
  dapo: 'trl',
  cispo: 'trl-cispo',
  vespo: 'trl-vespo',
  dr_grpo: 'trl-dr-grpo',
  luspo: 'trl-luspo',
} as const;
export type LossType = keyof typeof presetOf;

/** The RLOO and GMPO trainers have no loss type. */
const lossTypeOf = (c: Case): LossType => (c.config['loss_type'] as LossType | undefined) ?? 'grpo';

function policyOf(c: Case): PolicyChanges {
  const { epsilon: clipLow, epsilon_high: clipHigh = clipLow, delta: dualClip } = c.config;
  if (c.trainer === 'gmpo') return { type: 'gmpo', clipLow, clipHigh };
  switch (lossTypeOf(c)) {
    case 'cispo':
      return { ratioCap: clipHigh };
    case 'sapo':
      return {
        temperaturePositive: c.config['sapo_temperature_pos'],
        temperatureNegative: c.config['sapo_temperature_neg'],
      };
    case 'vespo':
      return {
        powerPositive: c.config['vespo_k_pos'],
        powerNegative: c.config['vespo_k_neg'],
        dampingPositive: c.config['vespo_lambda_pos'],
        dampingNegative: c.config['vespo_lambda_neg'],
      };
    default:
      return { clipLow, clipHigh, dualClip };
  }
}

/** TRL takes the quantile in float32, so that the token at the threshold may fall to either side. */
function thresholdOf(c: Case, input: GoldenInput, mask: number[][]): number | undefined {
  const share = c.config['top_entropy_quantile'] as number | undefined;
  if (share === undefined) return undefined;
  return Math.fround(topEntropyMask(matrix(input.entropies), matrix(mask), share).threshold);
}

function optionsOf(c: Case, mask: number[][], threshold: number | undefined): GrpoOptions {
  const number = (key: string) => c.config[key] as number | undefined;
  const offPolicy = number('off_policy_mask_threshold');
  const corrections = [
    ...(c.extra['is'] === 'token' ? [{ kind: 'truncate', level: 'token', max: 2 } as const] : []),
    ...(c.extra['is'] === 'seq' ? [{ kind: 'truncate', level: 'sequence', max: 2 } as const] : []),
    ...(offPolicy === undefined ? [] : [{ kind: 'off-policy', max: offPolicy } as const]),
  ];
  const lossType = lossTypeOf(c);
  // the GMPO trainer has no ratio to weight by
  const unweighted = c.config['use_bias_correction_kl'] === false || c.trainer === 'gmpo';
  return lossOf(presetOf[lossType], {
    policy: policyOf(c),
    ratioLevel: c.config['importance_sampling_level'] === 'sequence' ? 'sequence' : undefined,
    corrections,
    entropy: { threshold, coefficient: number('entropy_coef') },
    kl: { coefficient: number('beta'), weighting: unweighted ? 'none' : undefined },
    aggregation: { mode: lossType, length: maxCompletionLength, counts: countsOf(c, lossType, mask) },
  });
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
  const result = grpoLoss(
    {
      logps: matrix(sums(input.logps)),
      oldLogps: matrix(sums(input.oldLogps)),
      mask: matrix(input.mask.map(() => [1])),
      advantages: input.advantages as number[],
    },
    lossOf(presetOf.grpo, { policy: policyOf(c) }),
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
    preset: presetOf[lossTypeOf(c)],
    run: () => (c.trainer === 'rloo' ? compareRloo : compare)(c, header.inputs[c.in]!),
  }));
}
