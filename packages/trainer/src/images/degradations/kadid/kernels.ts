import { borderIndex } from '../convolve.js';

/** A weight at an offset from the middle. */
export interface Tap {
  readonly dx: number;
  readonly dy: number;
  readonly weight: number;
}

/** Weighted means over `taps`, the edge repeated. `values` is [height, width, 3]. */
export function weightedMeans(values: Float64Array, width: number, height: number, taps: readonly Tap[]): Float64Array {
  const total = taps.reduce((sum, { weight }) => sum + weight, 0);
  const out = new Float64Array(values.length);
  for (const { dx, dy, weight } of taps) {
    for (let y = 0; y < height; y++) {
      const row = borderIndex(y + dy, height, 'nearest') * width;
      for (let x = 0; x < width; x++) {
        const source = (row + borderIndex(x + dx, width, 'nearest')) * 3;
        const target = (y * width + x) * 3;
        for (let c = 0; c < 3; c++) out[target + c]! += (weight / total) * values[source + c]!;
      }
    }
  }
  return out;
}

/** Normalised Gaussian weights over [-radius, radius], which MATLAB's `fspecial` is asked for with radius = ceil(2 sigma). */
export function gaussianWeights(sigma: number, radius: number): Float64Array {
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** A disk: each pixel weighs the area it has in common with the circle. */
export function diskTaps(radius: number): Tap[] {
  const reach = Math.ceil(radius - 0.5);
  return square(reach).map(([dx, dy]) => ({ dx, dy, weight: areaInCircle(Math.abs(dx), Math.abs(dy), radius) }));
}

/** A line of a given length and angle: each pixel weighs by how near it is to the line, up to a pixel off. */
export function lineTaps(length: number, degrees: number): Tap[] {
  const half = (length - 1) / 2;
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const weightAt = (dx: number, dy: number) => {
    const along = Math.max(-half, Math.min(half, dx * cos + dy * sin));
    return Math.max(0, 1 - Math.hypot(dx - along * cos, dy - along * sin));
  };
  return square(Math.ceil(half + 1))
    .map(([dx, dy]) => ({ dx, dy, weight: weightAt(dx, dy) }))
    .filter(({ weight }) => weight > 1e-12);
}

/** Area common to a circle around 0 and the unit pixel around (x, y), both from 0: exact. */
export function areaInCircle(x: number, y: number, radius: number): number {
  // A pixel across an axis counts as twice its half on the positive side.
  const times = (x === 0 ? 2 : 1) * (y === 0 ? 2 : 1);
  const [left, right, bottom, top] = [Math.max(0, x - 0.5), x + 0.5, Math.max(0, y - 0.5), y + 0.5];
  const reachAt = (height: number) => Math.sqrt(Math.max(0, radius ** 2 - height ** 2));
  const [whole, cut] = [reachAt(top), reachAt(bottom)]; // up to `whole` the pixel's full height, up to `cut` part of it
  const under = (at: number) => (at * reachAt(at) + radius ** 2 * Math.asin(Math.min(1, at / radius))) / 2;
  const full = Math.max(0, Math.min(whole, right) - left) * (top - bottom);
  const [from, to] = [Math.max(left, whole), Math.min(cut, right)];
  const part = to > from ? under(to) - under(from) - bottom * (to - from) : 0;
  return times * (full + part);
}

function square(reach: number): [number, number][] {
  const side = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  return side.flatMap((dy) => side.map((dx): [number, number] => [dx, dy]));
}
