// Our reward functions beside TRL's and Q-Insight's in Python, on the same texts, in turns. run.sh runs it.
import {
  mathAccuracyReward,
  qInsightRewards,
  repetitionReward,
  runRewards,
  softOverlongReward,
  thinkFormatReward,
  type Label,
  type Reward,
  type Sample,
} from '@q-insight/rewards';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import seedrandom from 'seedrandom';
import { SENTENCES } from './sentences.js';

const python = process.env['PYTHON'] ?? 'python3';
const COUNT = 1024;
const MATHS = 128;
/** Rounds of both sides, and how long each function gets in one. */
const ROUNDS = 3;
const SECONDS = 0.5;

const random = seedrandom('rewards');
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
const whole = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));

const prose = (): string => Array.from({ length: whole(3, 12) }, () => pick(SENTENCES)).join(' ');

/** Answers as a policy in training writes them: most laid out as the released format wants it, some as the prompt shows it. */
function layOut(answer: string): string {
  const layout = random();
  if (layout < 0.6) return `<think>\n${prose()}\n</think>\n<answer>\n${answer}\n</answer>`;
  if (layout < 0.9) return `<think> ${prose()} </think><answer> ${answer} </answer>`;
  return `${prose()} ${answer}`;
}

const CLASSES = ['noise', 'blur', 'compression', 'darken'] as const;
const LEVELS = ['slight', 'moderate', 'obvious', 'serious', 'catastrophic'] as const;
const VERDICTS = ['Image A', 'Image B', 'Similar'] as const;

function iqaSample(index: number): Sample & { readonly truth: unknown } {
  const task = (['score', 'degradation', 'comparison'] as const)[index % 3]!;
  const ids = { id: String(index), group: String(index >> 3), completionIds: Array.from({ length: whole(60, 300) }, () => whole(0, 400)) }; // prettier-ignore
  if (task === 'score') {
    const score = whole(100, 500) / 100;
    const said = Math.max(1, score + (random() - 0.5)).toFixed(2);
    return { ...ids, completion: layOut(`{"rating": ${said}}`), label: { task, score }, truth: score };
  }
  if (task === 'degradation') {
    const [distortionClass, level] = [pick(CLASSES), pick(LEVELS)];
    const answer = `{"distortion_class": "${random() < 0.7 ? distortionClass : pick(CLASSES)}", "severity": "${pick(LEVELS)}"}`;
    const truth = { distortion_class: distortionClass, severity: level };
    return { ...ids, completion: layOut(answer), label: { task, distortionClass, level }, truth };
  }
  const better = pick(VERDICTS);
  return {
    ...ids,
    completion: layOut(random() < 0.7 ? better : pick(VERDICTS)),
    label: { task, better },
    truth: better,
  };
}

function mathSample(index: number): Sample & { readonly truth: string } {
  const [a, b] = [whole(1, 9), whole(2, 9)];
  const truth = pick([`$\\frac{${a}}{${b}}$`, `$${a * b}$`, `$${a}x + ${b}$`, `$\\sqrt{${b}}$`]);
  const said = random() < 0.6 ? truth.slice(1, -1) : String(whole(1, 99));
  const label: Label = { task: 'none' };
  const completion = `<think>${prose()}</think> The answer is \\boxed{${said}}.`;
  return { id: String(index), group: String(index), completion, label, metadata: { solution: truth }, truth };
}

/** Texts as a tokenizer or a parser gives them, in one piece, where joined ones stay a tree of their parts. */
const inOnePiece = <T>(samples: T): T => JSON.parse(JSON.stringify(samples)) as T;
const iqa = inOnePiece(Array.from({ length: COUNT }, (_, i) => iqaSample(i)));
const maths = inOnePiece(Array.from({ length: MATHS }, (_, i) => mathSample(i)));

type Scores = (number | null)[];
const eachOf = (reward: Reward, samples: readonly Sample[]) => (): Scores =>
  samples.map((sample) => reward.score(sample) as number | null);

const [format, ...accuracies] = qInsightRewards({ style: 'upstream' });
/** One of the three applies to each sample; the released function asks the task first, too. */
const accuracyOf: Record<string, Reward> = Object.fromEntries(accuracies.map((reward) => [reward.name, reward]));
const ours: Record<string, { readonly samples: readonly Sample[]; readonly run: () => Scores }> = {
  'qInsight format': { samples: iqa, run: eachOf(format!, iqa) },
  'qInsight accuracy': {
    samples: iqa,
    run: () => iqa.map((sample) => accuracyOf[sample.label.task]!.score(sample) as number | null),
  },
  think_format_reward: { samples: iqa, run: eachOf(thinkFormatReward(), iqa) },
  soft_overlong_punishment: { samples: iqa, run: eachOf(softOverlongReward({ maxLength: 256, cache: 64 }), iqa) },
  repetition_penalty: { samples: iqa, run: eachOf(repetitionReward({ size: 3, penalty: -1, unit: 'tokens' }), iqa) },
  accuracy_reward: {
    samples: maths,
    run: eachOf(mathAccuracyReward({ expected: (sample) => sample.metadata?.['solution'] as string }), maths),
  },
};

