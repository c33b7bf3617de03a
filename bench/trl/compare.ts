// Runs both sides in turns and prints the table of README.md: compare.ts CHECKPOINT ROUNDS
import { execFileSync } from 'node:child_process';

const [checkpoint, rounds] = process.argv.slice(2);
const STEPS = '10';
const PARTS = ['step', 'generation', 'reference', 'forward', 'backward', 'optimizer'] as const;
type Result = { readonly system: string; readonly peakMB: number; readonly tokensPerStep: number } & Readonly<
  Record<(typeof PARTS)[number], number>
>;

const ours = ['node', '--conditions=@q-insight/source', '--import', 'tsx', 'bench/trl/ours.ts', checkpoint!, STEPS];
const theirs = [process.env['PYTHON'] ?? 'python3', 'bench/trl/trl_side.py', checkpoint!, STEPS];
const sides: { readonly command: string[]; readonly backend?: string }[] = [
  { command: ours, backend: 'tensorflow' },
  { command: theirs },
  { command: ours, backend: 'wasm' },
];

function run({ command, backend }: (typeof sides)[number]): Result {
  const [program, ...rest] = [...(process.env['PRIORITY'] ?? '').split(' ').filter(Boolean), ...command];
  const env = { ...process.env, ...(backend && { Q_INSIGHT_BACKEND: backend }) };
  const output = execFileSync(program!, rest, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return JSON.parse(output.trim().split('\n').at(-1)!) as Result;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

const results = sides.map((): Result[] => []);
for (let round = 0; round < Number(rounds); round++) {
  for (const [index, side] of sides.entries()) {
    const result = run(side);
    results[index]!.push(result);
    console.error(`round ${round + 1}: ${result.system}: ${result.step} ms a step`);
  }
}
const steps = results.map((side) => median(side.map(({ step }) => step)));
console.log(`| system | ${PARTS.join(' | ')} | peak MB | tokens | TRL's step over ours |`);
console.log(`| --- | ${PARTS.map(() => '---').join(' | ')} | --- | --- | --- |`);
results.forEach((side, index) => {
  const parts = PARTS.map((part) => median(side.map((result) => result[part])));
  const rest = [Math.max(...side.map(({ peakMB }) => peakMB)), side[0]!.tokensPerStep];
  console.log(`| ${[side[0]!.system, ...parts, ...rest, (steps[1]! / steps[index]!).toFixed(2)].join(' | ')} |`);
});
