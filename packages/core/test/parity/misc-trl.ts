import {
  adaptiveEntropy,
  correctionWeights,
  type CorrectionStep,
  groupAdvantages,
  grpoLoss,
  samplerDiagnostics,
  topEntropyMask,
} from '../../src/index.js';
import { FLOAT32_INSIDE, FLOAT64 } from '../support/close.js';
import { golden, type GoldenInput, matrix } from '../support/golden.js';
import type { Comparison, ParityCase } from './case.js';
import { type LossType, presetOf } from './loss-trl.js';
import { lossOf } from './preset.js';

interface SamplingCase {
  readonly mode: 'token_truncate' | 'token_mask' | 'sequence_truncate' | 'sequence_mask';
  readonly clipMin: number | null;
  readonly clipMax: number;
  readonly in: number;
  readonly lengths: number[];
  readonly toolMask: number[][] | null;
  readonly samplingLogps: string | (number | null)[][];
  readonly ratio: number[][];
  readonly metrics: Readonly<Record<string, number>>;
}

/** TRL's ratio of old policy over sampler; a token the sampler gave no log-probability for has ratio 1. */
function sampling(c: SamplingCase, input: GoldenInput): Comparison[] {
  const columns = Math.max(...c.lengths);
  const cut = (rows: number[][]) => matrix(rows.map((row) => row.slice(0, columns)));
  const mask = c.lengths.map((length, b) =>
    Array.from({ length: columns }, (_, t) => (t < length && (c.toolMask?.[b]?.[t] ?? 1) === 1 ? 1 : 0)),
  );
  const reported =
    typeof c.samplingLogps === 'string'
      ? input.rolloutLogps
      : mask.map((row, b) => row.map((_, t) => (c.samplingLogps as (number | null)[][])[b]![t] ?? NaN));
  const batch = { mask: matrix(mask), oldLogps: cut(input.oldLogps), samplerLogps: cut(reported) };
  const [level, action] = c.mode.split('_') as ['token' | 'sequence', 'truncate' | 'mask'];
  const step: CorrectionStep =
    action === 'truncate'
      ? { kind: 'truncate', level, min: c.clipMin ?? 0, max: c.clipMax }
      : { kind: 'mask', level, min: c.clipMin ?? 0, max: c.clipMax };
  const { weights } = correctionWeights(batch, [step]);
  // its sequence modes give one number a row; tokens that do not count have ratio 1 there and weight 0 here
  const expected = mask.flatMap((row, b) => row.map((m, t) => m * (c.ratio[b]![t] ?? c.ratio[b]![0]!)));
  const diagnostics = samplerDiagnostics(batch);
  const gap = 'sampling/sampling_logp_difference/';
  return [
    { actual: weights.data, expected, tolerance: FLOAT32_INSIDE },
    { actual: diagnostics['logp_difference/mean']!, expected: c.metrics[`${gap}mean`]!, tolerance: FLOAT32_INSIDE },
    { actual: diagnostics['logp_difference/max']!, expected: c.metrics[`${gap}max`]!, tolerance: FLOAT32_INSIDE },
  ];
}

interface MiscCase {
  readonly fn: 'get_high_entropy_mask' | 'get_gamma_weights' | 'get_off_policy_mask' | 'nanstd' | 'adaptive_entropy';
  readonly entropies: number[][];
  readonly mask: number[][];
  readonly threshold: number;
  readonly out: number[][];
  readonly advantages: number[];
  readonly logRatio: number[][];
  readonly isRatio: number[][] | null;
  readonly logps: number[][];
  readonly samplingLogps: number[][];
  readonly x: number[][];
  readonly dim1: number[];
  readonly target: number;
  readonly coef0: number;
  readonly delta: number;
  readonly gradAccum: number;
  readonly steps: {
    readonly mask: number[][];
    readonly entropies: number[][];
    readonly syncGradients: boolean;
    readonly gradEntropies: number[][];
    readonly coefAfter: number;
    readonly lastWorldEntropy: number;
  }[];
}

function entropyMask(c: MiscCase): Comparison[] {
  if (!c.mask.flat().includes(1))
    return [{ actual: 0, expected: c.out.flat().filter((m) => m === 1).length, tolerance: FLOAT64 }];
  const { threshold } = topEntropyMask(matrix(c.entropies), matrix(c.mask), 1 - c.threshold);
  // TRL takes the quantile in float32, so that the token at the threshold may fall to either side
  const least = Math.fround(threshold);
  const kept = c.entropies.flatMap((row, b) => row.map((h, t) => (c.mask[b]![t] === 1 && h >= least ? 1 : 0)));
  return [{ actual: kept, expected: c.out.flat(), tolerance: FLOAT64 }];
}

/** φ is the slope of VESPO over logps, divided by -A and the token's weight 1. */
function gamma(c: MiscCase): Comparison[] {
  const logps = c.logRatio.map((row) => row.map(() => -1));
  const { gradient } = grpoLoss(
    {
      logps: matrix(logps),
      oldLogps: matrix(c.logRatio.map((row) => row.map((l) => -1 - l))),
      ...(c.isRatio && {
        samplerLogps: matrix(
          c.logRatio.map((row, b) => row.map((l, t) => -1 - l - Math.log(Math.max(1e-12, c.isRatio![b]![t]!)))),
        ),
      }),
      mask: matrix(c.mask),
      advantages: c.advantages,
    },
    {
      policy: { type: 'vespo' },
      logRatioClamp: Infinity,
      corrections: c.isRatio ? [{ kind: 'truncate', level: 'token', max: Infinity }] : [],
      aggregation: { mode: 'token-sum' },
    },
  );
  const actual = c.mask.flatMap((row, b) => row.map((m, t) => (m === 0 ? 0 : gradient.get(b, t) / -c.advantages[b]!)));
  return [
    { actual, expected: c.mask.flatMap((row, b) => row.map((m) => m * c.out[b]![0]!)), tolerance: FLOAT32_INSIDE },
  ];
}

