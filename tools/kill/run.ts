// Kills a run of the tiny recipe at thirty random moments, resumes it each time, and compares it with one that was left alone:
//   npm run test:kill [-- KILLS SEED]
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import seedrandom from 'seedrandom';
import { readJsonl } from '../../packages/trainer/src/tracking/jsonl.js';
import { isMachineFigure } from '../../packages/trainer/src/tracking/memory.js';

const kills = Number(process.argv[2] ?? 30);
const seed = process.argv[3] ?? 'kill';
const SETTINGS = ['steps=10', 'saveEvery=1', 'grpo.promptsPerStep=4', 'evaluate.every=3', 'evaluate.prompts=8'];
const command = ['--conditions=@q-insight/source', '--import', 'tsx', 'packages/trainer/src/cli/main.ts', 'train'];

/** Runs the command until it ends, or is killed after so many seconds. @returns its exit code; null when it was killed */
function trainOnce(folder: string, killAfter?: number): Promise<number | null> {
  const resume = existsSync(join(folder, 'settings.yaml'));
  const what = resume ? ['--resume'] : ['recipes/tiny.yaml', ...SETTINGS.flatMap((setting) => ['--set', setting])];
  const child = spawn(process.execPath, [...command, ...what, '--no-evaluate', '--output', folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), 1000 * killAfter);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(timer);
      if (code !== null && code !== 0) reject(new Error(`exit code ${code}: ${errors}`));
      else resolve(code);
    });
  });
}

const hashOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** All that must not depend on kills. */
function traceOf(folder: string) {
  const metrics = readJsonl<Record<string, unknown>>(join(folder, 'metrics.jsonl'));
  return {
    weights: hashOf(join(folder, 'final', 'model.safetensors')),
    best: hashOf(join(folder, 'best', 'model.safetensors')),
    metrics: metrics.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !isMachineFigure(name)))),
    completions: hashOf(join(folder, 'rollouts.jsonl')),
    evaluations: hashOf(join(folder, 'evaluations.jsonl')),
  };
}

const root = mkdtempSync(join(tmpdir(), 'q-insight-kill-'));
try {
  const [whole, killed] = [join(root, 'whole'), join(root, 'killed')];
  const start = performance.now();
  await trainOnce(whole);
  const seconds = (performance.now() - start) / 1000;
  console.log(`a run left alone: ${seconds.toFixed(1)} s`);

  const random = seedrandom(seed);
  let done = 0;
  let finished = 0;
  while (done < kills) {
    const after = random() * seconds;
    if ((await trainOnce(killed, after)) === null) done++;
    if (existsSync(join(killed, 'final'))) {
      // the kill came too late: compare, and begin another
      compare(whole, killed);
      finished++;
      rmSync(killed, { recursive: true });
      continue;
    }
    const steps = existsSync(join(killed, 'metrics.jsonl')) ? readJsonl(join(killed, 'metrics.jsonl')).length : 0;
    console.log(`kill ${done} after ${after.toFixed(1)} s, ${steps} steps logged`);
  }
  await trainOnce(killed);
  compare(whole, killed);
  console.log(`${kills} kills, ${finished + 1} runs compared: weights, metrics and completions are the same`);
} finally {
  rmSync(root, { recursive: true, force: true });
}

function compare(whole: string, killed: string): void {
  const [expected, got] = [traceOf(whole), traceOf(killed)];
  for (const name of Object.keys(expected) as (keyof typeof expected)[]) {
    if (JSON.stringify(expected[name]) !== JSON.stringify(got[name])) throw new Error(`${name} differ after kills`);
  }
}
