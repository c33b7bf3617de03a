import { chartPlans, smooth, type ChartPlan } from '../report/charts.js';
import type { Figures } from './figures.js';
import { thin } from './thin.js';

/** Points of a curve at most: about as many as a chart has pixels. */
const MOST_POINTS = 1000;

/** The curves of a run, few enough points to be sent and drawn. */
export interface Curves {
  readonly charts: readonly ChartPlan[];
  readonly steps: readonly number[];
  /** By figure; smoothed over all steps, where a chart wants it. */
  readonly values: Readonly<Record<string, { raw: readonly (number | null)[]; smoothed?: readonly (number | null)[] }>>;
  /** Steps that share two points, the lowest and the highest; 1 when each has its own. */
  readonly stretch: number;
  /** The last step; 0 before the first. */
  readonly last: number;
}

/** What the dashboard draws of a run. */
export function curvesOf({ steps, columns }: Pick<Figures, 'steps' | 'columns'>): Curves {
  const charts = chartPlans([...columns.keys()]);
  const drawn = charts.flatMap(({ curves, drawn: how }) => curves.map(({ key }) => ({ key, how })));
  const gaps = (column: readonly number[]) => column.map((value) => (Number.isFinite(value) ? value : null));
  const wanted = drawn.flatMap(({ key, how }) => {
    const raw = gaps(columns.get(key)!);
    return how === 'smoothed' ? [raw, smooth(raw)] : [raw];
  });
  const { steps: kept, columns: thinned, stretch } = thin(steps, wanted, MOST_POINTS);
  let next = 0;
  const values = drawn.map(({ key, how }) => {
    const raw = thinned[next++]!;
    return [key, how === 'smoothed' ? { raw, smoothed: thinned[next++]! } : { raw }] as const;
  });
  return { charts, steps: kept, values: Object.fromEntries(values), stretch, last: steps.at(-1) ?? 0 };
}
