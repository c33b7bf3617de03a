import type { ParityCase } from '../parity/case.js';
import { errors, scaleOf } from './close.js';

/** What was run, by golden file. */
const packages: Readonly<Record<string, string>> = {
  loss_qinsight: 'Q-Insight 08308fd',
  loss_trl: 'trl 1.16.0',
  loss_trl_float32_extreme: 'trl 1.16.0',
  misc_trl: 'trl 1.16.0',
  vllm_is_trl: 'trl 1.16.0',
  adv_trl: 'trl 1.16.0',
  adv_trl_rloo: 'trl 1.16.0',
  loss_verl: 'verl 0.9.1',
  kl_agg_verl: 'verl 0.9.1',
  adv_verl: 'verl 0.9.1',
  loss_openrlhf: 'openrlhf 0.11.2',
  kl_agg_openrlhf: 'openrlhf 0.11.2',
  adv_openrlhf: 'openrlhf 0.11.2',
  loss_swift: 'ms-swift 4.6.0',
  adv_swift: 'ms-swift 4.6.0',
  loss_skyrl: 'skyrl 0.3.0',
  kl_agg_skyrl: 'skyrl 0.3.0',
  adv_skyrl: 'skyrl 0.3.0',
  loss_easyr1: 'EasyR1 b44b311b',
  adv_easyr1: 'EasyR1 b44b311b',
  loss_prime_rl: 'prime-rl 559b4477',
  loss_liger: 'liger-kernel 0.8.5',
  linear_grpo_liger: 'liger-kernel 0.8.5',
  adv_tinker: 'tinker-cookbook 0.6.1',
};

/** Largest error of a case, relative to the scale of the list it is in (at least 1e-3, below which it is absolute). */
function worst(c: ParityCase): number {
  const of = ({ actual, expected }: ReturnType<ParityCase['run']>[number]) => {
    const e = typeof expected === 'number' ? [expected] : expected;
    const a = typeof actual === 'number' ? [actual] : actual;
    return Math.max(0, ...errors(a, e)) / Math.max(1e-3, scaleOf(e));
  };
  return Math.max(0, ...c.run().map(of));
}

/** One power of ten up, so that the page does not change with the last bits. */
const bound = (error: number) => (error === 0 ? '0' : `1e${Math.ceil(Math.log10(error))}`);

/** The tables of docs/parity.md. */
export function parityTables(all: readonly ParityCase[]): string {
  const rows = new Map<string, { cases: number; error: number }>();
  const differing = new Map<string, number>();
  for (const c of all) {
    const system = packages[c.file] ?? c.file;
    if (c.differs !== undefined) {
      const key = `| ${system} | \`${c.name}\` | ${c.differs} |`;
      differing.set(key, (differing.get(key) ?? 0) + 1);
      continue;
    }
    const preset = c.preset === undefined ? '' : `\`${c.preset}\``;
    const key = `| ${system} | \`${c.name}\` | ${preset} | \`${c.file}\` |`;
    const row = rows.get(key) ?? { cases: 0, error: 0 };
    rows.set(key, { cases: row.cases + 1, error: Math.max(row.error, worst(c)) });
  }
  const reproduced = [...rows].map(([key, { cases, error }]) => `${key} ${cases} | ${bound(error)} |`);
  const others = [...differing].map(([key, cases]) => `${key} ${cases} |`);
  return [
    '| package | function or option | preset | data | cases | largest error below |',
    '| --- | --- | --- | --- | --- | --- |',
    ...reproduced,
    '',
    '## Not reproduced, on purpose',
    '',
    '| package | function or option | why | cases |',
    '| --- | --- | --- | --- |',
    ...others,
  ].join('\n');
}
