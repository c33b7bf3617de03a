import { describe, expect, test } from '@jest/globals';
import * as core from '../src/index.js';
import { advantages } from './robustness/advantages.js';
import { figures } from './robustness/figures.js';
import { filters } from './robustness/filters.js';
import { loss } from './robustness/loss.js';
import { losses } from './robustness/losses.js';
import { tokenAdvantages } from './robustness/token-advantages.js';
import type { Limit, Table, Wrong } from './robustness/case.js';

const table: Table = { ...advantages, ...tokenAdvantages, ...losses, ...loss, ...filters, ...figures };

test('every function of core has a row', () => {
  const functions = Object.entries(core).flatMap(([name, member]) => (typeof member === 'function' ? [name] : []));
  expect(Object.keys(table).sort()).toEqual(functions.sort());
});

describe.each(Object.entries(table))('%s', (_, row) => {
  const cases = Object.entries(row).flatMap(([kind, entries]) =>
    (entries as readonly (Wrong | Limit)[]).map(([call, expected], i) => [`${kind} ${i}`, call, expected] as const),
  );
  test.each(cases)('%s', (_, call, expected) => {
    if (typeof expected === 'string' && expected.includes('` must ')) {
      expect(call).toThrow(RangeError);
      expect(call).toThrow(expected);
      expect(call).toThrow(/^`\w+`: `[^`]+` must .*, got /);
    } else expect(call()).toEqual(expected);
  });
});
