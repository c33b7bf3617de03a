import {
  type AggregationAlias,
  type AggregationMode,
  correctionWeights,
  type CorrectionStep,
  grpoLoss,
} from '../../src/index.js';
import { FLOAT32_INSIDE, FLOAT64 } from '../support/close.js';
import { batchOf, golden, type GoldenInput, matrix } from '../support/golden.js';
import type { Comparison, ParityCase } from './case.js';
import { lossOf, type PolicyChanges } from './preset.js';

interface Case {
  readonly in: number;
  readonly config: {
    readonly loss_type: AggregationAlias | 'fipo' | 'real';
    readonly eps?: number;
    readonly eps_high?: number;
    readonly beta?: number;
    readonly delta?: number;
    readonly ga?: number;
    readonly level?: 'sequence' | 'sequence_token';
    readonly q?: number;
    readonly mode?: string;
    readonly thr?: number;
    readonly opsm?: number;
    readonly overlong?: boolean;
  };
  readonly truncated: boolean[] | null;
  readonly numItemsInBatch: number;
  readonly loss: number;
  readonly grad: number[][];
}

/** TRL's names, and two of its own. */
const modeOf = (lossType: Case['config']['loss_type']): AggregationMode =>
  lossType === 'fipo' ? 'token-mean' : lossType === 'real' ? 'grpo' : lossType;

function policyOf({ config }: Case): PolicyChanges {
  const { eps: clipLow, eps_high: clipHigh = clipLow, delta: dualClip } = config;
  if (config.loss_type === 'cispo') return { type: 'cispo', ratioCap: clipHigh };
  if (config.loss_type === 'sapo') return { type: 'sapo' };
  if (config.loss_type === 'real') return { type: 'real', temperature: 0.5 };
  return { type: config.loss_type === 'fipo' ? 'fipo' : 'clipped', clipLow, clipHigh, dualClip };
}

function correctionsOf({ mode, thr = 2 }: Case['config']): CorrectionStep[] {
  if (mode === undefined) return [];
  // its sequence weight is the geometric mean; its sequence mask keeps token weights where that mean is small enough
  if (mode === 'sequence_mask') {
    return [
      { kind: 'gate', level: 'sequence-mean', max: thr },
      { kind: 'truncate', level: 'token', max: Infinity },
    ];
  }
  const level = mode.startsWith('token') ? ('token' as const) : ('sequence-mean' as const);
  return [mode.endsWith('mask') ? { kind: 'mask', level, max: thr } : { kind: 'truncate', level, max: thr }];
}

function compare(c: Case, input: GoldenInput): Comparison[] {
  const { config } = c;
  const batch = batchOf(input);
  const rollout = matrix(input.rolloutLogps);
  let mask = input.mask;
  if (config.overlong) mask = mask.map((row, b) => (c.truncated?.[b] ? row.map(() => 0) : row));
  if (config.opsm !== undefined) {
    // dropped sequences leave the denominators too
    const { weights } = correctionWeights(
      { ...batch, mask: matrix(mask), oldLogps: batch.oldLogps!, samplerLogps: rollout },
      [{ kind: 'off-policy', max: config.opsm }],
    );
    mask = mask.map((row, b) => row.map((m, t) => (weights.get(b, t) > 0 ? m : 0)));
  }
  const loss = config.loss_type;
  const steps = config.ga ?? 1;
  const tokens = ['dapo', 'cispo', 'fipo'].includes(loss)
    ? c.numItemsInBatch / steps
    : mask.flat().reduce((a, b) => a + b, 0) * steps;
  const rows = mask.length * steps;
  const whole = {
    ...batch,
    mask: matrix(mask),
    refLogps: matrix(input.refLogps),
    samplerLogps: rollout,
    entropies: matrix(input.entropies),
    groups: mask.map((_, b) => Math.floor(b / 2)),
  };
  const coefficient = config.beta ?? 0;
  const result = grpoLoss(
    whole,
    lossOf('ms-swift', {
      policy: policyOf(c),
      ratioLevel: config.level === 'sequence_token' ? 'sequence-token' : config.level,
      corrections: correctionsOf(config),
      entropy: { share: config.q },
      kl: { coefficient: loss === 'real' ? 0 : coefficient },
      aggregation: {
        mode: modeOf(loss),
        length: 24,
        counts: { tokens, sequences: rows, filledSequences: rows },
      },
    }),
  );
  const tolerance = loss === 'sapo' ? FLOAT32_INSIDE : FLOAT64;
  if (loss === 'real' && coefficient > 0) {
    // its KL is a mean over tokens beside a mean over groups: two losses, summed
    const alone = grpoLoss(
      { ...whole, advantages: mask.map(() => 0) },
      lossOf('ms-swift', { kl: { coefficient }, aggregation: { mode: 'token-mean' } }),
    );
    const gradient = result.gradient.data.map((g, k) => g + alone.gradient.data[k]!);
    return [
      { actual: result.loss + alone.loss, expected: c.loss, tolerance },
      { actual: gradient, expected: c.grad.flat(), tolerance },
    ];
  }
  return [
    { actual: result.loss, expected: c.loss, tolerance },
    { actual: result.gradient.data, expected: c.grad.flat(), tolerance },
  ];
}

export function cases(): ParityCase[] {
  const { header, cases } = golden<Case>('loss_swift');
  return cases.map((c) => ({
    file: 'loss_swift',
    name: `loss_type ${c.config.loss_type}`,
    preset: 'ms-swift',
    run: () => compare(c, header.inputs[c.in]!),
    ...(c.config.loss_type === 'real' &&
      header.inputs[c.in]!.mask.some((row) => !row.includes(1)) && {
        differs: 'takes a row without tokens for a bad completion; here it takes no part',
      }),
  }));
}
