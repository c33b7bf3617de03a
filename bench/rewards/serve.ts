// Load on the reward server: `q-insight serve` in a process of its own, this one asks it over loopback.
// Arguments: processes of the server, requests under way at once, seconds. Default: 1 8 10.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import seedrandom from 'seedrandom';
import { SENTENCES } from './sentences.js';

const [processes = 1, connections = 8, seconds = 10] = process.argv.slice(2).map(Number);
const BATCH = 64;
const WARM_UP = 2;

const random = seedrandom('load');
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
const ANSWERS = ['{"rating": 3.4}', '{"rating": "2.75"}', '{"distortion_class": "blur", "severity": "slight"}', 'fine'];
const TRUTHS = [3.1, '{"distortion_class": "blur", "severity": "obvious"}', { mos: 2.5 }];

/** A batch as a trainer would send it: answers of about 300 characters, a fifth of them badly laid out. */
function batch(): string {
  const samples = Array.from({ length: BATCH }, (_, i) => {
    const thought = Array.from({ length: 5 }, () => pick(SENTENCES)).join(' ');
    const text = `<think>${thought}</think>${random() < 0.2 ? ' So: ' : '\n'}<answer>${pick(ANSWERS)}</answer>`;
    return {
      id: `s${i}`,
      group: `g${i >> 3}`,
      response: text,
      ground_truth: pick(TRUTHS),
      extra: { image: `${i}.png` },
    };
  });
  return JSON.stringify({ samples });
}
const bodies = Array.from({ length: 32 }, batch);

const main = 'packages/trainer/src/cli/main.ts';
const command = ['--conditions=@q-insight/source', '--import', 'tsx', main, 'serve', '--port', '0', '--processes', String(processes)]; // prettier-ignore
const server = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
process.once('exit', () => server.kill());
const [greeting] = (await once(createInterface(server.stdout), 'line')) as [string];
const url = /http:\S+/.exec(greeting)![0];

const agent = new Agent({ keepAlive: true, maxSockets: connections });
function ask(body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asked = request(`${url}/v1/score`, { method: 'POST', agent, headers }, (reply) => {
      let text = '';
      reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
      reply.on('end', () => (reply.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const { results, errors } = JSON.parse(await ask(bodies[0]!)) as { results: { score: number }[]; errors: unknown[] };
assert.equal(results.length, BATCH);
assert.equal(errors.length, 0);
assert.ok(new Set(results.map(({ score }) => score)).size > 2); // it rewards, and not all alike

const latencies: number[] = [];
const start = performance.now() + WARM_UP * 1000;
const end = start + seconds * 1000;
async function lane(offset: number): Promise<void> {
  for (let i = offset; performance.now() < end; i += 1) {
    const asked = performance.now();
    await ask(bodies[i % bodies.length]!);
    if (asked >= start) latencies.push(performance.now() - asked);
  }
}
await Promise.all(Array.from({ length: connections }, (_, i) => lane(i)));
latencies.sort((a, b) => a - b);
const at = (share: number): string => `${latencies[Math.floor(share * (latencies.length - 1))]!.toFixed(1)} ms`;
const kilobytes = Buffer.byteLength(bodies[0]!) / 1000;
console.log(`${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.versions.node}`);
console.log(`${processes} process(es), ${connections} requests of ${BATCH} samples (${kilobytes.toFixed(0)} kB) at once, ${seconds} s`); // prettier-ignore
const rate = Math.round((latencies.length * BATCH) / seconds);
console.log(`${rate} completions/s, p50 ${at(0.5)}, p99 ${at(0.99)}`);
agent.destroy();
server.kill('SIGTERM');
const [code] = (await once(server, 'exit')) as [number | null];
assert.equal(code, 0);
assert.ok(rate >= 5000, 'fewer than 5,000 completions a second');
