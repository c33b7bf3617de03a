import { describe, expect, test } from '@jest/globals';
import { collectGroups, isInformative, replaceGroups, retireSolved } from '../../src/index.js';

const group = (id: string, ...rewards: (number | null)[]) => ({ id, rewards, item: id });
const [good, solved, hopeless] = [group('good', 1, 0), group('solved', 1, 1), group('hopeless', 0, 0)];
const ids = (groups: readonly { id: string }[]) => groups.map((g) => g.id);

describe('collectGroups', () => {
  test('samples on until it is filled, and hands back what is over', () => {
    const first = collectGroups(undefined, [good, solved], { target: 2 });
    expect(first).toMatchObject({ status: 'more', rounds: 1, rejected: 1 });
    const second = collectGroups(first, [hopeless, group('b', 0, 1), group('c', 2, 1)], { target: 2 });
    expect(second).toMatchObject({ status: 'filled', rounds: 2, rejected: 2 });
    expect([ids(second.kept), ids(second.surplus)]).toEqual([['good', 'b'], ['c']]);
  });

  test('says so when rounds are used up: partial with something, exhausted with nothing', () => {
    const options = { target: 2, maxRounds: 1 };
    expect(collectGroups(undefined, [good, solved], options).status).toBe('partial');
    expect(collectGroups(undefined, [hopeless, solved], options)).toMatchObject({
      status: 'exhausted',
      kept: [],
      rejected: 2,
    });
    expect(collectGroups(undefined, [], options).status).toBe('exhausted');
  });

  test('bad options', () => {
    expect(() => collectGroups(undefined, [], { target: 0 })).toThrow('`target` must be a whole number above 0, got 0');
    expect(() => collectGroups(undefined, [], { target: 1, maxRounds: 0 })).toThrow(
      '`maxRounds` must be a whole number above 0',
    );
  });
});

describe('isInformative', () => {
  test('by difference, null left out', () => {
    expect(isInformative([1, null])).toBe(false);
    expect(isInformative([1, null, 0.5])).toBe(true);
    expect(isInformative([1, 1 + 1e-9])).toBe(false);
    expect(isInformative([])).toBe(false);
  });
  test('by band, strictly inside', () => {
    expect(isInformative([0, 1], { band: [0.01, 0.99] })).toBe(true);
    expect(isInformative([0.5, 0.5], { band: [0.01, 0.99] })).toBe(true);
    expect(isInformative([1, 1], { band: [0, 1] })).toBe(false);
    expect(() => isInformative([1, 1], { band: [1, 0] })).toThrow('`band` must be [low, high] with low < high');
  });
});

describe('replaceGroups', () => {
  test('fills with copies of good groups, the same for the same seed', () => {
    const groups = [good, solved, group('b', 0, 2), hopeless];
    const { groups: filled, replaced } = replaceGroups(groups, { seed: 'a' });
    expect(replaced).toBe(2);
    expect(ids(filled)[0]).toBe('good');
    expect(ids(filled)[2]).toBe('b');
    expect(filled.every((g) => isInformative(g.rewards))).toBe(true);
    expect(replaceGroups(groups, { seed: 'a' }).groups).toEqual(filled);
  });
  test('leaves everything when too few are good', () => {
    const groups = [good, solved, solved, hopeless];
    expect(replaceGroups(groups, { seed: 'a' })).toEqual({ groups, replaced: 0 });
    expect(replaceGroups([solved], { seed: 'a' }).replaced).toBe(0);
    expect(() => replaceGroups(groups, { seed: 'a', minShare: 2 })).toThrow('`minShare` must be at most 1, got 2');
  });
});

describe('retireSolved', () => {
  test('adds prompts at the pass rate, keeps those retired before', () => {
    const nine = group('nine', ...Array<number>(9).fill(1), 0);
    expect(retireSolved({ old: true }, [solved, good, nine, hopeless])).toEqual({
      old: true,
      solved: true,
      nine: true,
    });
    expect(retireSolved({}, [nine], { passRate: 0.95 })).toEqual({});
    expect(retireSolved({}, [group('none', null)])).toEqual({});
    expect(() => retireSolved({}, [], { passRate: 0 })).toThrow('`passRate` must be above 0, got 0');
  });
});
