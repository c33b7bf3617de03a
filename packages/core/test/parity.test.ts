import { describe, expect, test } from '@jest/globals';
import { cases as advOpenrlhf } from './parity/adv-openrlhf.js';
import { cases as advSkyrl } from './parity/adv-skyrl.js';
import { cases as advSwift } from './parity/adv-swift.js';
import { cases as advTrl } from './parity/adv-trl.js';
import { cases as advVerl } from './parity/adv-verl.js';
import { cases as klAggVerl } from './parity/kl-agg-verl.js';
import { cases as lossQInsight } from './parity/loss-qinsight.js';
import { cases as lossTrl } from './parity/loss-trl.js';
import { cases as lossVerl } from './parity/loss-verl.js';
import { cases as easyr1 } from './parity/easyr1.js';
import { cases as liger } from './parity/liger.js';
import { cases as openrlhf } from './parity/openrlhf.js';
import { cases as primeRl } from './parity/prime-rl.js';
import { cases as skyrl } from './parity/skyrl.js';
import { cases as swift } from './parity/swift.js';
import { cases as linearLiger } from './parity/linear-liger.js';
import { cases as miscTrl } from './parity/misc-trl.js';
import { cases as tinker } from './parity/tinker.js';
import { expectClose } from './support/close.js';
import { type PresetName } from '../src/index.js';
import { systems } from '../src/presets/systems.js';
import { parityTables } from './support/report.js';
import { readFileSync, writeFileSync } from 'node:fs';

const sources = [
  lossQInsight,
  linearLiger,
  miscTrl,
  tinker,
  lossTrl,
  lossVerl,
  klAggVerl,
  openrlhf,
  swift,
  skyrl,
  easyr1,
  primeRl,
  liger,
  advTrl,
  advVerl,
  advOpenrlhf,
  advSwift,
  advSkyrl,
];
const all = sources.flatMap((cases) => cases());

describe('parity with the real packages', () => {
  test.each(all.map((c, i) => [i, c.file, c.name, c] as const))('%d %s %s', (_, __, ___, c) => {
    const comparisons = c.run();
    expect(comparisons.length).toBeGreaterThan(0);
    const compare = () => comparisons.forEach((x) => expectClose(x.actual, x.expected, x.tolerance));
    if (c.differs === undefined) compare();
    else expect(compare).toThrow('differs by');
  });
});

test('every preset of a system is put to the test, but for those no outputs could be had of', () => {
  const used = new Set(all.filter((c) => c.differs === undefined).map((c) => c.preset));
  expect(Object.keys(systems).filter((name) => !used.has(name as PresetName))).toEqual(['open-instruct']);
});

// UPDATE_PARITY=1 writes the tables anew after a change of cases or accuracy; then format the page
test('docs/parity.md says what was compared', () => {
  const page = new URL('../../../docs/parity.md', import.meta.url);
  const [head, foot] = ['<!-- generated: begin -->\n', '\n<!-- generated: end -->'];
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split(head) as [string, string];
  const after = rest.slice(rest.indexOf(foot));
  const wanted = `${before}${head}\n${parityTables(all)}\n${after}`;
  if (process.env['UPDATE_PARITY'] === '1') writeFileSync(page, wanted);
  const plain = (table: string) => table.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');
  expect(plain(readFileSync(page, 'utf8'))).toBe(plain(wanted));
});
