// What is computed once in Node and once in a browser: name -> numbers.
import {
  aggregationWeights,
  filterZeroVariance,
  gdpoAdvantages,
  groupAdvantages,
  grpoLoss,
  presets,
  tokenKl,
} from '@q-insight/core';
import { qInsightRewards, runRewards } from '@q-insight/rewards';
import ndarray from 'ndarray';

const [rows, columns] = [6, 8];
/** Numbers between -1 and 1 that any engine makes the same: powers of 7 modulo a prime. */
function matrix(seed, scale = 1, shift = 0) {
  const data = new Float64Array(rows * columns);
  for (let k = 0, residue = 100 + seed; k < data.length; k++) {
    residue = (7 * residue) % 1009;
    data[k] = shift + scale * (residue / 504.5 - 1);
  }
  return ndarray(data, [rows, columns]);
}

const logps = matrix(1, 1, -1.5);
const moved = (seed, scale) =>
  ndarray(
    logps.data.map((lp, k) => lp + matrix(seed, scale).data[k]),
    [rows, columns],
  );
const rewards = [1, 0.2, 0.35, 0, 1, 1];
const groups = ['a', 'a', 'a', 'b', 'b', 'b'];
const batch = {
  logps,
  oldLogps: moved(2, 0.4),
  refLogps: moved(3, 0.8),
  samplerLogps: moved(4, 0.3),
  entropies: matrix(5, 0.5, 1),
  mask: ndarray(
    Float64Array.from({ length: rows * columns }, (_, k) => (k % columns < 3 + (k % 5) ? 1 : 0)),
    [rows, columns],
  ),
  advantages: groupAdvantages(rewards, groups).advantages,
  groups,
};

const losses = {
  ...Object.fromEntries(Object.entries(presets).map(([name, { loss }]) => [`preset ${name}`, loss])),
  'clip-cov, seeded': { policy: { type: 'clip-cov', share: 0.2, lower: 0, seed: 'step 1' } },
  'sequence ratio, weighted KL': { ratioLevel: 'sequence', kl: { coefficient: 0.1, weighting: 'ratio' } },
  'corrections, entropy bonus': {
    corrections: [
      { kind: 'truncate', level: 'token', max: 1.2 },
      { kind: 'normalize', over: 'tokens' },
    ],
    entropy: { share: 0.5, coefficient: 0.01 },
    aggregation: { mode: 'seq-mean-token-sum' },
  },
  'prompt mean': { policy: { type: 'real' }, aggregation: { mode: 'prompt-mean' } },
};

const samples = [
  {
    id: '1',
    group: 'a',
    completion: '<think>Grain in the sky.</think><answer>{"rating": 3.9}</answer>',
    label: { task: 'score', score: 3.1 },
  },
  {
    id: '2',
    group: 'b',
    completion: '<think>Soft edges.</think><answer>{"distortion_class": "blur", "severity": "slight"}</answer>',
    label: { task: 'degradation', distortionClass: 'blur', level: 'moderate' },
  },
];

/** Everything, as lists of numbers by name. */
async function calculations() {
  const report = await runRewards(samples, qInsightRewards());
  const results = {
    groupAdvantages: batch.advantages,
    gdpoAdvantages: gdpoAdvantages(
      rewards.map((r, i) => [r, i % 3]),
      groups,
    ).advantages,
    aggregationWeights: aggregationWeights(batch.mask, 'dr_grpo', { length: 20 }).data,
    filterZeroVariance: filterZeroVariance(rewards, groups, batch.mask, 'mask-all').mask.data,
    tokenKl: tokenKl(batch.logps, batch.refLogps, batch.mask).values.data,
    runRewards: report.values.flat().map((value) => value ?? NaN),
  };
  for (const [name, options] of Object.entries(losses)) {
    const { loss, gradient, entropyGradient, metrics } = grpoLoss(batch, options);
    results[`grpoLoss, ${name}`] = [
      loss,
      ...gradient.data,
      ...(entropyGradient?.data ?? []),
      ...Object.values(metrics),
    ];
  }
  return results;
}

/** The same with each number as its 64 bits, so that nothing is lost on the way out of a page. */
async function calculatedBits() {
  const bits = (numbers) => Array.from(new BigUint64Array(Float64Array.from(numbers).buffer), (n) => n.toString(16));
  return Object.fromEntries(Object.entries(await calculations()).map(([name, numbers]) => [name, bits(numbers)]));
}

/**
 * Engines may round exp and log as they like, and do differ in the last bit. So everything is computed with the engine's own,
 * and once more with ones made of additions and multiplications, which IEEE 754 fixes to the last bit.
 */
export async function results() {
  const own = await calculatedBits();
  const engine = { exp: Math.exp, expm1: Math.expm1, log: Math.log, log1p: Math.log1p };
  Object.assign(Math, fixed);
  const pinned = await calculatedBits();
  Object.assign(Math, engine);
  return { own, pinned };
}

/** (1 + x / 2^20)^(2^20), by squaring: seven digits are enough to compare two machines. */
const fixed = {
  exp: (x) => {
    let power = 1 + x / 2 ** 20;
    for (let n = 0; n < 20; n++) power *= power;
    return power;
  },
  expm1: (x) => fixed.exp(x) - 1,
  /** Newton's method on exp. */
  log: (x) => {
    let y = 0;
    for (let n = 0; n < 50; n++) y += x / fixed.exp(y) - 1;
    return y;
  },
  log1p: (x) => fixed.log(1 + x),
};
