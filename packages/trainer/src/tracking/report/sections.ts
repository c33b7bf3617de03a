import type { AlarmChange } from '../alarms/spells.js';
import { labelText } from '../comparison.js';
import { duration } from '../duration.js';
import {
  changeOf,
  FIGURE_ROWS,
  PROXY_NOTE,
  figureText,
  type EvaluationFile,
  type Example,
  type Figures,
} from '../evaluation-file.js';
import { html, type Markup } from './html.js';

/** What is known of a run. */
export interface RunFacts {
  /** Steps that are done. */
  readonly step: number;
  /** Steps the run was asked for. */
  readonly steps: number;
  /** Time they took, in seconds. */
  readonly seconds: number;
  /** Tokens that were sampled. */
  readonly tokens: number;
  readonly evaluation?: EvaluationFile | undefined;
}

/** How far the run is, how long it took, and what it won. */
export function facts({ step, steps, seconds, tokens, evaluation }: RunFacts): Markup {
  const entries: [string, string][] = [
    ['steps', `${step} of ${steps}`],
    ['training time', duration(seconds)],
    ['tokens sampled', Math.round(tokens).toLocaleString('en')],
  ];
  if (evaluation) {
    const { before, after } = evaluation;
    entries.push([
      'held-out reward, sampled',
      `${figureText(before.sampled.reward)} → ${figureText(after.sampled.reward)}`,
    ]);
  }
  return html`<dl class="facts">
    ${entries.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function figureCells(before: Figures, after: Figures, key: keyof Figures): Markup {
  const [from, to] = [before[key], after[key]];
  const { sign, text } = changeOf(from, to);
  return html`<td>${figureText(from)}</td>
    <td>${figureText(to)}</td>
    <td class="${sign > 0 ? 'up' : sign < 0 ? 'down' : ''}">${text}</td>`;
}

/** The figures before and after training. */
export function comparison({ before, after, prompts, samples, step, proxyScores }: EvaluationFile): Markup {
  const heads = ['before', 'after', 'change', 'before', 'after', 'change'];
  const rows = FIGURE_ROWS.map(
    ([key, name]) =>
      html`<tr>
        <td>${name}</td>
        ${figureCells(before.sampled, after.sampled, key)}${figureCells(before.greedy, after.greedy, key)}
      </tr>`,
  );
  return html`<h2>Before and after, on photographs that training never saw</h2>
    <div class="card scroll">
      <table>
        <thead>
          <tr>
            <th></th>
            <th colspan="3">sampled (T=1)</th>
            <th colspan="3">greedy</th>
          </tr>
          <tr>
            <th>${prompts} prompts</th>
            ${heads.map((text) => html`<th>${text}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
    <p class="muted">
      Before is the starting checkpoint, after is step ${step}; ${samples} sampled answers a prompt. A level counts as
      right only when the class is right too${proxyScores === true ? `; ${PROXY_NOTE}` : ''}.
    </p>`;
}

/** A photograph beside the answers before and after training. */
export function example(entry: Example, source: string): Markup {
  const answer = (title: string, { text, explanations }: Example['before']) => {
    const reasons = explanations
      .filter(({ value }) => value !== null)
      .map(({ reward, value, reason }) => html`<li><b>${reward} ${value ?? ''}</b>: ${reason}</li>`);
    return html`<div class="answer">
      <h3>${title}</h3>
      <pre>${text}</pre>
      <ul>
        ${reasons}
      </ul>
    </div>`;
  };
  return html`<article class="card example">
    <figure>
      <img src="${source}" alt="${entry.image}" />
      <figcaption>${entry.image}<br />label: ${labelText(entry.label)}</figcaption>
    </figure>
    <div>${answer('Before', entry.before)}${answer('After', entry.after)}</div>
  </article>`;
}

/** Each alarm with the steps it lasted, and what to do. */
export function alarmList(alarms: readonly AlarmChange[]): Markup {
  if (alarms.length === 0) return html``;
  const rows = alarms.flatMap(({ step, alarm, state, message, advice, help }, i) => {
    if (state === 'over') return [];
    const over = alarms.slice(i).find((later) => later.alarm === alarm && later.state === 'over');
    const when = over === undefined ? `from step ${step} on` : `steps ${step} to ${over.step}`;
    return [html`<li><b>${when}:</b> ${message}. <span class="muted">${advice} (${help})</span></li>`];
  });
  return html`<h2>Alarms</h2>
    <ul class="card alarms">
      ${rows}
    </ul>`;
}
