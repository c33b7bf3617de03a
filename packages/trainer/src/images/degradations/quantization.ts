import type { RgbImage } from '../../data/prompt.js';
import { parametersOf } from './parameters.js';
import { withData, type Degradation } from './samples.js';

/** Few levels, placed by the histogram of all samples: equalization to as many grey values as there are bins. */
export const quantizationHist: Degradation = (image, severity) => {
  const { bins } = parametersOf('quantization/hist', severity);
  const counts = new Float64Array(bins);
  for (const value of image.data) counts[Math.min(bins - 1, Math.floor((value / 255) * bins))]! += 1;
  const cumulative = [...counts.keys()].map((bin) => counts.slice(0, bin + 1).reduce((sum, count) => sum + count, 0));
  const least = Math.min(...cumulative.filter((count) => count > 0));
  const span = Math.max(...cumulative) - least;
  const levels = cumulative.map((count) =>
    count === 0 || span === 0 ? 0 : Math.trunc(((count - least) * 255) / span),
  );
  return withData(
    image,
    image.data.map((value) => levels[Math.round((value / 255) * (bins - 1))]!),
  );
};

/**
 * Few levels for each colour, by Otsu's thresholds: those that part a histogram of 30 bins into classes of the least
 * variance. A colour with no more filled bins than classes stays as it is; the reference leaves such pictures out.
 */
export const quantizationOtsu: Degradation = (image, severity) => {
  const { classes } = parametersOf('quantization/otsu', severity);
  return byColour(image, (counts) => otsuLevels(counts, classes));
};

/**
 * Few levels for each colour, by median cut: the most populous box of values is cut at its median until there are as many
 * as wanted; a value becomes the nearest of the boxes' means. As Pillow's `quantize`.
 */
export const quantizationMedian: Degradation = (image, severity) => {
  const { colours } = parametersOf('quantization/median', severity);
  return byColour(image, (counts) => medianCutLevels(counts, colours));
};

/** Maps each colour's samples by a table that follows from how often each value occurs. */
function byColour(image: RgbImage, tableOf: (counts: Float64Array) => ArrayLike<number>): RgbImage {
  const out = new Uint8Array(image.data.length);
  for (let c = 0; c < 3; c++) {
    const counts = new Float64Array(256);
    for (let i = c; i < out.length; i += 3) counts[image.data[i]!]! += 1;
    const table = tableOf(counts);
    for (let i = c; i < out.length; i += 3) out[i] = table[image.data[i]!]!;
  }
  return withData(image, out);
}

const OTSU_BINS = 30;

function otsuLevels(counts: Float64Array, classes: number): ArrayLike<number> {
  const same = Array.from(counts.keys());
  const least = counts.findIndex((count) => count > 0);
  const most = counts.findLastIndex((count) => count > 0);
  const width = (most - least) / OTSU_BINS;
  const bins = new Float64Array(OTSU_BINS);
  counts.forEach((count, value) => {
    if (count > 0) bins[Math.min(OTSU_BINS - 1, Math.floor((value - least) / width))]! += count;
  });
  const filled = bins.filter((count) => count > 0).length;
  if (most === least || filled <= classes) return same;
  const centres = otsuCuts(bins, classes).map((bin) => least + (bin + 0.5) * width);
  return same.map((value) => {
    const above = centres.filter((centre) => centre <= value).length;
    return Math.min(255, Math.trunc(Math.fround((above * (most - least)) / classes + least)));
  });
}

/** The last bins of all classes but the highest, for the largest variance between classes: by dynamic programming. */
function otsuCuts(bins: Float64Array, classes: number): number[] {
  const mass = new Float64Array(OTSU_BINS + 1);
  const moment = new Float64Array(OTSU_BINS + 1);
  bins.forEach((count, bin) => {
    mass[bin + 1] = mass[bin]! + count;
    moment[bin + 1] = moment[bin]! + count * Math.max(1, bin); // scikit-image takes the first bin for the second
  });
  const gain = (from: number, to: number) => {
    const weight = mass[to]! - mass[from]!;
    return weight === 0 ? 0 : (moment[to]! - moment[from]!) ** 2 / weight;
  };
  let best = Float64Array.from({ length: OTSU_BINS + 1 }, (_, to) => gain(0, to));
  const starts: Int32Array[] = [];
  for (let used = 2; used <= classes; used++) {
    const next = new Float64Array(OTSU_BINS + 1).fill(-Infinity);
    const start = new Int32Array(OTSU_BINS + 1);
    for (let to = used; to <= OTSU_BINS; to++) {
      for (let from = used - 1; from < to; from++) {
        const value = best[from]! + gain(from, to);
        if (value > next[to]!) [next[to], start[to]] = [value, from];
      }
    }
    starts.push(start);
    best = next;
  }
  const cuts: number[] = [];
  let to = OTSU_BINS;
  for (const start of starts.reverse()) cuts.unshift((to = start[to]!) - 1);
  return cuts;
}

/** Values of a box, from the brightest down, with how many samples have them. */
type Box = readonly (readonly [value: number, count: number])[];

const samplesIn = (box: Box) => box.reduce((sum, [, count]) => sum + count, 0);

function medianCutLevels(counts: Float64Array, colours: number): ArrayLike<number> {
  const all: Box = [...counts.entries()].filter(([, count]) => count > 0).reverse();
  const boxes: Box[] = [all];
  while (boxes.length < colours) {
    const divisible = boxes.filter((box) => box.length > 1);
    const most = Math.max(...divisible.map(samplesIn));
    const widest = divisible.find((box) => samplesIn(box) === most);
    if (widest === undefined) break;
    boxes.splice(boxes.indexOf(widest), 1, ...cutAtMedian(widest));
  }
  const means = boxes.map((box) =>
    Math.floor(0.5 + box.reduce((sum, [value, count]) => sum + value * count, 0) / samplesIn(box)),
  );
  const table = new Uint8Array(256);
  boxes.forEach((box, own) => {
    for (const [value] of box) {
      table[value] = means.reduce((near, mean) => (Math.abs(mean - value) < Math.abs(near - value) ? mean : near), means[own]!); // prettier-ignore
    }
  });
  return table;
}

/** The brightest values that make up more than half the samples, and the others: at least the darkest. */
function cutAtMedian(box: Box): [Box, Box] {
  const half = samplesIn(box) / 2;
  let taken = 0;
  const reached = box.findIndex(([, count]) => (taken += count) > half) + 1;
  const cut = Math.min(reached, box.length - 1);
  return [box.slice(0, cut), box.slice(cut)];
}
