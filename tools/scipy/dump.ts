// Draws random sets of ratings and labels, and writes them with our measures: dump.ts SETS FILE
import { writeFileSync } from 'node:fs';
import seedrandom from 'seedrandom';
import { pearson, spearman } from '../../packages/trainer/src/evaluation/correlation.js';
import { kendall } from '../../packages/trainer/src/evaluation/kendall.js';
import { fitLogistic4, fitLogistic5, type LogisticFit } from '../../packages/trainer/src/evaluation/logistic-fit.js';
import { gaussian } from '../../packages/trainer/src/random.js';

const [sets, file] = [Number(process.argv[2]), process.argv[3]!];

/** Ratings as models give them: noise of every size, bent scales, two decimals, whole levels, few values, outliers. */
function drawSet(index: number) {
  const random = seedrandom(`set ${index}`);
  const normal = gaussian(random);
  const size = 6 + Math.floor(random() ** 2 * 300);
  const noise = 0.05 + 1.2 * random();
  const labels = Array.from({ length: size }, () => 1 + 4 * random());
  const bends = [
    (v: number) => v,
    (v: number) => 5 / (1 + Math.exp(-2 * (v - 3))),
    (v: number) => 6 - v,
    (v: number) => (v * v) / 5,
    (v: number) => 100 * v,
  ];
  const bend = bends[index % bends.length]!;
  const roundings = [
    (v: number) => v,
    (v: number) => Math.round(v * 100) / 100,
    (v: number) => Math.round(v),
    (v: number) => (v > 3 ? 4 : 2),
  ];
  const rounding = roundings[Math.floor(index / bends.length) % roundings.length]!;
  const ratings = labels.map((label) => rounding(bend(label + noise * normal())));
  if (index % 7 === 0) ratings[0] = 1000;
  return { ratings, labels };
}

const figures = (fit: LogisticFit | null) =>
  fit && { sse: fit.sse, plcc: fit.plcc, srcc: fit.srcc, converged: fit.converged };

const rows = Array.from({ length: sets }, (_, index) => {
  const { ratings, labels } = drawSet(index);
  return {
    ratings,
    labels,
    plcc: pearson(ratings, labels),
    srcc: spearman(ratings, labels),
    krcc: kendall(ratings, labels),
    fit4: figures(fitLogistic4(ratings, labels)),
    fit5: figures(fitLogistic5(ratings, labels)),
  };
});
writeFileSync(file, JSON.stringify(rows));
