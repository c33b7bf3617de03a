import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readAnswers } from '../../../src/tracking/dashboard/answers.js';
import { answer, linesOf } from '../../helpers/dashboard-run.js';
import { temporaryFolder } from '../../helpers/temporary.js';

const file = join(temporaryFolder(), 'rollouts.jsonl');
const ids = async (from: number, to = from, most = 1000) =>
  (await readAnswers(file, from, to, most)).map(({ id }) => id);

describe('readAnswers', () => {
  test('there are none without a file', async () => expect(await readAnswers(`${file}.none`, 1, 2, 10)).toEqual([]));

  test('finds what a search through the whole file finds, whatever the lengths of lines and gaps between steps', async () => {
    const jumps = fc.array(fc.record({ jump: fc.nat(3), length: fc.constantFrom(0, 1, 300, 70_000) }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(jumps, fc.nat(12), fc.nat(6), async (plan, from, width) => {
        let step = 0;
        const all = plan.map(({ jump, length }, k) =>
          answer({ step: (step += jump), id: String(k), text: 'ä'.repeat(length) }),
        );
        writeFileSync(file, linesOf(all));
        const wanted = all.filter((one) => one.step >= from && one.step <= from + width);
        expect(await readAnswers(file, from, from + width, 1000)).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });

  test('a line that is being written is not there yet; one that holds no answer is passed over', async () => {
    const rows = [answer({ step: 1, id: 'a' }), answer({ step: 2, id: 'b' }), answer({ step: 2, id: 'c' })];
    writeFileSync(file, `${linesOf(rows.slice(0, 1))}torn{\n${linesOf(rows.slice(1))}`.slice(0, -1));
    expect(await ids(1)).toEqual(['a']);
    expect(await ids(2)).toEqual(['b']);
    expect(await ids(3)).toEqual([]);
  });

  test('no more than asked for, the first ones', async () => {
    writeFileSync(file, linesOf([1, 1, 1, 2].map((step, k) => answer({ step, id: String(k) }))));
    expect(await ids(1, 2, 3)).toEqual(['0', '1', '2']);
  });

  test('an answer that is not as the loop writes it is named by file, step and field', async () => {
    writeFileSync(file, linesOf([answer(), { ...answer({ step: 2 }), label: { task: 'score', score: 'high' } }]));
    expect(await ids(1)).toHaveLength(1);
    await expect(ids(2)).rejects.toThrow(`${file}, step 2: 'label.score' must be a number, got "high"`);
  });
});
