import type { AlarmChange } from '../alarms/spells.js';
import type { EvaluationFile } from '../evaluation-file.js';
import { html, type Markup } from '../report/html.js';
import { alarmList, comparison, example, facts } from '../report/sections.js';
import type { Figures } from './figures.js';

/** What {@link summaryView} shows. */
export interface Summary {
  readonly run: string;
  /** As YAML. */
  readonly settings: string;
  /** Steps the run was asked for. */
  readonly steps: number;
  readonly figures: Pick<Figures, 'steps' | 'columns'>;
  readonly evaluation: EvaluationFile | undefined;
  readonly alarms: readonly AlarmChange[];
}

/** The report's parts that are no curves. */
export function summaryView({ run, settings, steps, figures, evaluation, alarms }: Summary): Markup {
  const column = (key: string) => (figures.columns.get(key) ?? []).map((value) => (Number.isFinite(value) ? value : 0));
  const times = column('step_time');
  const rates = column('tokens_per_second');
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const totals = { seconds: sum(times), tokens: sum(times.map((time, i) => time * (rates[i] ?? 0))) };
  const picture = (number: number) => `/example?${new URLSearchParams({ run, number: String(number) }).toString()}`;
  return html`<div class="card">${facts({ step: figures.steps.at(-1) ?? 0, steps, ...totals, evaluation })}</div>
    ${alarmList(alarms)} ${evaluation === undefined ? html`` : comparison(evaluation)}
    ${
      evaluation === undefined || evaluation.examples.length === 0
        ? html``
        : html`<div class="examples">${evaluation.examples.map((entry, k) => example(entry, picture(k)))}</div>`
    }
    <h2>Settings</h2>
    <details class="card">
      <summary>Everything that decided this run</summary>
      <pre>${settings}</pre>
    </details>`;
}
