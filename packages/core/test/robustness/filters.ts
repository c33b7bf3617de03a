import * as core from '../../src/index.js';
import { none, one, zero, nan, two, what, flat, groups, notOf, shaped, type Table } from './case.js';

/** Filters and shaping. */
export const filters: Table = {
  collectGroups: {
    nan: [
      [() => core.collectGroups(undefined, [], { target: NaN }), '`target` must be a whole number above 0, got NaN'],
    ],
    range: [
      [() => core.collectGroups(undefined, [], { target: 1.5 }), '`target` must be a whole number above 0, got 1.5'],
      [
        () => core.collectGroups(undefined, [], { target: 1, maxRounds: -1 }),
        '`maxRounds` must be a whole number above 0, got -1',
      ],
    ],
    empty: [
      [
        () => core.collectGroups(undefined, [], { target: 1, maxRounds: 1 }),
        { status: 'exhausted', kept: [], surplus: [], rounds: 1, rejected: 0 },
      ],
    ],
  },
  filterZeroVariance: {
    shape: [
      [() => core.filterZeroVariance([1], groups, one, 'keep'), '`groups` must have length 1, got 2'],
      [() => core.filterZeroVariance([1, 2], groups, one, 'keep'), '`rewards` must have length 1, got 2'],
    ],
    name: [
      [
        () => core.filterZeroVariance([1], ['a'], one, what),
        '`policy` must be one of keep, mask-policy, mask-all, drop',
      ],
    ],
    nan: [
      [
        () => core.filterZeroVariance([Infinity], ['a'], one, 'keep'),
        '`rewards` must be finite or null, at [0], got Infinity',
      ],
      [() => core.filterZeroVariance([NaN], ['a'], one, 'drop').rows, []],
    ],
    range: [
      [() => core.filterZeroVariance([1], ['a'], one, 'keep', { tolerance: -1 }), '`tolerance` must be at least 0'],
    ],
    empty: [[() => core.filterZeroVariance([], [], none, 'drop').rows, []]],
    masked: [[() => flat(core.filterZeroVariance([1], ['a'], zero, 'keep').mask), [0]]],
  },
  isInformative: {
    nan: [
      [() => core.isInformative([NaN, null, 1]), false],
      [() => core.isInformative([1], { band: [0, NaN] }), '`band` must be [low, high] with low < high'],
    ],
    range: [
      [() => core.isInformative([1], { band: [1, 0] }), '`band` must be [low, high] with low < high, got [1, 0]'],
      [() => core.isInformative([1], { tolerance: -1 }), '`tolerance` must be at least 0, got -1'],
    ],
    empty: [[() => core.isInformative([]), false]],
  },
  maskTruncated: {
    shape: [[() => core.maskTruncated(one, [true, false]), '`truncated` must have length 1, got 2']],
    nan: [[() => core.maskTruncated(nan, [true]), '`mask` must be 0 or 1 at [0, 0], got NaN']],
    empty: [[() => flat(core.maskTruncated(none, [])), []]],
    masked: [[() => flat(core.maskTruncated(zero, [false])), [0]]],
  },
  overlongPenalties: {
    name: [
      [
        () => core.overlongPenalties([1], { maxLength: 1, buffer: 1, beyond: what }),
        '`beyond` must be one of saturate',
      ],
    ],
    nan: [
      [() => core.overlongPenalties([NaN], { maxLength: 1, buffer: 1 }), '`lengths[0]` must be at least 0, got NaN'],
    ],
    range: [
      [() => core.overlongPenalties([1], { maxLength: 1, buffer: 1, factor: -1 }), '`factor` must be above 0, got -1'],
      [() => core.overlongPenalties([1], { maxLength: 1, buffer: 2 }), '`buffer` must be at most maxLength 1, got 2'],
    ],
    empty: [[() => core.overlongPenalties([], { maxLength: 1, buffer: 1 }), new Float64Array(0)]],
  },
  replaceGroups: {
    nan: [[() => core.replaceGroups([], { seed: 's', minShare: NaN }), '`minShare` must be at least 0, got NaN']],
    range: [[() => core.replaceGroups([], { seed: 's', minShare: 2 }), '`minShare` must be at most 1, got 2']],
    empty: [[() => core.replaceGroups([], { seed: 's' }), { groups: [], replaced: 0 }]],
  },
  retireSolved: {
    nan: [[() => core.retireSolved({}, [], { goodAbove: NaN }), '`goodAbove` must be finite, got NaN']],
    range: [[() => core.retireSolved({}, [], { passRate: 2 }), '`passRate` must be at most 1, got 2']],
    empty: [[() => core.retireSolved({ a: true }, []), { a: true }]],
  },
  stopProperlyRewards: {
    shape: [[() => core.stopProperlyRewards([1], [true, false], 1), '`truncated` must have length 1, got 2']],
    nan: [[() => core.stopProperlyRewards([1], [true], NaN), '`coefficient` must be finite, got NaN']],
    empty: [[() => core.stopProperlyRewards([], [], 1), new Float64Array(0)]],
  },
  topEntropyMask: {
    shape: [[() => core.topEntropyMask(two, one, 1), shaped('entropies')]],
    nan: [
      [() => core.topEntropyMask(nan, one, 1), notOf('entropies')],
      [() => core.topEntropyMask(one, one, NaN), '`share` must be in [0, 1], got NaN'],
    ],
    range: [[() => core.topEntropyMask(one, one, -1), '`share` must be in [0, 1], got -1']],
    empty: [[() => core.topEntropyMask(none, none, 1).threshold, 0]],
    masked: [[() => core.topEntropyMask(nan, zero, 1).threshold, 0]],
  },
};
