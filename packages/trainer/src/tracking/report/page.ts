import type { AlarmChange } from '../alarms/spells.js';
import type { EvaluationFile, Example } from '../evaluation-file.js';
import type { StepMetrics } from '../events.js';
import { chartsOf, smooth, type Chart, type ChartPlan } from './charts.js';
import { html, jsonForScript, trusted, type Markup } from './html.js';
import { alarmList, comparison, example, facts } from './sections.js';
import { STYLE } from './style.js';

/** Everything a report shows. */
export interface ReportContent {
  /** The run's name. */
  readonly name: string;
  readonly metrics: readonly (StepMetrics & { readonly step: number })[];
  /** Steps the run was asked for. */
  readonly steps: number;
  readonly evaluation?: EvaluationFile | undefined;
  /** The resolved settings, as YAML. */
  readonly settings: string;
  readonly alarms: readonly AlarmChange[];
  /** Data URL of an example's picture. */
  readonly picture: (example: Example) => string;
  /** uPlot's own files, and the module that draws with it. */
  readonly charts: { readonly uplot: string; readonly style: string; readonly draw: string };
}

function chartCard({ title, note }: ChartPlan, index: number): Markup {
  return html`<section class="card">
    <h3>${title}</h3>
    <p class="muted">${note}</p>
    <div class="chart" id="chart-${index}"></div>
  </section>`;
}

function factsOf({ metrics, steps, evaluation }: ReportContent) {
  const seconds = metrics.reduce((sum, row) => sum + (row['step_time'] ?? 0), 0);
  const tokens = metrics.reduce((sum, row) => sum + (row['tokens_per_second'] ?? 0) * (row['step_time'] ?? 0), 0);
  return { step: metrics.at(-1)?.step ?? 0, steps, seconds, tokens, evaluation };
}

/** What the page's script draws. */
const drawn = ({ drawn: how, curves }: Chart) =>
  curves.map(({ name, values }) => ({
    name,
    values,
    dotted: how === 'dotted',
    ...(how === 'smoothed' && { smoothed: smooth(values) }),
  }));

const DRAW_ALL = `
const { steps, charts } = JSON.parse(document.getElementById('data').textContent);
for (const [k, lines] of charts.entries()) drawChart(document.getElementById('chart-' + k), steps, lines);
`;

/** The report as one HTML page that needs no other file and no network. */
export function reportPage(content: ReportContent): string {
  const { name, metrics, evaluation, settings } = content;
  const charts = chartsOf(metrics);
  const data = {
    steps: metrics.map(({ step }) => step),
    charts: charts.map(drawn),
  };
  const examples = evaluation?.examples ?? [];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${name} · Q-Insight</title>
        <style>
          ${trusted(content.charts.style)}${trusted(STYLE)}
        </style>
      </head>
      <body>
        <h1>${name}</h1>
        <p class="muted">GRPO training of a vision-language model that judges image quality</p>
        <div class="card">${facts(factsOf(content))}</div>
        ${alarmList(content.alarms)} ${evaluation ? comparison(evaluation) : html``}
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
          ${trusted(content.charts.uplot)};
        </script>
        <script type="module">
          ${trusted(content.charts.draw + DRAW_ALL)};
        </script>
      </body>
    </html> `.markup;
}
