import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DistortionClass, Label } from '@q-insight/rewards';
import { writeRunSettings } from '../../src/config/run-folder.js';
import type { Answer } from '../../src/tracking/dashboard/answers.js';
import { fakeSettings } from '../fake-run.js';

/** Lines of a file of one JSON object a line. */
export const linesOf = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** An answer to a score question, as rollouts.jsonl has it. */
export function answer(changes: Partial<Answer> = {}): Answer {
  return {
    step: 1,
    id: '1.0.0',
    prompt: 'score:a.jpg:0',
    images: ['a.jpg'],
    text: '<think>Sharp.</think><answer>{"rating": 3.00}</answer>',
    tokens: 12,
    finish_reason: 'stop',
    rewards: { format: 1, score: 0, degradation: null },
    reward: 1,
    advantage: -0.5,
    label: { task: 'score', score: 4 },
    ...changes,
  };
}

/** An answer to a degradation question: what was there, and what was said to be. */
export function naming(truth: DistortionClass, named: DistortionClass): Answer {
  const level = truth === 'null' ? 'null' : 'obvious';
  const label: Label = { task: 'degradation', distortionClass: truth, level };
  const said = { distortion_class: named, severity: named === 'null' ? 'null' : 'obvious' };
  return answer({ label, text: `<think>x</think><answer>${JSON.stringify(said)}</answer>` });
}

/** A run folder with some steps; its prompts come from the example photographs. */
export function writeRun(folder: string, steps: number, text = answer().text): string {
  mkdirSync(folder, { recursive: true });
  const source = { kind: 'photos', folder: 'examples/photos', ladder: 'lite', size: 16 } as const;
  writeRunSettings(folder, fakeSettings({ data: { train: source, heldOut: source }, steps: 60 }));
  writeSteps(folder, 1, steps, text);
  return folder;
}

/** Steps of a run, as the loop writes them: answers first. */
export function writeSteps(folder: string, from: number, to: number, text = answer().text): void {
  for (let step = from; step <= to; step++) {
    const answers = [0, 1].map((k) => answer({ step, id: `${step}.0.${k}`, text, reward: k }));
    appendFileSync(join(folder, 'rollouts.jsonl'), linesOf(answers));
    const figures = { step, reward: step / 10, grad_norm: 1, step_time: 2, tokens_per_second: 50 };
    appendFileSync(join(folder, 'metrics.jsonl'), linesOf([figures]));
  }
}
