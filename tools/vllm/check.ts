// Trains the tiny recipe sampled by the model itself, and by a real vLLM on the CPU: an adapter in turn; an adapter one step ahead, with
// the server killed and started again in the middle; an adapter by two servers, of which one is killed in the middle; and full weights.
// All of it, or the parts named:
//   npm run test:vllm [-- STEPS [local] [in-turn] [ahead] [two] [full]]
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJsonl } from '../../packages/trainer/src/tracking/jsonl.js';
import type { ServerProcess } from '../server-process.js';
import { startVllm } from './server.js';

type Metrics = Readonly<Record<string, number>>;

const steps = Number(process.argv[2] ?? 20);
const parts = process.argv.slice(3);
const isWanted = (part: string) => parts.length === 0 || parts.includes(part);
const root = mkdtempSync(join(tmpdir(), 'q-insight-vllm-'));
const model = join(root, 'model');
const port = 8137;
const CLI = ['--conditions=@q-insight/source', '--import', 'tsx', 'packages/trainer/src/cli/main.ts'];
// a small adapter has far to go in a few steps
const ADAPTER = [
  'model.train=lora',
  'optimizer.learningRate=2e-3',
  'optimizer.schedule=constant',
  'optimizer.warmupSteps=0',
];
const FULL = ['optimizer.schedule=constant', 'optimizer.warmupSteps=0'];
const PROMPTS = 8;
const COMPLETIONS = PROMPTS * 8;
const SHARED = [`grpo.promptsPerStep=${PROMPTS}`, `steps=${steps}`, 'timeLimitMinutes=120', 'trackers=[]'];
/** float32 on both sides; their kernels round differently, and an adapter is added before or after the product. */
const TOLERANCE = 2e-4;

/** Trains with the command line, in a process of its own. */
function train(name: string, settings: readonly string[], onStep?: (done: number) => void): Promise<Metrics[]> {
  const folder = join(root, name);
  const sets = [...settings, ...SHARED].flatMap((setting) => ['--set', setting]);
  const command = [...CLI, 'train', 'recipes/tiny.yaml', ...sets, '--no-evaluate', '--output', folder];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const metrics = () => readJsonl<Metrics>(join(folder, 'metrics.jsonl'));
  const watch = setInterval(() => onStep?.(metrics().length), 200);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      clearInterval(watch);
      if (code === 0) resolve(metrics());
      else reject(new Error(`${name}: exit code ${code}: ${errors.slice(-2000)}`));
    });
  });
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const failures: string[] = [];
const expect = (holds: boolean, what: string) => {
  if (!holds) failures.push(what);
};

/** Prints and judges a run. */
function judge(name: string, metrics: readonly Metrics[], bySteps: 'vllm' | 'policy', staleness = 0): void {
  const of = (key: string) => metrics.map((row) => row[key] ?? NaN);
  const [first, last] = [mean(of('reward').slice(0, 4)), mean(of('reward').slice(-4))];
  const same = of('sampling/sampling_logp_difference/max').slice(0, staleness === 0 ? undefined : 1);
  const seconds = mean(of(staleness === 0 ? 'time/sample' : 'time/wait').slice(1));
  console.log(
    `${name}: ${metrics.length} steps, reward ${first.toFixed(3)} to ${last.toFixed(3)} (means of four steps), ` +
      `|Δ log-prob| at the same weights at most ${Math.max(...same).toExponential(1)}, ` +
      `${staleness === 0 ? 'sampling' : 'waiting'} ${seconds.toFixed(2)} s and update ${mean(of('time/update').slice(1)).toFixed(2)} s a step`,
  );
  expect(metrics.length === steps, `${name}: ${metrics.length} steps, expected ${steps}`);
  expect(of('completions/count').every((count) => count === COMPLETIONS), `${name}: completions are missing`); // prettier-ignore
  expect(last > first + 0.05, `${name}: the reward does not rise`);
  if (bySteps === 'policy') return;
  expect(Math.max(...same) < TOLERANCE, `${name}: log-probs differ by more than ${TOLERANCE}`);
  if (staleness > 0) {
    const expected = metrics.map((_, i) => Math.min(i, staleness));
    expect(String(of('sampling/staleness')) === String(expected), `${name}: staleness is not ${expected.join()}`);
  }
}

let server: ServerProcess | undefined;
const log = join(root, 'vllm.log');
const start = async () => {
  server = await startVllm(model, port, log);
};
const sampledAt = (...ports: readonly number[]) => {
  const urls = ports.map((one) => `http://127.0.0.1:${one}`);
  return ['sampler.kind=vllm', `sampler.urls=${JSON.stringify(urls)}`];
};
const sampler = sampledAt(port);

/** The other of two servers is killed in the middle and stays away. */
async function twoAndOneKilled(): Promise<void> {
  const other = await startVllm(model, port + 1, `${log}.other`);
  let killed: Promise<void> | undefined;
  const killOnce = (done: number) => {
    if (done < steps / 2 || killed) return;
    console.log(`killing the other vLLM after step ${done}`);
    killed = other.kill();
  };
  try {
    const metrics = await train('two', [...ADAPTER, ...sampledAt(port, port + 1)], killOnce);
    expect(killed !== undefined, 'the other server was not killed');
    judge('adapter, sampled by two vLLM, one killed', metrics, 'vllm');
  } finally {
    await (killed ?? other.kill());
  }
}

async function inTurn(): Promise<void> {
  const metrics = await train('in-turn', [...ADAPTER, ...sampler]);
  judge('adapter, sampled by vLLM', metrics, 'vllm');
  console.log(`seconds of sampling: ${metrics.map((row) => (row['time/sample'] ?? NaN).toFixed(2)).join(' ')}`);
}

async function aheadAndKilled(): Promise<void> {
  let restarted: Promise<void> | undefined;
  const killOnce = (done: number) => {
    if (done < steps / 2 || restarted) return;
    console.log(`killing vLLM after step ${done}`);
    restarted = server!.kill().then(start);
  };
  const metrics = await train('ahead', [...ADAPTER, ...sampler, 'grpo.staleness=1'], killOnce);
  await restarted;
  expect(restarted !== undefined, 'the server was not killed');
  judge('adapter, sampled by vLLM one step ahead, killed once', metrics, 'vllm', 1);
}

try {
  cpSync('examples/tiny/checkpoint', model, { recursive: true });
  if (isWanted('local')) judge('adapter, sampled by the model', await train('local', ADAPTER), 'policy');
  if (['in-turn', 'ahead', 'two', 'full'].some(isWanted)) await start();
  if (isWanted('in-turn')) await inTurn();
  if (isWanted('ahead')) await aheadAndKilled();
  if (isWanted('two')) await twoAndOneKilled();
  if (isWanted('full')) {
    judge(
      'full weights, sampled by vLLM',
      await train('full', [...FULL, ...sampler, `sampler.folder=${model}`]),
      'vllm',
    );
  }
} catch (error) {
  failures.push(`${String(error)}; vLLM's own words: ${log}`);
} finally {
  await server?.kill();
}
for (const failure of failures) console.error(failure);
if (failures.length === 0) rmSync(root, { recursive: true, force: true });
process.exitCode = failures.length > 0 ? 1 : 0;
