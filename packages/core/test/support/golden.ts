import { readFileSync } from 'node:fs';
import ndarray from 'ndarray';
import type { GrpoBatch } from '../../src/index.js';

/** One batch of a loss file's pool. */
export interface GoldenInput {
  readonly name: string;
  readonly logps: number[][];
  readonly oldLogps: number[][];
  readonly refLogps: number[][];
  readonly rolloutLogps: number[][];
  readonly entropies: number[][];
  readonly advantages: number[] | number[][];
  readonly mask: number[][];
}

export interface Golden<Case> {
  readonly header: { readonly inputs: GoldenInput[] };
  readonly cases: Case[];
}

/** Reads a file of test/golden; the strings "NaN" and "±Infinity" become numbers. */
export function golden<Case>(name: string): Golden<Case> {
  const text = readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8');
  return JSON.parse(text, (_, value: unknown) =>
    value === 'NaN' ? NaN : value === 'Infinity' ? Infinity : value === '-Infinity' ? -Infinity : value,
  ) as Golden<Case>;
}

export function matrix(rows: number[][]) {
  return ndarray(Float64Array.from(rows.flat()), [rows.length, rows[0]?.length ?? 0]);
}

export function advantagesOf(input: GoldenInput): GrpoBatch['advantages'] {
  return Array.isArray(input.advantages[0]) ? matrix(input.advantages as number[][]) : (input.advantages as number[]);
}

/** The input as a batch: logps, oldLogps, mask and advantages; more by spreading. */
export function batchOf(input: GoldenInput): GrpoBatch {
  return {
    logps: matrix(input.logps),
    oldLogps: matrix(input.oldLogps),
    mask: matrix(input.mask),
    advantages: advantagesOf(input),
  };
}
