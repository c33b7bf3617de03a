/** Where a coordinate outside [0, size) is read. */
export type Border = 'nearest' | 'reflect101';

/** `nearest` repeats the edge (aaa|abc); `reflect101` mirrors without repeating it (cb|abc). */
export function borderIndex(index: number, size: number, border: Border): number {
  if (index >= 0 && index < size) return index;
  if (border === 'nearest' || size === 1) return Math.min(size - 1, Math.max(0, index));
  const period = 2 * (size - 1);
  const folded = ((index % period) + period) % period;
  return folded < size ? folded : period - folded;
}

/** Normalised Gaussian weights over [-radius, radius], radius = round(4 sigma), as scipy and scikit-image cut them. */
export function gaussianKernel(sigma: number): Float64Array {
  const radius = Math.floor(4 * sigma + 0.5);
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** The same odd kernel along rows, then along columns. `values` is [height, width, 3]. */
export function separable(
  values: Float64Array,
  width: number,
  height: number,
  kernel: Float64Array,
  border: Border,
): Float64Array {
  const rows = along(values, width, height, kernel, border, 'x');
  return along(rows, width, height, kernel, border, 'y');
}

function along(
  values: Float64Array,
  width: number,
  height: number,
  kernel: Float64Array,
  border: Border,
  axis: 'x' | 'y',
): Float64Array {
  const radius = (kernel.length - 1) / 2;
  const size = axis === 'x' ? width : height;
  const reads = Int32Array.from({ length: size + 2 * radius }, (_, i) => borderIndex(i - radius, size, border));
  const out = new Float64Array(values.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const target = (y * width + x) * 3;
      for (let k = 0; k < kernel.length; k++) {
        const source = (axis === 'x' ? y * width + reads[x + k]! : reads[y + k]! * width + x) * 3;
        for (let c = 0; c < 3; c++) out[target + c]! += kernel[k]! * values[source + c]!;
      }
    }
  }
  return out;
}

/** Mean over 3x3 neighbourhoods, mirrored at the edge. */
export function boxBlur3(values: Float64Array, width: number, height: number): Float64Array {
  return separable(values, width, height, new Float64Array(3).fill(1 / 3), 'reflect101');
}

/** Mean over a disk of pixels within `radius`, mirrored at the edge. */
export function diskBlur(values: Float64Array, width: number, height: number, radius: number): Float64Array {
  const offsets: [number, number][] = [];
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) if (dx * dx + dy * dy <= radius * radius) offsets.push([dx, dy]);
  }
  const column = (x: number) => borderIndex(x, width, 'reflect101');
  const out = new Float64Array(values.length);
  for (const [dx, dy] of offsets) {
    for (let y = 0; y < height; y++) {
      const row = borderIndex(y + dy, height, 'reflect101') * width;
      for (let x = 0; x < width; x++) {
        const source = (row + column(x + dx)) * 3;
        const target = (y * width + x) * 3;
        for (let c = 0; c < 3; c++) out[target + c]! += values[source + c]!;
      }
    }
  }
  return out.map((value) => value / offsets.length);
}
