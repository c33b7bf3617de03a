/** Python's `round`: to the nearest integer, a half to the even one. `Math.round` would take 2.5 to 3. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Bounds of the resized picture's area, in pixels. */
export interface PixelBounds {
  readonly minPixels: number;
  readonly maxPixels: number;
}

/** Bounds that replace those of a checkpoint, where given. */
export type PixelLimits = { readonly [Bound in keyof PixelBounds]?: number | undefined };

/**
 * The size at which Qwen2.5-VL sees a picture: both sides multiples of `factor`, the area within bounds, the shape kept
 * as far as that allows. The rule of transformers' `smart_resize`.
 *
 * @param height - pixels
 * @param width - pixels
 * @param factor - pixels along one side of a token: patch size times merge size, 28 for the published models
 * @throws RangeError when one side is more than 200 times the other.
 */
export function smartResize(
  height: number,
  width: number,
  factor: number,
  bounds: PixelBounds,
): { height: number; width: number } {
  const ratio = Math.max(height, width) / Math.min(height, width);
  if (!(ratio <= 200)) throw new RangeError(`aspect ratio must be at most 200, got ${width}x${height}`);
  const rounded = (side: number) => roundHalfToEven(side / factor) * factor; // 0 for a thin side: then it is stretched
  const area = rounded(height) * rounded(width);
  if (area > bounds.maxPixels) {
    const shrink = Math.sqrt((height * width) / bounds.maxPixels);
    const cut = (side: number) => Math.max(factor, Math.floor(side / shrink / factor) * factor);
    return { height: cut(height), width: cut(width) };
  }
  if (area < bounds.minPixels) {
    const grow = Math.sqrt(bounds.minPixels / (height * width));
    const stretch = (side: number) => Math.ceil((side * grow) / factor) * factor;
    return { height: stretch(height), width: stretch(width) };
  }
  return { height: rounded(height), width: rounded(width) };
}
