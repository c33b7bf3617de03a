import { checkLength } from './checks.js';
import { checkAdvantages, checkShape, readAdvantageRows, readMask, readRows, shapeOf } from './dense.js';
import type { GroupId, GrpoBatch, Matrix } from './types.js';

/** @internal Rows of a {@link GrpoBatch}, checked and laid out flat, row-major, float64. What the batch lacks is undefined. */
export interface FlatRows {
  readonly columns: number;
  readonly mask: Uint8Array;
  readonly logps: Float64Array;
  /** Under mask 0 any finite number. */
  readonly advantages: Float64Array;
  readonly oldLogps: Float64Array | undefined;
  readonly refLogps: Float64Array | undefined;
  readonly samplerLogps: Float64Array | undefined;
  readonly entropies: Float64Array | undefined;
  readonly weights: Float64Array | undefined;
  readonly policyWeights: Float64Array | undefined;
}

const optional = ['oldLogps', 'refLogps', 'samplerLogps', 'entropies', 'weights', 'policyWeights'] as const;

/** @internal A {@link GrpoBatch} of checked shapes, to be read a block of rows at a time. */
export interface BatchReader {
  readonly rows: number;
  readonly columns: number;
  /** Of all rows. */
  readonly mask: Uint8Array;
  readonly groups: ArrayLike<GroupId> | undefined;
  /** Arrays for so many rows. */
  readonly allocate: (rows: number) => FlatRows;
  /** Fills `out` with the rows from `first` on. */
  readonly read: (first: number, out: FlatRows) => void;
}

/** @internal */
export function batchReader(where: string, batch: GrpoBatch): BatchReader {
  const [rows, columns] = shapeOf(where, 'logps', batch.logps);
  const [maskRows, maskColumns] = shapeOf(where, 'mask', batch.mask);
  checkLength(where, 'mask rows', maskRows, rows);
  checkLength(where, 'mask columns', maskColumns, columns);
  if (batch.groups !== undefined) checkLength(where, 'groups', batch.groups.length, rows);
  const mask = readMask(where, batch.mask);
  const advantages = checkAdvantages(where, batch.advantages, rows, columns);
  const given = optional.filter((name) => batch[name] !== undefined);
  for (const name of given) checkShape(where, name, batch[name]!, rows, columns);

  const allocate = (count: number): FlatRows => {
    const numbers = () => new Float64Array(count * columns);
    const ifGiven = (matrix: Matrix | undefined) => matrix && numbers();
    return {
      columns,
      mask: new Uint8Array(count * columns),
      logps: numbers(),
      advantages: numbers(),
      oldLogps: ifGiven(batch.oldLogps),
      refLogps: ifGiven(batch.refLogps),
      samplerLogps: ifGiven(batch.samplerLogps),
      entropies: ifGiven(batch.entropies),
      weights: ifGiven(batch.weights),
      policyWeights: ifGiven(batch.policyWeights),
    };
  };

  const read = (first: number, out: FlatRows): void => {
    out.mask.set(mask.subarray(first * columns, first * columns + out.mask.length));
    readRows(where, 'logps', batch.logps, out.mask, columns, first, out.logps);
    readAdvantageRows(where, advantages, out.mask, columns, first, out.advantages);
    for (const name of given) {
      const missing = name === 'samplerLogps' ? 'allow NaN' : 'reject NaN';
      readRows(where, name, batch[name]!, out.mask, columns, first, out[name]!, missing);
    }
  };
  return { rows, columns, mask, groups: batch.groups, allocate, read };
}
