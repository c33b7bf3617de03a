import { matrix } from '../support/golden.js';

/** A wrong call and the error it gets, or a call at the limit and what it gives. */
export type Wrong = readonly [call: () => unknown, message: string];
export type Limit = readonly [call: () => unknown, gives: unknown];

/** What every function of core does with input that is wrong or at the limit; a kind that it has no place for is left out. */
export interface Row {
  /** Lengths or shapes that do not fit. */
  readonly shape?: readonly Wrong[];
  /** An unknown word among the options. */
  readonly name?: readonly Wrong[];
  /** NaN in a used place. */
  readonly nan?: readonly (Wrong | Limit)[];
  /** A negative coefficient, or another option out of its range. */
  readonly range?: readonly Wrong[];
  /** Nothing at all. */
  readonly empty?: readonly Limit[];
  /** Nothing that counts. */
  readonly masked?: readonly Limit[];
}

export type Table = Readonly<Record<string, Row>>;

export const none = matrix([]);
export const one = matrix([[1]]);
export const zero = matrix([[0]]);
export const nan = matrix([[NaN]]);
export const two = matrix([[1, 1]]);
export const what = 'nothing' as never;
export const flat = (value: unknown) => [...(value as { data: Float64Array }).data];
export const groups = ['a', 'a'];

/** The error of a NaN, and of a matrix that is too wide, beside a mask [1, 1]. */
export const notOf = (argument: string) => `\`${argument}\` must be finite where the mask is 1, at [0, 0], got NaN`;
export const shaped = (argument: string) => `\`${argument}\` must have shape [1, 1], got [1, 2]`;
