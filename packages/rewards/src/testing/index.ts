/**
 * Laws that a reward should keep, to be checked against your own, and the samples they are checked with. Needs fast-check.
 *
 * @module
 */
export { anyBatch, anyCompletion, anyLabel, anyLaidOut, anyText } from './arbitraries.js';
export { determinismLaw, monotoneLaw, orderLaw, rangeLaw, taskLaw, whiteSpaceLaw, type LawOptions } from './laws.js';
