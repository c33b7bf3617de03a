// @ts-check
// Draws the charts of the report and of the dashboard with uPlot, in the reader's browser.

/**
 * One line of a chart.
 *
 * @typedef {object} Line
 * @property {string} name
 * @property {(number | null)[]} values - by step
 * @property {(number | null)[]} [smoothed] - drawn boldly, with the values faint behind it
 * @property {boolean} [dotted] - few steps have a value: dots, joined
 * @property {string} [colour] - default: by its place
 */

export const COLOURS = /** @type {const} */ ([
  '#2b8ae6',
  '#e5484d',
  '#30a46c',
  '#f76b15',
  '#8e4ec6',
  '#12a594',
  '#d6409f',
  '#978365',
]);

const HEIGHT = 200;

/** @param {string} name */
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Axes take their colours from the style sheet at every drawing, so a switch between light and dark needs only a redraw.
export const AXIS = {
  stroke: () => style('--muted'),
  grid: { stroke: () => style('--line'), width: 1 },
  ticks: { show: false },
  font: '11px system-ui, sans-serif',
};

/** A figure as legends and axes show it. */
export function figure(/** @type {number | null | undefined} */ value) {
  if (value === null || value === undefined) return '';
  const isSmall = value !== 0 && Math.abs(value) < 0.001;
  return isSmall || Math.abs(value) >= 1e6 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** @type {Set<import('uplot')>} */
const plots = new Set();
const sizes = new ResizeObserver(() => {
  for (const plot of plots) {
    const width = boxOf(plot).clientWidth;
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height });
  }
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const plot of plots) plot.redraw();
});

const boxOf = (/** @type {import('uplot')} */ plot) => /** @type {HTMLElement} */ (plot.root.parentElement);

/**
 * A plot that keeps the width of its box and the colours of the page. It takes the place of what is in the box.
 *
 * @param {HTMLElement} box
 * @param {Omit<import('uplot').Options, 'width' | 'height'>} options
 * @param {import('uplot').AlignedData} data
 */
export function plotIn(box, options, data, height = HEIGHT) {
  removePlot(box);
  const plot = new uPlot({ width: box.clientWidth, height, ...options }, data, box);
  plots.add(plot);
  sizes.observe(box);
  return plot;
}

/** Takes the plot out of a box, if there is one. */
export function removePlot(/** @type {HTMLElement} */ box) {
  for (const plot of plots) {
    if (boxOf(plot) !== box) continue;
    plot.destroy();
    plots.delete(plot);
    sizes.unobserve(box);
  }
}

/** The columns that uPlot draws: raw values, and those smoothed after them. */
export const columnsOf = (/** @type {number[]} */ steps, /** @type {Line[]} */ lines) =>
  /** @type {import('uplot').AlignedData} */ ([
    steps,
    ...lines.flatMap(({ values, smoothed }) => (smoothed ? [values, smoothed] : [values])),
  ]);

/**
 * Draws lines over steps.
 *
 * @param {HTMLElement} box
 * @param {number[]} steps
 * @param {Line[]} lines
 * @param {Partial<import('uplot').Options>} [more]
 */
export function drawChart(box, steps, lines, more = {}) {
  /** @type {string[]} */
  const strokes = [''];
  /** @type {import('uplot').Series[]} */
  const series = [{ label: 'step' }];
  for (const [k, { name, smoothed, dotted = false, colour }] of lines.entries()) {
    const stroke = colour ?? /** @type {string} */ (COLOURS[k % COLOURS.length]);
    const points = { show: dotted || steps.length < 2, size: 6, fill: stroke };
    series.push({ label: name, stroke: smoothed ? stroke + '40' : stroke, width: smoothed ? 1 : 2, points, spanGaps: dotted, value: (_, value) => figure(value) }); // prettier-ignore
    strokes.push(stroke);
    if (!smoothed) continue;
    series.push({ label: '', class: 'quiet', stroke, width: 2, points: { show: false } });
    strokes.push(stroke);
  }
  const { cursor, ...rest } = more;
  return plotIn(
    box,
    {
      scales: { x: { time: false }, y: { range: paddedRange } },
      series,
      axes: [
        { ...AXIS, size: 30 },
        { ...AXIS, size: 56, values: (_, ticks) => ticks.map(figure) },
      ],
      legend: { markers: { width: 0, fill: (_, i) => /** @type {string} */ (strokes[i]) } },
      cursor: { points: { show: false }, ...cursor },
      ...rest,
    },
    columnsOf(steps, lines),
  );
}

/** A tenth of air above and below; a flat line gets a scale around it. */
function paddedRange(/** @type {import('uplot')} */ _, /** @type {number} */ low, /** @type {number} */ high) {
  if (low == null || high == null) return /** @type {[number, number]} */ ([0, 1]);
  if (low === high) return /** @type {[number, number]} */ ([Math.min(0, low - 1), high + 1]);
  return /** @type {[number, number]} */ (uPlot.rangeNum(low, high, 0.1, true));
}
