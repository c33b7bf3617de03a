import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { explanations } from '../../src/cli/explain.js';
import { writeRunSettings } from '../../src/config/run-folder.js';
import { fakeSettings } from '../fake-run.js';
import { temporaryFolder } from '../helpers/temporary.js';

const label = { task: 'score', score: 3.1 };
const rows = [
  {
    step: 4,
    prompt: 'score:a.jpg:0',
    text: '<think>ok</think><answer>{"rating": 3.9}</answer>',
    label,
    advantage: -0.7071,
  },
  { text: 'no idea', label: { ...label, proxy: true } },
];

function file(lines: unknown[], name = 'rollouts.jsonl'): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

async function all(path: string, limit = '20', rewards?: string): Promise<string[]> {
  const out: string[] = [];
  const options = rewards === undefined ? { limit } : { limit, rewards };
  // eslint-disable-next-line no-control-regex -- colours are for terminals
  for await (const text of explanations(path, options)) out.push(text.replaceAll(/\u001b\[\d+m/g, ''));
  return out;
}

describe('explain', () => {
  test('says for each answer where it is from and why it got each reward that applies', async () => {
    const [first, second] = await all(file(rows));
    expect(first!.split('\n')).toEqual([
      'step 4 · score:a.jpg:0 · the label is score 3.10 · advantage -0.71',
      '  <think>ok</think><answer>{"rating": 3.9}</answer>',
      '  format 1: the layout is as asked',
      '  score 0: said 3.9, the label is 3.1, off by 0.8 (tolerance 0.35)',
      '    <think>ok</think><answer>{"rating": ⟦3.9⟧}</answer>',
    ]);
    expect(second).toMatch(
      /^line 2 · the label is score 3\.10 \(proxy\)\n {2}no idea\n {2}format 0: .+\n {4}⟦⟧no idea\n {2}score 0: .+\n {4}⟦⟧no idea$/,
    );
  });

  test('--limit takes the last ones', async () => {
    expect(await all(file(rows), '1')).toEqual([expect.stringContaining('no idea'), expect.stringContaining('Causes')]);
    await expect(all(file(rows), 'few')).rejects.toThrow("--limit: expected a whole number of at least 0, got 'few'");
  });

  test('the causes are counted over the whole file, whatever the limit', async () => {
    const layouts = [
      '<think>a</think>\n<answer>{"rating": 3}</answer>',
      '<think>a</think> so <answer>{"grade": 3}</answer>',
    ];
    const answers = [...layouts, layouts[1]!, 'no'].map((text) => ({ text, label }));
    expect((await all(file(answers), '0'))[0]!.split('\n')).toEqual([
      'Causes over 4 answers',
      '  format: 2 of 4 (mean 0): text between </think> and <answer>: "…", for example line 2, line 3',
      '  format: 1 of 4 (mean 1): the layout is as asked, for example line 1',
      '  format: 1 of 4 (mean 0): no <think> was found, for example line 4',
      '  score: 2 of 4 (mean 0): no key "rating" was found, the keys are "…", for example line 2, line 3',
      '  score: 1 of 4 (mean 1): said #, the label is #, off by # (tolerance #), for example line 1',
      '  score: 1 of 4 (mean 0): no <answer> was found, for example line 4',
    ]);
    const upstream = join(temporaryFolder(), 'rewards.yaml');
    writeFileSync(upstream, 'preset: q-insight-upstream');
    const [summary] = await all(file(answers), '0', upstream);
    expect(summary).toContain('format: 3 of 4 (mean 0): no line break between } and </answer>');
  });

  test('rewards that compare samples see the completions of a prompt as a group', async () => {
    const answer = (rating: number) => `<think>a</think><answer>{"rating": ${rating}}</answer>`;
    const answers = [4, 4.2].flatMap((rating, i) => [
      { step: 1, prompt: 'a', text: answer(rating), label: { task: 'score', score: 4 } },
      { step: 1, prompt: 'b', text: answer(2 + i), label: { task: 'score', score: 2 } },
    ]);
    const rewards = join(temporaryFolder(), 'rewards.yaml');
    writeFileSync(rewards, 'preset: visualquality-r1');
    const texts = await all(file(answers), '20', rewards);
    expect(texts).toHaveLength(5);
    expect(texts[0]).toMatch(/fidelity \S+: said 4, the label is 4; compared with 1 other image\n?/);
  });

  test("answers of a run are judged by the run's own rewards", async () => {
    const path = file(rows.slice(0, 1));
    writeRunSettings(join(path, '..'), fakeSettings({ rewards: { scoreThreshold: 1, weights: { format: 0 } } }));
    const [text] = await all(path);
    expect(text).toContain('score 1: said 3.9');
    expect(text).not.toContain('format');
  });

  test('a file without answers, and a folder, are named', async () => {
    await expect(all(file([]))).rejects.toThrow(/holds no answers/);
    const folder = temporaryFolder();
    await expect(all(folder)).rejects.toThrow(`${folder}: it is a folder`);
  });

  const distortion = { task: 'degradation', distortionClass: 'blur', level: 'slight' };
  test.each<[string, unknown, string]>([
    ['no text', { label }, "'text' is required"],
    ['no label', { text: '' }, "'label' is required"],
    ['a null label', { text: '', label: null }, "'label' must be an object, got null"],
    [
      'an unknown task',
      { text: '', label: { task: 'scroe' } },
      `'label.task' must be one of score, degradation, comparison, got "scroe"; did you mean 'score'?`,
    ],
    ['no score', { text: '', label: { task: 'score' } }, "'label.score' is required"],
    ['a score in words', { text: '', label: { ...label, score: '3' } }, `'label.score' must be a number, got "3"`],
    [
      'no class',
      { text: '', label: { ...distortion, distortionClass: undefined } },
      "'label.distortionClass' must be one of noise, blur, compression, darken, null, got nothing",
    ],
    [
      'no level',
      { text: '', label: { ...distortion, level: undefined } },
      "'label.level' must be one of slight, moderate, obvious, serious, catastrophic, null, got nothing",
    ],
    ['an advantage in words', { text: '', label, advantage: 'high' }, `'advantage' must be a number, got "high"`],
    ['null', null, 'not a JSON object: null'],
  ])('a row with %s names file, line and field', async (_, row, message) => {
    const path = file([rows[1], row, rows[1]]);
    await expect(all(path)).rejects.toThrow(`${path}:2: ${message}`);
  });
});
