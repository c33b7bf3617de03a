import type { AlarmChange } from '../alarms/spells.js';
import { labelText } from '../comparison.js';
import {
  changeOf,
  FIGURE_ROWS,
  figureText,
  type EvaluationFile,
  type Example,
  type Figures,
} from '../evaluation-file.js';
import { duration } from '../duration.js';
import type { StepMetrics } from '../events.js';
import { CHART_SCRIPT } from './chart-script.js';
import { chartsOf, smooth, type Chart } from './charts.js';
import { html, jsonForScript, trusted, type Markup } from './html.js';
import { STYLE } from './style.js';

/** Everything a report shows. */
export interface ReportContent {
  /** The run's name. */
  readonly name: string;
  /** The resolved settings, as YAML. */
  readonly settings: string;
  readonly metrics: readonly (StepMetrics & { readonly step: number })[];
  /** Steps the run was asked for. */
  readonly steps: number;
  readonly evaluation?: EvaluationFile | undefined;
  readonly alarms: readonly AlarmChange[];
  /** Data URL of an example's picture. */
  readonly picture: (example: Example) => string;
  /** uPlot's own files. */
  readonly uplot: { readonly script: string; readonly style: string };
}

function facts({ metrics, steps, evaluation }: ReportContent): Markup {
  const seconds = metrics.reduce((sum, row) => sum + (row['step_time'] ?? 0), 0);
  const tokens = metrics.reduce((sum, row) => sum + (row['tokens_per_second'] ?? 0) * (row['step_time'] ?? 0), 0);
  const entries: [string, string][] = [
    ['steps', `${metrics.at(-1)?.step ?? 0} of ${steps}`],
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

function comparison({ before, after, prompts, samples, step }: EvaluationFile): Markup {
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
      right only when the class is right too. Score labels of degraded photographs are a proxy, not human opinions.
    </p>`;
}

function example(entry: Example, source: string): Markup {
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

function chartCard({ title, note }: Chart, index: number): Markup {
  return html`<section class="card">
    <h3>${title}</h3>
    <p class="muted">${note}</p>
    <div class="chart" id="chart-${index}"></div>
  </section>`;
}

/** Each alarm with the steps it lasted, and what to do. */
function alarmList(alarms: readonly AlarmChange[]): Markup {
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

/** The report as one HTML page that needs no other file and no network. */
export function reportPage(content: ReportContent): string {
  const { name, metrics, evaluation, settings, uplot } = content;
  const charts = chartsOf(metrics);
  const data = {
    steps: metrics.map(({ step }) => step),
    charts: charts.map((chart) => ({
      curves: chart.curves.map((curve) => ({
        ...curve,
        ...(chart.drawn === 'smoothed' && { smoothed: smooth(curve.values) }),
      })),
    })),
  };
  const examples = evaluation?.examples ?? [];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${name} · Q-Insight</title>
        <style>
          ${trusted(uplot.style)}${trusted(STYLE)}
        </style>
      </head>
      <body>
        <h1>${name}</h1>
        <p class="muted">GRPO training of a vision-language model that judges image quality</p>
        <div class="card">${facts(content)}</div>
        ${content.alarms.length === 0 ? html`` : alarmList(content.alarms)}
        ${evaluation ? comparison(evaluation) : html``}
        <h2>Training</h2>
        ${charts.length === 0 ? html`<p class="muted">No step was logged.</p>` : html`<div class="charts">${charts.map(chartCard)}</div>`}
        ${
          examples.length === 0
            ? html``
            : html`<h2>Answers</h2>
                <div class="examples">${examples.map((entry) => example(entry, content.picture(entry)))}</div>`
        }
        <h2>Settings</h2>
        <details class="card">
          <summary>Everything that decided this run</summary>
          <pre>${settings}</pre>
        </details>
        <script type="application/json" id="data">
          ${jsonForScript(data)}
        </script>
        <script>
          ${trusted(uplot.script)};
        </script>
        <script>
          ${trusted(CHART_SCRIPT)};
        </script>
      </body>
    </html> `.markup;
}
