/** A tone curve on [0, 1], clipped to it. */
export type Curve = (value: number) => number;

const clip = (value: number) => Math.min(1, Math.max(0, value));

/** The parabola through (0, 0), (1/2, middle) and (1, 1). */
export function parabola(middle: number): Curve {
  return (value) => clip(value + (4 * middle - 2) * value * (1 - value));
}

/**
 * The cubic spline through (0, 0), (.3, low), (.5, .5), (.7, 1 - low) and (1, 1), its ends not-a-knot as MATLAB's `spline`:
 * one cubic on each side of the middle. The points lie symmetrically around the middle, so there the spline does not bend.
 */
export function contrastCurve(low: number): Curve {
  const [first, second] = [low / 0.3, ((0.5 - low) / 0.2 - low / 0.3) / 0.5]; // of Newton's parabola through the three points
  const third = (-2 * second) / (6 * 0.5 - 2 * (0.3 + 0.5)); // of x (x - .3)(x - .5), for a second derivative of 0 at .5
  const half = (x: number) => x * (first + (x - 0.3) * (second + (x - 0.5) * third));
  return (value) => clip(value <= 0.5 ? half(value) : 1 - half(1 - value));
}
