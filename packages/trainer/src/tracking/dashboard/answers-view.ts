import { explain, type AnyReward, type Explanation, type Sample } from '@q-insight/rewards';
import { labelText } from '../comparison.js';
import { html, type Markup } from '../report/html.js';
import type { Answer } from './answers.js';
import { markedText, type Verdict } from './marked-text.js';
import type { PictureSize } from './pictures.js';

/** What {@link answersView} shows. */
export interface AnswersView {
  readonly run: string;
  /** All answers of a step. */
  readonly answers: readonly Answer[];
  readonly rewards: readonly AnyReward[];
  /** Number of the prompt whose answers are shown, in the order they were asked; the last one when there are not so many. */
  readonly shown: number;
}

/** The prompts of a step as a strip of pictures, and all answers to one of them with the reasons for their rewards. */
export async function answersView({ run, answers, rewards, shown }: AnswersView): Promise<Markup> {
  const groups = groupsOf(answers);
  if (groups.length === 0) return html`<p class="muted">No answers were kept for this step.</p>`;
  const current = Math.min(shown, groups.length - 1);
  return html`<div class="prompts" role="group" aria-label="Prompts of this step">
      ${groups.map((group, k) => promptButton(run, group, k, k === current))}
    </div>
    ${await groupView(run, groups[current]!, rewards)}`;
}

function groupsOf(answers: readonly Answer[]): Answer[][] {
  const groups = new Map<string, Answer[]>();
  for (const answer of answers) groups.set(answer.prompt, [...(groups.get(answer.prompt) ?? []), answer]);
  return [...groups.values()];
}

function pictureUrl(run: string, prompt: string, image: number, size: PictureSize): string {
  return `/picture?${new URLSearchParams({ run, prompt, image: String(image), size }).toString()}`;
}

const short = (value: number | null) => (value === null ? '-' : String(Number(value.toPrecision(3))));

function promptButton(run: string, group: readonly Answer[], number: number, isShown: boolean): Markup {
  const { prompt, label } = group[0]!;
  const rewards = group.flatMap(({ reward }) => (reward === null ? [] : [reward]));
  const mean = rewards.length === 0 ? null : rewards.reduce((sum, value) => sum + value, 0) / rewards.length;
  const words = `${label.task} · mean reward ${mean === null ? '-' : mean.toFixed(2)}`;
  return html`<button type="button" data-prompt="${number}" aria-pressed="${String(isShown)}" title="${words}">
    <img src="${pictureUrl(run, prompt, 0, 'small')}" alt="prompt ${number + 1}: ${words}" loading="lazy" />
    <span class="muted" aria-hidden="true">${mean === null ? '-' : mean.toFixed(2)}</span>
  </button>`;
}

async function groupView(run: string, group: readonly Answer[], rewards: readonly AnyReward[]): Promise<Markup> {
  const { prompt, images, label } = group[0]!;
  const samples = group.map((answer): Sample => {
    return { id: answer.id, group: prompt, completion: answer.text, label: answer.label };
  });
  const best = [...group].sort((a, b) => (b.reward ?? -Infinity) - (a.reward ?? -Infinity));
  const shown: Markup[] = [];
  for (const answer of best) {
    const entries = await explain(
      samples.find(({ id }) => id === answer.id)!,
      rewards,
      samples,
    );
    shown.push(answerView(answer, entries, rewards));
  }
  const pictures = images.map((name, k) => html`<img src="${pictureUrl(run, prompt, k, 'large')}" alt="${name}" />`);
  return html`<article class="card example group">
    <figure>
      ${pictures}
      <figcaption>${images.join(', ')}<br />label: <b>${labelText(label)}</b><br />prompt ${prompt}</figcaption>
    </figure>
    <div>${shown}</div>
  </article>`;
}

function answerView(answer: Answer, entries: readonly Explanation[], rewards: readonly AnyReward[]): Markup {
  const { text, reward: total, advantage, tokens, finish_reason: finish } = answer;
  const remarks = entries.flatMap((entry, k) => {
    const value = answer.rewards[entry.reward] ?? null;
    return value === null ? [] : [{ ...entry, given: value, verdict: verdictOf(value, rewards[k]!) }];
  });
  const sign = (advantage ?? 0) < 0 ? 'down' : 'up';
  return html`<section class="answer">
    <h3>
      reward ${short(total)}
      <span class="${sign}"
        >${advantage === null ? '' : `advantage ${advantage < 0 ? '' : '+'}${advantage.toFixed(2)}`}</span
      >
      <span class="muted">${tokens} tokens${finish === 'length' ? ', cut off' : ''}</span>
    </h3>
    <pre>${markedText(text, remarks)}</pre>
    <ul class="reasons">
      ${remarks.map(
        ({ reward, given, value, reason, verdict }) =>
          html`<li class="${verdict}">
            <b>${reward} ${short(given)}</b>
            ${reason}${value === given ? '' : ` (judged again, it gets ${short(value)})`}
          </li>`,
      )}
    </ul>
  </section>`;
}

function verdictOf(value: number, { range }: AnyReward): Verdict {
  if (value <= range[0]) return 'bad';
  return value >= range[1] ? 'good' : 'partly';
}