function offPolicy(c: MiscCase): Comparison[] {
  const { weights } = correctionWeights(
    {
      mask: matrix(c.mask),
      oldLogps: matrix(c.logps),
      samplerLogps: matrix(c.samplingLogps),
      advantages: c.advantages,
    },
    [{ kind: 'off-policy', max: c.threshold }],
  );
  return [
    {
      actual: weights.data,
      expected: c.mask.flatMap((row, b) => row.map((m) => m * c.out[b]![0]!)),
      tolerance: FLOAT64,
    },
  ];
}

/** The deviation that TRL divides by, read back from our advantages: A = (r - mean) / std. */
function nanStandardDeviation(c: MiscCase): Comparison[] {
  const groups = c.x.flatMap((row, b) => row.map(() => b));
  const rewards = c.x.flat();
  const scaled = groupAdvantages(rewards, groups, { epsilon: 0 }).advantages;
  const centred = groupAdvantages(rewards, groups, { epsilon: 0, scale: 'none' }).advantages;
  return c.dim1.flatMap((expected, b) => {
    const k = groups.findIndex((group, i) => group === b && scaled[i] !== 0);
    return k < 0 ? [] : [{ actual: centred[k]! / scaled[k]!, expected, tolerance: FLOAT64 }];
  });
}

/** The controller moves once an optimizer step, on the mean entropy of all its micro-batches' tokens. */
function entropyController(c: MiscCase): Comparison[] {
  const comparisons: Comparison[] = [];
  let state = { coefficient: c.coef0 };
  let [sum, count] = [0, 0];
  for (const step of c.steps) {
    const counted = step.entropies.flatMap((row, b) => row.filter((_, t) => step.mask[b]![t] === 1));
    sum += counted.reduce((a, b) => a + b, 0);
    count += counted.length;
    if (step.syncGradients) {
      const { coefficient } = adaptiveEntropy(state, sum / count, { target: c.target, step: c.delta });
      state = { coefficient };
      [sum, count] = [0, 0];
    }
    comparisons.push({ actual: state.coefficient, expected: step.coefAfter, tolerance: FLOAT64 });
  }
  return comparisons;
}

const misc = {
  get_high_entropy_mask: entropyMask,
  get_gamma_weights: gamma,
  get_off_policy_mask: offPolicy,
  nanstd: nanStandardDeviation,
  adaptive_entropy: entropyController,
};

interface ExtremeCase {
  readonly config: {
    readonly loss_type: LossType;
    readonly beta?: number;
    readonly epsilon_high?: number;
    readonly delta?: number;
  };
  readonly logps: number[][];
  readonly oldLogps: number[][];
  readonly refLogps: number[][];
  readonly advantages: number[];
  readonly mask: number[][];
  readonly loss: number;
  readonly grad: number[][];
}

/** Where float32 without a clamp overflows, TRL has NaN or infinity; ours must be finite with its own clamp. */
function extreme(c: ExtremeCase): Comparison[] {
  const { loss_type: lossType, epsilon_high: clipHigh, delta: dualClip, beta } = c.config;
  const policy =
    lossType === 'cispo'
      ? { ratioCap: clipHigh }
      : lossType === 'grpo' || lossType === 'dapo'
        ? { clipHigh, dualClip }
        : {};
  const result = (clamp: number) =>
    grpoLoss(
      {
        logps: matrix(c.logps),
        oldLogps: matrix(c.oldLogps),
        refLogps: matrix(c.refLogps),
        mask: matrix(c.mask),
        advantages: c.advantages,
      },
      lossOf(presetOf[lossType], { policy, logRatioClamp: clamp, kl: { coefficient: beta, clamp } }),
    );
  const finite = result(20);
  const allFinite = Number.isFinite(finite.loss) && finite.gradient.data.every(Number.isFinite);
  const comparisons: Comparison[] = [{ actual: allFinite ? 1 : 0, expected: 1, tolerance: FLOAT64 }];
  const theirs = [c.loss, ...c.grad.flat()];
  // float32 throughout: exp of a ratio of e^80 has a relative error of 80 ulps
  const tolerance = { relative: 1e-4, absolute: 1e-5 };
  if (theirs.every((x) => Number.isFinite(x) && Math.abs(x) < 3e38)) {
    const { loss, gradient } = result(Infinity);
    comparisons.push(
      { actual: loss, expected: c.loss, tolerance },
      { actual: gradient.data, expected: c.grad.flat(), tolerance },
    );
  }
  return comparisons;
}

export function cases(): ParityCase[] {
  const ratios = golden<SamplingCase>('vllm_is_trl');
  return [
    ...ratios.cases.map((c) => ({
      file: 'vllm_is_trl',
      name: c.mode,
      run: () => sampling(c, ratios.header.inputs[c.in]!),
    })),
    ...golden<MiscCase>('misc_trl').cases.map((c) => ({ file: 'misc_trl', name: c.fn, run: () => misc[c.fn](c) })),
    ...golden<ExtremeCase>('loss_trl_float32_extreme').cases.map((c) => ({
      file: 'loss_trl_float32_extreme',
      name: `loss_type ${c.config.loss_type}`,
      preset: presetOf[c.config.loss_type],
      run: () => extreme(c),
    })),
  ];
}