/** Seconds of the fastest of the calls that fit into the time. */
function fastest(run: () => unknown): number {
  let best = Infinity;
  const end = performance.now() + SECONDS * 1000;
  while (performance.now() < end) {
    const began = performance.now();
    run();
    best = Math.min(best, performance.now() - began);
  }
  return best / 1000;
}

interface Line {
  readonly name: string;
  readonly seconds: number;
  readonly rewards: Scores;
}

function pythonRound(texts: string): Line[] {
  const recorded = 'packages/rewards/test/golden/rewards_text.json';
  const output = execFileSync(
    python,
    ['-W', 'ignore', 'bench/rewards/functions.py', texts, recorded, String(SECONDS)],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 1e9,
    },
  );
  return output.trim().split('\n').map((line) => JSON.parse(line) as Line); // prettier-ignore
}

const folder = mkdtempSync(join(tmpdir(), 'bench-rewards-'));
const best = new Map<string, { ours: number; python: number }>();
try {
  const texts = join(folder, 'texts.json');
  const columns = (samples: readonly (Sample & { readonly truth: unknown })[]): object => ({
    texts: samples.map((sample) => sample.completion),
    task: samples.map((sample) => sample.label.task),
    truth: samples.map((sample) => sample.truth),
    solution: samples.map((sample) => sample.metadata?.['solution']),
    completion_ids: samples.map((sample) => sample.completionIds ?? []),
  });
  writeFileSync(texts, JSON.stringify({ iqa: columns(iqa), maths: columns(maths) }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, seconds, rewards } of pythonRound(texts)) {
      const mine = ours[name]!;
      for (const [i, value] of mine.run().entries()) {
        const difference = Math.abs((value ?? NaN) - (rewards[i] ?? NaN));
        if (!(difference <= 1e-12 || (value === null && rewards[i] === null)))
          throw new Error(
            `${name}: ${value} here and ${rewards[i]} in Python for ${JSON.stringify(mine.samples[i]?.completion)}`,
          );
      }
      const known = best.get(name) ?? { ours: Infinity, python: Infinity };
      best.set(name, { ours: Math.min(known.ours, fastest(mine.run)), python: Math.min(known.python, seconds) });
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const perSecond = (count: number, seconds: number): string => Math.round(count / seconds).toLocaleString('en');
console.log(
  `${cpus()[0]?.model}, Node ${process.versions.node}, load ${loadavg()[0]?.toFixed(1)}; rewards equal on all texts\n`,
);
console.log('| function | ours, samples/s | Python, samples/s | times |\n| --- | --- | --- | --- |');
for (const [name, { ours: mine, python: theirs }] of best) {
  const count = ours[name]!.samples.length;
  console.log(`| ${name} | ${perSecond(count, mine)} | ${perSecond(count, theirs)} | ${(theirs / mine).toFixed(1)} |`);
}

/** What a trainer pays, samples a second: a set's functions one after the other, and the set through the runner. */
const sets = {
  'Q-Insight: format, accuracy': {
    names: ['qInsight format', 'qInsight accuracy'],
    rewards: qInsightRewards({ style: 'upstream' }),
  },
  'TRL: think_format, soft_overlong, repetition': {
    names: ['think_format_reward', 'soft_overlong_punishment', 'repetition_penalty'],
    rewards: [
      thinkFormatReward(),
      softOverlongReward({ maxLength: 256, cache: 64 }),
      repetitionReward({ size: 3, unit: 'tokens' }),
    ],
  },
};
console.log('\n| all of a set | ours | times | runRewards | times | Python |\n| --- | --- | --- | --- | --- | --- |');
for (const [title, { names, rewards }] of Object.entries(sets)) {
  let mine = Infinity;
  const end = performance.now() + ROUNDS * SECONDS * 1000;
  while (performance.now() < end) {
    const began = performance.now();
    await runRewards(iqa, rewards);
    mine = Math.min(mine, (performance.now() - began) / 1000);
  }
  const sumOf = (side: 'ours' | 'python'): number => names.reduce((sum, name) => sum + best.get(name)![side], 0);
  const [direct, theirs] = [sumOf('ours'), sumOf('python')];
  console.log(
    `| ${title} | ${perSecond(COUNT, direct)} | ${(theirs / direct).toFixed(1)} | ${perSecond(COUNT, mine)} | ${(theirs / mine).toFixed(1)} | ${perSecond(COUNT, theirs)} |`,
  );
}
