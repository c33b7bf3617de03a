import { labelText } from './comparison.js';
import type { Rollout, StepMetrics } from './events.js';

/** Text of the model as a code block: four spaces before each line, which no text can end. */
const codeBlock = (text: string) =>
  text
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((line) => `    ${line}`)
    .join('\n');

const short = (value: number) => String(Number(value.toPrecision(3)));

function rewardText({ rewards, total }: Rollout): string {
  const parts = Object.entries(rewards).flatMap(([name, value]) => (value === null ? [] : [`${name} ${short(value)}`]));
  return `reward ${total === null ? 'none' : short(total)}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
}

/** All answers to one prompt with their rewards and advantages, best first. */
export function answersInMarkdown(group: readonly Rollout[]): string {
  const { prompt } = group[0]!;
  const best = [...group].sort((a, b) => (b.total ?? -Infinity) - (a.total ?? -Infinity));
  const answers = best.map((rollout) => {
    const { completion, advantage } = rollout;
    const length = `${completion.tokens.length} tokens${completion.finishReason === 'length' ? ', cut off' : ''}`;
    return `**${rewardText(rollout)}** · advantage ${short(advantage)} · ${length}\n\n${codeBlock(completion.text)}`;
  });
  return [`Prompt ${prompt.id}, label: ${labelText(prompt.label)}`, ...answers].join('\n\n');
}

/** A row a task, a column a figure: what a step's `tasks/<task>/<figure>` metrics say. */
export function tasksInMarkdown(metrics: StepMetrics): string | undefined {
  const figures = Object.entries(metrics).flatMap(([name, value]) => {
    const [, task, figure] = /^tasks\/([^/]+)\/(.+)$/.exec(name) ?? [];
    return task === undefined || figure === undefined ? [] : [{ task, figure, value }];
  });
  if (figures.length === 0) return undefined;
  const columns = [...new Set(figures.map(({ figure }) => figure))];
  const rows = [...new Set(figures.map(({ task }) => task))].map((task) => {
    const cell = (column: string) => figures.find((one) => one.task === task && one.figure === column);
    return [task, ...columns.map((column) => short(cell(column)?.value ?? NaN))];
  });
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(['task', ...columns]), line(['task', ...columns].map(() => '---')), ...rows.map(line)].join('\n');
}

/** The first group of each task of a step: not chosen, so neither flattering nor gloomy. */
export function firstGroups(rollouts: readonly Rollout[]): Map<string, Rollout[]> {
  const chosen = new Map<string, Rollout[]>();
  for (const rollout of rollouts) {
    const { task } = rollout.prompt.label;
    const group = chosen.get(task);
    if (group === undefined) chosen.set(task, [rollout]);
    else if (group[0]!.group === rollout.group) group.push(rollout);
  }
  return chosen;
}
