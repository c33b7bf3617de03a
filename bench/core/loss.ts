// Value and gradient of five losses beside their peers in bench/core/loss.py, their growth, and advantages of a million rewards.
// Run it by bench/core/run.sh, which installs the peers.
import { execFileSync } from 'node:child_process';
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

/** Only what the loss reads, as its peers are given no more. */
const given = ({ refLogps, ...batch }: GrpoBatch, options: GrpoOptions): GrpoBatch =>
  options.kl === undefined ? batch : { ...batch, refLogps };

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

interface Measurement {
  readonly shape: readonly [number, number];
  readonly loss: string;
  readonly peer: string;
  readonly ms: number;
  readonly value: number;
}

function measureCore(shape: readonly [number, number]): Measurement[] {
  const batch = batchOf(...shape);
  return Object.entries(losses).map(([loss, options]) => {
    const input = given(batch, options);
    return {
      shape,
      loss,
      peer: 'core',
      ms: best(() => grpoLoss(input, options)),
      value: grpoLoss(input, options).loss,
    };
  });
}

function measurePeers(shape: readonly [number, number]): Measurement[] {
  const out = execFileSync(process.env['PYTHON'] ?? 'python3', ['bench/core/loss.py', JSON.stringify([shape])], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Measurement);
}

/** The better of two rounds, the peers' between ours, so that a slow minute of the machine hits all alike. */
function measure(shape: readonly [number, number]): Measurement[] {
  const rounds = [measureCore(shape), measurePeers(shape), measureCore(shape), measurePeers(shape)].flat();
  const least = new Map<string, Measurement>();
  for (const m of rounds) {
    const name = `${m.loss} ${m.peer}`;
    if (m.ms < (least.get(name)?.ms ?? Infinity)) least.set(name, m);
  }
  return [...least.values()];
}

for (const shape of shapes) {
  const all = measure(shape);
  const peers = [...new Set(all.map(({ peer }) => peer))];
  console.log(`\n| [${shape.join(', ')}], ms | ${peers.join(' | ')} |\n|${' --- |'.repeat(peers.length + 1)}`);
  for (const loss of Object.keys(losses)) {
    const row = peers.map((peer) => all.find((m) => m.loss === loss && m.peer === peer)!);
    console.log(`| ${loss} | ${row.map(({ ms }) => ms.toFixed(1)).join(' | ')} |`);
    const apart = row.filter(({ value, peer }) => peer !== 'TRL float32' && Math.abs(value - row[0]!.value) > 1e-6);
    if (apart.length > 0) throw new Error(`${loss}: core and its peers differ: ${JSON.stringify(row)}`);
  }
}

console.log('\n| tokens | ms | ns a token |\n| --- | --- | --- |');
for (const rows of [64, 256, 1024, 4096]) {
  const batch = given(batchOf(rows, 1024), {});
  const ms = best(() => grpoLoss(batch));
  console.log(`| ${rows * 1024} | ${ms.toFixed(1)} | ${((1e6 * ms) / (rows * 1024)).toFixed(1)} |`);
}

const count = 1_000_000;
const groups = Array.from({ length: count }, (_, i) => (i * 7919) % 128_000);
const rewards = Float64Array.from({ length: count }, (_, i) => Math.sin(i));
console.log(
  `\nadvantages of ${count} rewards in 128000 groups: ${best(() => groupAdvantages(rewards, groups)).toFixed(0)} ms`,
);
