import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { followLines } from '../../../src/tracking/dashboard/follow-lines.js';
import { lastRow } from '../../../src/tracking/dashboard/last-row.js';
import { linesOf } from '../../helpers/dashboard-run.js';
import { temporaryFolder } from '../../helpers/temporary.js';

const folder = temporaryFolder();
let number = 0;

/** A file and what was heard of it. */
function follow() {
  const file = join(folder, `${number++}.jsonl`);
  const rows: object[] = [];
  const update = followLines(file, { onRestart: () => (rows.length = 0), onRow: (row) => rows.push(row) });
  return { file, rows, update };
}

describe('followLines', () => {
  test('reads what is added, and a line only when it is whole', async () => {
    const { file, rows, update } = follow();
    await update(); // no such file yet
    writeFileSync(file, '{"a":1}\n{"a":');
    await update();
    expect(rows).toEqual([{ a: 1 }]);
    appendFileSync(file, '2}');
    await update();
    expect(rows).toEqual([{ a: 1 }]);
    appendFileSync(file, '\n');
    await update();
    expect(rows).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test('hears the same, however the file is cut into pieces, in the middle of a letter too', async () => {
    const text = fc.array(fc.record({ a: fc.integer(), b: fc.string({ unit: 'grapheme' }) }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(), { maxLength: 6 }), async (expected, places) => {
        const { file, rows, update } = follow();
        const bytes = Buffer.from(linesOf(expected));
        const cuts = [...places.map((place) => place % (bytes.length + 1)), 0, bytes.length].sort((a, b) => a - b);
        for (const [k, cut] of cuts.slice(1).entries()) {
          appendFileSync(file, bytes.subarray(cuts[k], cut));
          await update();
        }
        expect(rows).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test('passes over a line that holds no object', async () => {
    const { file, rows, update } = follow();
    writeFileSync(file, '{"a":1}\nnull\n{"to\n\n[1]\n{"a":2}\n');
    await update();
    expect(rows).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test('starts anew when the file was made anew, though it is no shorter, and when it went and came', async () => {
    const { file, rows, update } = follow();
    writeFileSync(file, '{"a":1}\n{"a":2}\n');
    await update();
    writeFileSync(file, '{"b":1}\n{"b":2}\n{"b":3}\n');
    await update();
    expect(rows).toEqual([{ b: 1 }, { b: 2 }, { b: 3 }]);
    writeFileSync(file, '{"b":1}\n');
    await update();
    expect(rows).toEqual([{ b: 1 }]);
    rmSync(file);
    await update();
    expect(rows).toEqual([]);
    writeFileSync(file, '{"c":1}\n');
    await update();
    expect(rows).toEqual([{ c: 1 }]);
  });

  test('reads lines longer than what it reads at a time', async () => {
    const { file, rows, update } = follow();
    const long = 'ä'.repeat(2_500_000);
    writeFileSync(file, linesOf([{ a: 1 }, { long }, { a: 2 }]));
    await update();
    expect(rows).toEqual([{ a: 1 }, { long }, { a: 2 }]);
  });

  test('calls at once do not read twice', async () => {
    const { file, rows, update } = follow();
    writeFileSync(file, '{"a":1}\n');
    await Promise.all([update(), update(), update()]);
    expect(rows).toEqual([{ a: 1 }]);
  });
});

describe('lastRow', () => {
  test('is the last whole object, and says when the file changed', async () => {
    const file = join(folder, 'last.jsonl');
    expect(await lastRow(file)).toEqual({ row: {}, changed: null });
    writeFileSync(file, `${'{"step":1}\n'.repeat(9000)}{"step":2}\n{"st`);
    const { row, changed } = await lastRow(file);
    expect(row).toEqual({ step: 2 });
    expect(Date.now() - changed!).toBeLessThan(60_000);
    writeFileSync(file, '{"st');
    expect((await lastRow(file)).row).toEqual({});
  });
});
