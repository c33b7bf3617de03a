import type { ComparisonLabel, DegradationLabel } from '@q-insight/rewards';
import type { Enhancer } from '../evaluation/comparison-accuracy.js';

/** A picture with its mean opinion score. */
export interface ScoreRow {
  readonly task: 'score';
  /** Where it stands in its file. */
  readonly row: number;
  /** Path relative to the source's image folder. */
  readonly image: string;
  /** In [1, 5]. */
  readonly score: number;
  /** Standard deviation of the opinions, on the same scale. */
  readonly std?: number;
}

/** A picture with its distortion. */
export interface DegradationRow {
  readonly task: 'degradation';
  readonly row: number;
  readonly image: string;
  readonly distortionClass: DegradationLabel['distortionClass'];
  readonly level: DegradationLabel['level'];
}

/** Two enhanced pictures, which of them is better, and the picture both were made from. */
export interface ComparisonRow {
  readonly task: 'comparison';
  readonly row: number;
  readonly reference?: string;
  readonly imageA: string;
  readonly imageB: string;
  readonly better: ComparisonLabel['better'];
  readonly enhancers?: readonly [Enhancer, Enhancer];
}

/** A checked row of a label file. Plain and small: a million of them fit in memory. */
export type LabelRow = ScoreRow | DegradationRow | ComparisonRow;

/** The pictures of a row with the field that names each, in the order they are shown. */
export function picturesOf(row: LabelRow): { field: 'image' | 'reference' | 'imageA' | 'imageB'; image: string }[] {
  if (row.task !== 'comparison') return [{ field: 'image', image: row.image }];
  const { reference, imageA, imageB } = row;
  const pair = [
    { field: 'imageA' as const, image: imageA },
    { field: 'imageB' as const, image: imageB },
  ];
  return reference === undefined ? pair : [{ field: 'reference', image: reference }, ...pair];
}
