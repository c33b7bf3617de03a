import { parseExpression } from './expression.js';

/** Points at which two formulas are compared; positive, so that roots and logarithms are real. */
const POINTS = 5;
const TOLERANCE = 1e-9;

/**
 * Whether two pieces of LaTeX mean the same: numerically, at a few fixed values of the variables. `undefined` when one of them is
 * no formula. Of an equation the right side counts.
 */
export function sameFormula(a: string, b: string): boolean | undefined {
  const [left, right] = [parseExpression(rightSide(a)), parseExpression(rightSide(b))];
  if (left === undefined || right === undefined) return undefined;
  let compared = 0;
  for (let point = 1; point <= POINTS; point += 1) {
    const variables = (name: string): number => valueAt(name, point);
    const [x, y] = [left(variables), right(variables)];
    if (!Number.isFinite(x) && !Number.isFinite(y)) continue; // neither has a value there
    compared += 1;
    if (!Number.isFinite(x - y) || Math.abs(x - y) > TOLERANCE * Math.max(1, Math.abs(x), Math.abs(y))) return false;
  }
  return compared > 0 || a.trim() === b.trim();
}

/** A value between 1 and 2 that differs from name to name and from point to point. */
function valueAt(name: string, point: number): number {
  let hash = point * 7919;
  for (const letter of name) hash = (hash * 31 + letter.charCodeAt(0)) % 1_000_003;
  return 1 + ((hash * 0.618_033_988_749) % 1);
}

function rightSide(formula: string): string {
  return formula.slice(formula.lastIndexOf('=') + 1).trim();
}
