import fc from 'fast-check';
import {
  aggregationAliases,
  type AggregationMode,
  type CorrectionStep,
  type GrpoOptions,
  grpoLoss,
  type KlEstimator,
  type RatioLevel,
} from '../../src/index.js';
import { matrix } from './golden.js';

/** The names an option may have, as its error lists them. */
export function choicesOf(options: GrpoOptions): string[] {
  const one = matrix([[-1]]);
  try {
    grpoLoss({ logps: one, samplerLogps: one, refLogps: one, mask: matrix([[1]]), advantages: [1] }, options);
  } catch (error) {
    return /must be one of (.*), got/.exec((error as Error).message)![1]!.split(', ');
  }
  throw new Error('every name was accepted');
}

/** Every mode of aggregation, under all its names. */
export const modes: Readonly<Record<AggregationMode, true>> = {
  'token-mean': true,
  'sequence-mean-token-mean': true,
  'sequence-mean-token-sum': true,
  constant: true,
  'token-sum': true,
  'prompt-mean': true,
  ...(Object.fromEntries(Object.keys(aggregationAliases).map((name) => [name, true])) as Record<
    keyof typeof aggregationAliases,
    true
  >),
};

/** Every estimator, and whether its gradient is the derivative of its value. */
export const estimators: Readonly<Record<KlEstimator, 'derivative' | 'straight-through'>> = {
  k1: 'derivative',
  k2: 'derivative',
  k3: 'derivative',
  abs: 'derivative',
  'k1+': 'straight-through',
  'k3+': 'straight-through',
  'abs+': 'straight-through',
};

/** Steps of every kind, and whether they look at a row alone or at the batch. */
export const corrections: Readonly<
  Record<CorrectionStep['kind'], { readonly over: 'row' | 'batch'; readonly steps: readonly CorrectionStep[] }>
> = {
  truncate: {
    over: 'row',
    steps: [
      { kind: 'truncate', level: 'token', max: 1.2 },
      { kind: 'truncate', level: 'sequence', min: 0.5, max: 2 },
      { kind: 'truncate', level: 'sequence-mean', max: 1.1 },
    ],
  },
  mask: {
    over: 'row',
    steps: [
      { kind: 'mask', level: 'token', min: 0.8, max: 1.25 },
      { kind: 'mask', level: 'sequence', max: 1.5 },
    ],
  },
  gate: { over: 'row', steps: [{ kind: 'gate', level: 'sequence-mean', min: 0.9, max: 1.2 }] },
  outliers: { over: 'row', steps: [{ kind: 'outliers', min: 0.7, max: 1.4 }] },
  reject: {
    over: 'row',
    steps: [
      { kind: 'reject', divergence: 'k3', level: 'sequence-max', max: 0.05 },
      { kind: 'reject', divergence: 'k2', level: 'sequence-sum', max: 0.2 },
      { kind: 'reject', divergence: 'tv', level: 'token', max: 0.1 },
      { kind: 'reject', divergence: 'binary-kl', level: 'sequence-mean', max: 0.02 },
    ],
  },
  'off-policy': { over: 'row', steps: [{ kind: 'off-policy', max: 0.1 }] },
  'tv-bound': { over: 'batch', steps: [{ kind: 'tv-bound', max: 0.1 }] },
  normalize: { over: 'batch', steps: [{ kind: 'normalize' }, { kind: 'normalize', over: 'sequences' }] },
};

/** What the drawn options may hold. */
export interface Drawn {
  readonly levels?: readonly RatioLevel[];
  /** Leave out what has another gradient than its value's derivative. */
  readonly derivative?: boolean;
  /** Leave out what looks at the batch it is given. */
  readonly rowwise?: boolean;
}

/** Options of a loss around its policy part: any aggregation, with and without KL, corrections and entropy terms. */
export function arbitraryOptions({ levels, derivative = false, rowwise = false }: Drawn): fc.Arbitrary<GrpoOptions> {
  const kl = fc.record({
    coefficient: fc.constantFrom(0.1, 1),
    estimator: fc.constantFrom(
      ...(Object.keys(estimators) as KlEstimator[]).filter((k) => !derivative || estimators[k] === 'derivative'),
    ),
    weighting: fc.constantFrom('none' as const, 'ratio' as const),
    clamp: fc.constantFrom(20, 0.4),
    valueClamp: fc.constantFrom(Infinity, 0.2),
    clampGradient: fc.constantFrom('zero' as const, ...(derivative ? [] : (['keep'] as const))),
  });
  const steps = Object.values(corrections).flatMap(({ over, steps }) => (rowwise && over === 'batch' ? [] : steps));
  const wholeBatch = rowwise ? [] : [fc.constant({ share: 0.5, coefficient: 0.1 })];
  return fc.record({
    ratioLevel: fc.constantFrom<RatioLevel>(...(levels ?? ['token', 'sequence', 'sequence-token'])),
    logRatioClamp: fc.constantFrom(20, 0.3),
    kl: fc.option(kl, { nil: undefined }),
    corrections: fc.array(fc.constantFrom(...steps), { maxLength: 2 }),
    correctionScope: fc.constantFrom('policy' as const, 'all' as const),
    entropy: fc.oneof(
      fc.constant(undefined),
      fc.constant({ threshold: 1 }),
      fc.constant({ threshold: 0.5, coefficient: 0.1, tokens: 9 }),
      ...wholeBatch,
    ),
    aggregation: fc.record({
      mode: fc.constantFrom(...(Object.keys(modes) as AggregationMode[])),
      emptySequences: fc.constantFrom(undefined, 'skip' as const, 'count' as const),
      length: fc.constant(7),
    }),
  });
}
