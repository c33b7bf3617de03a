// Value and gradient of five losses at two shapes, and advantages of a million rewards.
//   node --conditions=@q-insight/source --import tsx bench/core/loss.ts
// bench/core/loss.py does the same in PyTorch eager with autograd, on the same numbers.
import ndarray from 'ndarray';
import { groupAdvantages, grpoLoss, type GrpoBatch, type GrpoOptions } from '@q-insight/core';

const losses: Readonly<Record<string, GrpoOptions>> = {
  'ppo-clip': {},
  'grpo with kl': { kl: { coefficient: 0.04 }, aggregation: { mode: 'sequence-mean-token-mean' } },
  gspo: { ratioLevel: 'sequence', policy: { type: 'clipped', clipLow: 3e-4, clipHigh: 4e-4 } },
  cispo: { policy: { type: 'cispo', ratioCap: 5 } },
  sapo: { policy: { type: 'sapo' } },
};
const shapes = [
  [64, 2048],
  [512, 1024],
] as const;

/** The same numbers in both languages: a sine's digits are random enough. */
function batchOf(rows: number, columns: number): GrpoBatch {
  const size = rows * columns;
  const fill = (value: (k: number) => number) =>
    ndarray(
      Float32Array.from({ length: size }, (_, k) => value(k)),
      [rows, columns],
    );
  const logp = (k: number) => -1 - Math.sin(k) ** 2;
  return {
    logps: fill(logp),
    oldLogps: fill((k) => logp(k) + 0.1 * Math.sin(7 * k)),
    refLogps: fill((k) => logp(k) + 0.1 * Math.sin(11 * k)),
    mask: fill((k) => (k % columns < columns * (0.5 + 0.5 * Math.sin(Math.floor(k / columns)) ** 2) ? 1 : 0)),
    advantages: Float64Array.from({ length: rows }, (_, b) => Math.sin(3 * b + 1)),
  };
}

/** Best of thirty after three to warm up, in milliseconds: what else the machine does only ever adds. */
function best(run: () => unknown): number {
  for (let i = 0; i < 3; i++) run();
  const times = Array.from({ length: 30 }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.min(...times);
}

for (const [rows, columns] of shapes) {
  const batch = batchOf(rows, columns);
  for (const [name, options] of Object.entries(losses)) {
    const { loss } = grpoLoss(batch, options);
    const time = best(() => grpoLoss(batch, options));
    console.log(
      `[${rows}, ${columns}] ${name.padEnd(14)} ${time.toFixed(1).padStart(7)} ms   loss ${loss.toPrecision(6)}`,
    );
  }
}

const count = 1_000_000;
const groups = Array.from({ length: count }, (_, i) => (i * 7919) % 128_000);
const rewards = Float64Array.from({ length: count }, (_, i) => Math.sin(i));
console.log(
  `advantages of ${count} rewards in 128000 groups: ${best(() => groupAdvantages(rewards, groups)).toFixed(0)} ms`,
);
