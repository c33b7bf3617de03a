import { describe, expect, test } from '@jest/globals';
import { qInsightRewards, type BatchReward } from '@q-insight/rewards';
import fc from 'fast-check';
import { pearson, spearman } from '../../../src/evaluation/correlation.js';
import { answersView } from '../../../src/tracking/dashboard/answers-view.js';
import { confusions, scoreScatter } from '../../../src/tracking/dashboard/judgements.js';
import { markedText, type Remark } from '../../../src/tracking/dashboard/marked-text.js';
import { matrixView } from '../../../src/tracking/dashboard/matrix-view.js';
import { escapeHtml } from '../../../src/tracking/report/html.js';
import { answer, naming } from '../../helpers/dashboard-run.js';

const rating = (value: string, score: number) =>
  answer({ text: `<think>x</think><answer>{"rating": ${value}}</answer>`, label: { task: 'score', score } });
const flat = (markup: string) => markup.replaceAll(/\s+/g, ' ').replaceAll('> <', '><');

describe('markedText', () => {
  const remark = (start: number, end: number, verdict: Remark['verdict'], reward = verdict): Remark => {
    return { reward, reason: 'why', verdict, place: { start, end } };
  };

  test('marks parts, the worst verdict first where they overlap, and what is missing', () => {
    const { markup } = markedText('abcdef', [remark(1, 4, 'good'), remark(3, 5, 'bad'), remark(6, 6, 'bad')]);
    expect(markup).toBe(
      'a<mark class="good" title="good: why">bc</mark><mark class="bad" title="good: why\nbad: why">d</mark>' +
        '<mark class="bad" title="bad: why">e</mark>f<mark class="bad missing" title="bad: why"></mark>',
    );
  });

  test('a text without remarks, and one that is empty', () => {
    expect(markedText('a<b', [{ reward: 'x', reason: 'y', verdict: 'bad' }]).markup).toBe('a&lt;b');
    expect(markedText('', []).markup).toBe('');
    expect(markedText('', [remark(0, 0, 'bad')]).markup).toBe('<mark class="bad missing" title="bad: why"></mark>');
  });

  test('whatever is marked, the text stays what it is', () => {
    const place = fc.tuple(fc.nat(12), fc.nat(12)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    fc.assert(
      fc.property(fc.string({ minLength: 12, maxLength: 12 }), fc.array(place, { maxLength: 5 }), (text, places) => {
        const { markup } = markedText(text, places.map(([start, end], k) => remark(start, end, k % 2 === 0 ? 'bad' : 'good'))); // prettier-ignore
        expect(markup.replaceAll(/<\/?mark[^>]*>/g, '')).toBe(escapeHtml(text));
      }),
    );
  });
});

describe('answersView', () => {
  const view = async (
    answers = [answer()],
    shown = 0,
    rewards: Parameters<typeof answersView>[0]['rewards'] = qInsightRewards(),
  ) => flat((await answersView({ run: 'a run', answers, rewards, shown })).markup);

  test('has a picture a prompt with its mean reward, and the answers to one of them, best first, with reasons', async () => {
    const answers = [
      answer({ id: '1', reward: 1 }),
      answer({ id: '2', reward: 2, advantage: 0.5, rewards: { format: 1, score: 1 }, text: '<think>x</think><answer>{"rating": 4.1}</answer>' }), // prettier-ignore
      answer({ id: '3', reward: null, prompt: 'other', images: ['b.jpg', 'c.jpg'] }),
    ];
    const page = await view(answers);
    expect(page.match(/data-prompt/g)).toHaveLength(2);
    expect(page).toContain('aria-pressed="true" title="score · mean reward 1.50"');
    expect(page).toContain('/picture?run=a+run&amp;prompt=score%3Aa.jpg%3A0&amp;image=0&amp;size=large');
    expect(page.indexOf('reward 2')).toBeLessThan(page.indexOf('reward 1 '));
    expect(page).toContain(
      '<li class="good"><b>score 1</b> said 4.1, the label is 4, off by 0.1 (tolerance 0.35) </li>',
    );
    expect(page).toContain(
      '<mark class="bad" title="score: said 3, the label is 4, off by 1 (tolerance 0.35)">3.00</mark>',
    );
    const other = await view(answers, 7); // there are no seven prompts: the last one
    expect(other).toContain('alt="b.jpg"');
    expect(other).toContain('alt="c.jpg"');
    expect(other).toContain('reward - ');
  });

  test('says when a reward would be another one now, and that nothing was kept', async () => {
    expect(await view([answer({ rewards: { score: 1 } })])).toContain('(judged again, it gets 0)');
    expect(await view([])).toContain('No answers were kept for this step.');
  });

  test('a reward that compares answers is asked with the whole group', async () => {
    const sizes: number[] = [];
    const reward: BatchReward = {
      name: 'score',
      scope: 'group',
      range: [0, 1],
      scoreBatch: (samples) => {
        sizes.push(samples.length);
        return new Map(samples.map(({ id }) => [id, 0]));
      },
    };
    await view([answer({ id: 'a' }), answer({ id: 'b' }), answer({ id: 'c', prompt: 'other' })], 0, [reward]);
    expect(sizes).toEqual([2, 2]);
  });

  test('escapes what is not its own', async () => {
    const evil = `"><img src=x onerror=alert(1)><script>alert(2)</script>`;
    const page = await view([answer({ text: evil, prompt: evil, images: [evil], id: evil })]);
    expect(page).not.toMatch(/<script|<img src=x|onerror=alert\(1\)>[^&]/);
    expect(page).toContain('&lt;script&gt;alert(2)');
  });
});

describe('scoreScatter', () => {
  test('pairs ratings with labels by rising rating, counts what it cannot read, and fits', () => {
    const values: [number, number][] = [[3, 3.2], [1, 1.4], [5, 4.6], [2, 2.9], [4, 4.4], [2.5, 2.4]]; // prettier-ignore
    const scatter = scoreScatter([
      ...values.map(([x, y]) => rating(x.toFixed(2), y)),
      rating('"soft"', 3),
      naming('blur', 'blur'),
    ])!;
    expect(scatter.ratings).toEqual([1, 2, 2.5, 3, 4, 5]);
    expect(scatter.labels).toEqual([1.4, 2.9, 2.4, 3.2, 4.4, 4.6]);
    expect(scatter.unreadable).toBe(1);
    expect(scatter.plcc).toBe(pearson(scatter.ratings, scatter.labels));
    expect(scatter.srcc).toBe(spearman(scatter.ratings, scatter.labels));
    expect(scatter.fitted).toHaveLength(6);
    expect(scatter.fittedPlcc).toBeGreaterThan(scatter.plcc! - 0.05); // a curve with a straight part does about as well
  });

  test('has no curve for too few answers, and is not there for none', () => {
    expect(scoreScatter([rating('3.00', 4)])).toMatchObject({ ratings: [3], fitted: null, plcc: null });
    expect(scoreScatter([rating('x', 4)])).toMatchObject({ ratings: [], unreadable: 1 });
    expect(scoreScatter([naming('blur', 'blur')])).toBeUndefined();
  });
});

describe('matrixView', () => {
  const cells = (markup: string, table: number) =>
    [...markup.matchAll(/<table.*?<\/table>/gs)][table]![0].match(/<tr>.*?<\/tr>/gs)!.slice(1).map((row) => [...row.matchAll(/<t[hd][^>]*>([^<]*)</g)].map(([, text]) => text!.trim())); // prettier-ignore

  test('rows are the truth, columns what was said; classes that do not occur are left out', () => {
    const errors = confusions([
      naming('blur', 'blur'),
      naming('blur', 'null'),
      naming('noise', 'blur'),
      naming('blur', 'blur'),
    ]);
    const { markup } = matrixView(errors);
    expect(cells(markup, 0)).toEqual([
      ['noise', '', '1', ''],
      ['blur', '', '2', '1'],
      ['null', '', '', ''],
    ]);
    expect(flat(markup)).toContain('class="shade-4" title="blur called null: 1 of 3"');
    expect(flat(markup)).toContain('class="shade-7 right" title="blur called blur: 2 of 3"');
    expect(flat(markup)).toContain(
      'Right class: 50 % of 4 (κ -0.14). Right level: 100 % of 2 (κ -) with the right class.',
    );
    expect(cells(markup, 1)).toEqual([['obvious', '2']]);
  });

  test('counts what cannot be read, and says when there is nothing', () => {
    const errors = confusions([naming('blur', 'blur'), { ...naming('blur', 'blur'), text: 'hm' }, rating('3.00', 3)]);
    expect(flat(matrixView(errors).markup)).toContain('Right class: 100 % of 1 (κ -); 1 more could not be read.');
    expect(confusions([rating('3.00', 3)])).toBeUndefined();
    expect(matrixView(undefined).markup).toContain('No question about degradations');
  });
});
