import type { RgbImage } from '../../../data/prompt.js';
import { withData, type Degradation } from '../samples.js';
import { kadidParametersOf } from './parameters.js';

/**
 * So many colours, dithered: MATLAB's `rgb2ind` with its defaults, as KADIS-700k's `imcolorquantize` calls it. Its minimum-variance
 * quantization is described in words alone; this is Wu's (Graphics Gems II, 1991), which the words fit, on colours of 8 bits.
 */
export const colourQuantization: Degradation = (image, severity) =>
  dither(image, minimumVariancePalette(image, kadidParametersOf('colour/quantization', severity).colours));

type Rgb = readonly [red: number, green: number, blue: number];

/** Different colours with how many pixels have them, and how far they are from their mean. */
interface Box {
  readonly colours: readonly (readonly [colour: Rgb, count: number])[];
  /** Σ count · |colour − mean|²; 0 for a single colour. */
  readonly spread: number;
  readonly mean: Rgb;
}

/** At most `size` colours: the box of the largest spread is cut until there are as many, and each gives its mean. */
export function minimumVariancePalette({ data }: Pick<RgbImage, 'data'>, size: number): Rgb[] {
  const counts = new Map<number, number>();
  for (let i = 0; i < data.length; i += 3) {
    const colour = data[i]! * 65536 + data[i + 1]! * 256 + data[i + 2]!;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const unpack = (colour: number): Rgb => [colour >> 16, (colour >> 8) & 255, colour & 255];
  const boxes = [boxOf([...counts].map(([colour, count]) => [unpack(colour), count]))];
  while (boxes.length < size) {
    const widest = boxes.reduce((most, box) => (box.spread > most.spread ? box : most));
    if (widest.spread === 0) break;
    boxes.splice(boxes.indexOf(widest), 1, ...cut(widest));
  }
  return boxes.map(({ mean }) => mean.map(Math.round) as unknown as Rgb);
}

function boxOf(colours: Box['colours']): Box {
  const pixels = colours.reduce((sum, [, count]) => sum + count, 0);
  const mean = [0, 1, 2].map((c) => colours.reduce((sum, [colour, n]) => sum + colour[c]! * n, 0) / pixels);
  const distance = (colour: Rgb) => colour.reduce((sum, value, c) => sum + (value - mean[c]!) ** 2, 0);
  const spread = colours.length === 1 ? 0 : colours.reduce((sum, [colour, n]) => sum + n * distance(colour), 0);
  return { colours, spread, mean: mean as unknown as Rgb };
}

/** Two boxes of the least spread that a plane across red, green or blue can make. */
function cut({ colours }: Box): [Box, Box] {
  let best = { gain: -1, channel: 0, level: 0 };
  for (const channel of [0, 1, 2]) {
    const levels = Array.from({ length: 256 }, () => [0, 0, 0, 0]); // sums of the three colours, pixels
    const total = [0, 0, 0, 0];
    for (const [colour, n] of colours) {
      for (const sums of [levels[colour[channel]!]!, total]) {
        for (let c = 0; c < 3; c++) sums[c]! += colour[c]! * n;
        sums[3]! += n;
      }
    }
    const below = [0, 0, 0, 0];
    for (const [level, sums] of levels.entries()) {
      for (let c = 0; c < 4; c++) below[c]! += sums[c]!;
      const above = total.map((sum, c) => sum - below[c]!);
      if (below[3] === 0 || above[3] === 0) continue;
      const gain = squaredSum(below) / below[3]! + squaredSum(above) / above[3]!;
      if (gain > best.gain) best = { gain, channel, level };
    }
  }
  const isBelow = ([colour]: Box['colours'][number]) => colour[best.channel]! <= best.level;
  return [boxOf(colours.filter(isBelow)), boxOf(colours.filter((one) => !isBelow(one)))];
}

const squaredSum = ([red, green, blue]: readonly number[]) => red! ** 2 + green! ** 2 + blue! ** 2;

/** Each pixel becomes the nearest colour of a palette; what it is off by goes to its neighbours (Floyd and Steinberg, 1976). */
function dither(image: RgbImage, palette: readonly Rgb[]): RgbImage {
  const { width, height } = image;
  const out = new Uint8Array(image.data.length);
  const wanted = Float64Array.from(image.data);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      const pixel = [0, 1, 2].map((c) => Math.min(255, Math.max(0, wanted[at + c]!))) as unknown as Rgb;
      const colour = nearest(palette, pixel);
      for (let c = 0; c < 3; c++) {
        out[at + c] = colour[c]!;
        const error = (pixel[c]! - colour[c]!) / 16;
        if (x + 1 < width) wanted[at + 3 + c]! += 7 * error;
        if (y + 1 === height) continue;
        const under = at + 3 * width + c;
        if (x > 0) wanted[under - 3]! += 3 * error;
        wanted[under]! += 5 * error;
        if (x + 1 < width) wanted[under + 3]! += error;
      }
    }
  }
  return withData(image, out);
}

function nearest(palette: readonly Rgb[], [red, green, blue]: Rgb): Rgb {
  let [best, least] = [palette[0]!, Infinity];
  for (const colour of palette) {
    const distance = (red - colour[0]) ** 2 + (green - colour[1]) ** 2 + (blue - colour[2]) ** 2;
    if (distance < least) [best, least] = [colour, distance];
  }
  return best;
}
