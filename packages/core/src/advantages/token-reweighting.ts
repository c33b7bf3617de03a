import ndarray, { type NdArray } from 'ndarray';
import { checkAtLeast, checkOneOf, fail } from '../checks.js';
import { readAdvantages, readMask, readMatrix, shapeOf } from '../dense.js';
import type { MaskMatrix, Matrix } from '../types.js';

/** What a teacher says about a batch. Matrices are [B, T]. */
export interface TeacherBatch {
  /** [B] or [B, T] */
  readonly advantages: ArrayLike<number> | Matrix;
  /** Which tokens count. */
  readonly mask: MaskMatrix;
  /** Log-probabilities under the policy. */
  readonly logps: Matrix;
  /** Log-probabilities of the same tokens under the teacher. */
  readonly teacherLogps: Matrix;
}

/** Options of {@link selfDistillationAdvantages}. */
export interface SelfDistillationOptions {
  /** λ: how much of each advantage is reweighted, in [0, 1]. @defaultValue 1 */
  readonly mix?: number | undefined;
  /** The weight is held within 1 ± this. @defaultValue 0.2 */
  readonly clip?: number | undefined;
  /** Reweight all completions, or only those with A < 0. @defaultValue 'all' */
  readonly apply?: 'all' | 'negative' | undefined;
}

/**
 * Advantages reweighted a token by how the teacher sees it: credit goes where teacher and sign agree (RLSD). The sign of an
 * advantage never changes.
 *
 * A_t = A · ((1 − λ) + λ · clip(exp(sign(A) · (logp_teacher − logp)), 1 ± ε))
 *
 * As in ms-swift 4.6.
 *
 * @returns [B, T]; 0 under mask 0.
 * @throws RangeError for unequal shapes, or λ outside [0, 1].
 * @example
 * ```ts
 * const at = (x: number) => ndarray(Float64Array.of(x), [1, 1]);
 * selfDistillationAdvantages({ advantages: [2], mask: at(1), logps: at(-1), teacherLogps: at(-0.5) }).data; // [2.4]
 * ```
 */
export function selfDistillationAdvantages(
  batch: TeacherBatch,
  options: SelfDistillationOptions = {},
): NdArray<Float64Array> {
  const where = 'selfDistillationAdvantages';
  const { mix = 1, clip = 0.2, apply = 'all' } = options;
  if (!(mix >= 0 && mix <= 1)) fail(where, 'mix', 'be in [0, 1]', mix);
  checkAtLeast(where, 'clip', clip, 0);
  checkOneOf(where, 'apply', apply, ['all', 'negative']);
  return mapTokens(where, batch, (advantage, gap) => {
    if (apply === 'negative' && advantage >= 0) return advantage;
    const weight = Math.min(1 + clip, Math.max(1 - clip, Math.exp(Math.sign(advantage) * gap)));
    return advantage * (1 - mix + mix * weight);
  });
}

/**
 * Advantages with the teacher's preference added a token (on-policy distillation).
 *
 * A_t ← A_t + c · (logp_teacher − logp)
 *
 * As in ms-swift 4.6.
 *
 * @returns [B, T]; 0 under mask 0.
 * @throws RangeError for unequal shapes or a negative coefficient.
 * @example
 * ```ts
 * const at = (x: number) => ndarray(Float64Array.of(x), [1, 1]);
 * const batch = { advantages: [2], mask: at(1), logps: at(-1), teacherLogps: at(-0.5) };
 * distillationAdvantages(batch, { coefficient: 0.1 }).data; // [2.05]
 * ```
 */
export function distillationAdvantages(
  batch: TeacherBatch,
  options: { readonly coefficient: number },
): NdArray<Float64Array> {
  const where = 'distillationAdvantages';
  checkAtLeast(where, 'coefficient', options.coefficient, 0);
  return mapTokens(where, batch, (advantage, gap) => advantage + options.coefficient * gap);
}

function mapTokens(where: string, batch: TeacherBatch, change: (advantage: number, gap: number) => number) {
  const [rows, columns] = shapeOf(where, 'mask', batch.mask);
  const mask = readMask(where, batch.mask);
  const advantages = readAdvantages(where, batch.advantages, mask, rows, columns);
  const logps = readMatrix(where, 'logps', batch.logps, mask, rows, columns);
  const teacher = readMatrix(where, 'teacherLogps', batch.teacherLogps, mask, rows, columns);
  for (let k = 0; k < mask.length; k++) {
    if (mask[k] === 1) advantages[k] = change(advantages[k]!, teacher[k]! - logps[k]!);
  }
  return ndarray(advantages, [rows, columns]);
}
