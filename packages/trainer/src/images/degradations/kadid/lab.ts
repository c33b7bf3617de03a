/** sRGB to linear light and back (IEC 61966-2-1). */
const toLinear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const fromLinear = (value: number) => (value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055);

/** Of daylight, D65, as seen under 2 degrees. */
const WHITE = [0.95047, 1, 1.08883] as const;
const TO_XYZ = [
  [0.412453, 0.35758, 0.180423],
  [0.212671, 0.71516, 0.072169],
  [0.019334, 0.119193, 0.950227],
] as const;
const FROM_XYZ = [
  [3.240481343, -1.537151516, -0.498536326],
  [-0.969254949, 1.87599, 0.041555927],
  [0.055646639, -0.204041338, 1.057311069],
] as const;

const EDGE = 6 / 29;
const curve = (value: number) => (value > EDGE ** 3 ? Math.cbrt(value) : value / (3 * EDGE ** 2) + 4 / 29);
const uncurve = (value: number) => (value > EDGE ? value ** 3 : 3 * EDGE ** 2 * (value - 4 / 29));

type Triple = readonly [number, number, number];
const times = (matrix: readonly Triple[], [a, b, c]: Triple): [number, number, number] =>
  matrix.map((row) => row[0] * a + row[1] * b + row[2] * c) as [number, number, number];

/** sRGB in [0, 1] as CIE Lab: L in [0, 100], a and b about [-110, 110]. */
export function toLab(pixel: Triple): [number, number, number] {
  const linear = pixel.map(toLinear) as [number, number, number];
  const [x, y, z] = times(TO_XYZ, linear).map((value, i) => curve(value / WHITE[i]!)) as [number, number, number];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** CIE Lab as sRGB, clipped to [0, 1]: not every colour of Lab can be shown. */
export function fromLab([lightness, a, b]: Triple): [number, number, number] {
  const y = (lightness + 16) / 116;
  const xyz = [y + a / 500, y, Math.max(0, y - b / 200)].map((value, i) => uncurve(value) * WHITE[i]!);
  const linear = times(FROM_XYZ, xyz as [number, number, number]);
  return linear.map((value) => Math.min(1, Math.max(0, fromLinear(value)))) as [number, number, number];
}

/** Applies `change` to all pixels of [height, width, 3]. */
export function mapTriples(values: Float64Array, change: (pixel: [number, number, number]) => Triple): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i += 3) out.set(change([values[i]!, values[i + 1]!, values[i + 2]!]), i);
  return out;
}
