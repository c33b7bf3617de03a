import { checkLength } from './checks.js';
import { readAdvantages, readMask, readMatrix, shapeOf } from './dense.js';
import type { GroupId, GrpoBatch } from './types.js';

/** @internal A {@link GrpoBatch} checked and laid out flat, row-major, float64. */
export interface FlatBatch {
  readonly rows: number;
  readonly columns: number;
  readonly mask: Uint8Array;
  readonly logps: Float64Array;
  readonly advantages: Float64Array;
  readonly oldLogps: Float64Array | undefined;
  readonly refLogps: Float64Array | undefined;
  readonly samplerLogps: Float64Array | undefined;
  readonly entropies: Float64Array | undefined;
  readonly weights: Float64Array | undefined;
  readonly policyWeights: Float64Array | undefined;
  readonly groups: ArrayLike<GroupId> | undefined;
}

/** @internal */
export function flatten(where: string, batch: GrpoBatch): FlatBatch {
  const [rows, columns] = shapeOf(where, 'logps', batch.logps);
  const [maskRows, maskColumns] = shapeOf(where, 'mask', batch.mask);
  checkLength(where, 'mask rows', maskRows, rows);
  checkLength(where, 'mask columns', maskColumns, columns);
  if (batch.groups !== undefined) checkLength(where, 'groups', batch.groups.length, rows);
  const mask = readMask(where, batch.mask);
  const optional = (name: 'oldLogps' | 'refLogps' | 'samplerLogps' | 'entropies' | 'weights' | 'policyWeights') => {
    const matrix = batch[name];
    if (matrix === undefined) return undefined;
    return readMatrix(where, name, matrix, mask, rows, columns, name === 'samplerLogps' ? 'allow NaN' : 'reject NaN');
  };
  return {
    rows,
    columns,
    mask,
    logps: readMatrix(where, 'logps', batch.logps, mask, rows, columns),
    advantages: readAdvantages(where, batch.advantages, mask, rows, columns),
    oldLogps: optional('oldLogps'),
    refLogps: optional('refLogps'),
    samplerLogps: optional('samplerLogps'),
    entropies: optional('entropies'),
    weights: optional('weights'),
    policyWeights: optional('policyWeights'),
    groups: batch.groups,
  };
}
