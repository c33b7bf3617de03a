import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { rewardPresets } from '@q-insight/rewards';
import { greeting } from '../../src/cli/serve.js';
import { temporaryFolder } from '../helpers/temporary.js';

const open: ChildProcess[] = [];
afterEach(() => {
  for (const child of open.splice(0)) child.kill('SIGKILL');
});

// eslint-disable-next-line no-control-regex -- colours are for terminals
const plain = (text: string) => text.replaceAll(/\u001b\[\d+m/g, '');

/** `q-insight serve` in a process of its own; what it has said once it says that Ctrl-C ends it. */
async function serve(args: string[], env: Record<string, string> = {}) {
  const main = fileURLToPath(new URL('fake-main.ts', import.meta.url));
  const command = ['--conditions=@q-insight/source', '--import', 'tsx', main, 'serve', '--port', '0', ...args];
  const child = spawn(process.execPath, command, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  open.push(child);
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(plain(line));
    if (line.includes('Ctrl-C')) break;
  }
  return { child, lines, url: /^(\S+) serves/.exec(lines[0] ?? '')?.[1] ?? '' };
}

test('serves, says what and how to ask; the line it prints works; SIGTERM ends it with 0', async () => {
  const file = join(temporaryFolder(), 'rewards.ts');
  const reward = "{ name: 'len', range: [0, 80], score: (sample: any) => sample.completion.length }";
  writeFileSync(file, `export default { rewards: [${reward}], weights: { len: 0.1 } };`);
  const { child, lines, url } = await serve([file], { Q_INSIGHT_TOKEN: 'secret' });
  expect(lines[0]).toBe(`${url} serves ${file}`);
  expect(lines[1]).toBe('  len                    0 to 80, weight 0.1');
  const curl = lines.find((line) => line.startsWith('curl '))!;
  expect(curl).toContain('"authorization: Bearer $Q_INSIGHT_TOKEN"');
  const ask = (token: string) => execFileSync('sh', ['-c', `${curl} -s`], { encoding: 'utf8', env: { ...process.env, Q_INSIGHT_TOKEN: token } }); // prettier-ignore
  expect(JSON.parse(ask('secret'))).toEqual({ id: '0', score: 6.9, components: { len: 69 }, errors: [] });
  expect(JSON.parse(ask('wrong'))).toMatchObject({ error: { code: 'unauthorized' } });
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('in several processes it speaks once, and ends them all', async () => {
  const { child, lines, url } = await serve(['--processes', '2']);
  expect(lines.filter((line) => line.includes('serves q-insight'))).toHaveLength(1);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain('q_insight_processes 2\n');
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('says when only whole groups can be asked for', () => {
  const text = plain(greeting('http://127.0.0.1:1', rewardPresets['visualquality-r1'](), 'r.yaml', false));
  expect(text).toContain('the other protocols tell no groups');
  expect(text).toContain('"group":"photo-1"');
  expect(text).toContain('fidelity               0 to 1.001');
  expect(plain(greeting('u', rewardPresets['q-insight'](), 'q-insight', false))).toContain('/get_reward (OpenRLHF)');
});
