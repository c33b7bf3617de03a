// @ts-check
// The cards with curves: all figures of one run, or one figure a card of several.
import { byId, element } from './dom.js';
import { columnsOf, drawChart, removePlot } from './draw-chart.js';

/**
 * What the server says of a run's curves.
 *
 * @typedef {object} Curves
 * @property {{ title: string, note: string, drawn: string, curves: { key: string, name: string }[] }[]} charts
 * @property {number[]} steps
 * @property {Record<string, { raw: (number | null)[], smoothed?: (number | null)[] }>} values
 * @property {number} stretch
 * @property {number} last
 */

/** @typedef {{ name: string, colour: string, curves: Curves }} ShownRun */

/** @typedef {{ box: HTMLElement, choice: HTMLElement, signature: string, plot?: import('uplot'), isZoomed: boolean }} Card */

/** How far the mouse may move, in pixels, in what is still a click. */
const CLICK = 4;

/** @type {Map<string, Card>} - by title */
const cards = new Map();
/** @type {Map<string, string>} - the figure that a card compares runs by, by title */
const compared = new Map();
let markedStep = 0;

/** Marks a step in all charts. */
export function markStep(/** @type {number} */ step) {
  if (step === markedStep) return;
  markedStep = step;
  for (const { plot } of cards.values()) plot?.redraw(false);
}

/**
 * Shows the curves of some runs.
 *
 * @param {ShownRun[]} runs
 * @param {(step: number) => void} onStep - told of the step that is clicked
 */
export function showCurves(runs, onStep) {
  const charts = new Map(runs.flatMap(({ curves }) => curves.charts.map((chart) => [chart.title, chart])));
  for (const [title, { box }] of cards) {
    if (charts.has(title)) continue;
    removePlot(box);
    box.closest('.card')?.remove();
    cards.delete(title);
  }
  for (const { title, note } of charts.values()) if (!cards.has(title)) cards.set(title, newCard(title, note));
  const titles = [...charts.keys()]; // a chart that came late still has its place
  for (const [title, card] of cards) {
    /** @type {HTMLElement} */ (card.box.parentElement).style.order = String(titles.indexOf(title));
    const chart = /** @type {Curves['charts'][number]} */ (charts.get(title));
    const again = () => draw(card, chart, runs, onStep, again);
    again();
  }
  byId('curves-note').textContent = noteOn(runs);
}

function noteOn(/** @type {ShownRun[]} */ runs) {
  if (runs.every(({ curves }) => curves.steps.length === 0)) return 'No step is done yet.';
  const thinned = runs.filter(({ curves }) => curves.stretch > 1);
  const [first] = thinned;
  const how =
    'Faint: each step; bold: running average. Click a step to see its answers; drag to zoom, double-click to go back.';
  if (first === undefined) return how;
  return `${how} Of each ${first.curves.stretch} steps of ${first.name} the lowest and the highest value are drawn.`;
}

/** @returns {Card} */
function newCard(/** @type {string} */ title, /** @type {string} */ note) {
  const choice = element('span');
  const box = element('div', { className: 'chart' });
  box.setAttribute('role', 'figure');
  box.setAttribute('aria-label', title);
  const card = element('section', { className: 'card' });
  card.append(element('h3', {}, title, choice), element('p', { className: 'muted', textContent: note }), box);
  byId('curves').append(card);
  return { box, choice, signature: '', isZoomed: false };
}

/**
 * @param {Card} card
 * @param {Curves['charts'][number]} chart
 * @param {ShownRun[]} runs
 * @param {(step: number) => void} onStep
 * @param {() => void} again
 */
function draw(card, chart, runs, onStep, again) {
  const isAlone = runs.length === 1;
  const options = [...new Map(runs.flatMap(({ curves }) => curves.charts.find(({ title }) => title === chart.title)?.curves ?? []).map((curve) => [curve.key, curve])).values()]; // prettier-ignore
  const key = options.find((option) => option.key === compared.get(chart.title))?.key ?? options[0]?.key ?? '';
  offer(card, isAlone ? [] : options, key, (chosen) => {
    compared.set(chart.title, chosen);
    again();
  });
  const dotted = chart.drawn === 'dotted';
  const lines = isAlone
    ? chart.curves.map(({ key: own, name }) => ({ ...lineOf(runs[0], own), name, dotted }))
    : runs.map((run) => ({ ...lineOf(run, key), name: run.name, colour: run.colour, dotted }));
  const { steps, lines: aligned } = isAlone ? { steps: runs[0]?.curves.steps ?? [], lines } : align(runs, lines);
  const signature = JSON.stringify(lines.map(({ name, colour, smoothed }) => [name, colour, smoothed !== undefined]));
  if (card.plot !== undefined && card.signature === signature) {
    card.plot.setData(columnsOf(steps, aligned), !card.isZoomed);
    if (card.isZoomed) card.plot.redraw();
    return;
  }
  card.signature = signature;
  card.isZoomed = false;
  card.plot = drawChart(card.box, steps, aligned, {
    cursor: { sync: { key: 'steps' }, drag: { x: true, y: false, dist: CLICK, click: keepClick } },
    hooks: { draw: [drawMark], setSelect: [({ select }) => (card.isZoomed ||= select.width > 0)] },
  });
  listen(card, card.plot, onStep);
}

/** @returns {{ values: (number | null)[], smoothed?: (number | null)[], colour?: string }} */
function lineOf(/** @type {ShownRun | undefined} */ run, /** @type {string} */ key) {
  const found = run?.curves.values[key];
  const values = found?.raw ?? run?.curves.steps.map(() => null) ?? [];
  return found?.smoothed ? { values, smoothed: found.smoothed } : { values };
}

/**
 * Lines of runs that have other steps, over all of these.
 *
 * @param {ShownRun[]} runs
 * @param {import('./draw-chart.js').Line[]} lines
 */
function align(runs, lines) {
  const tables = lines.map(({ values, smoothed }, k) => /** @type {import('uplot').AlignedData} */ ([runs[k]?.curves.steps ?? [], values, ...(smoothed ? [smoothed] : [])])); // prettier-ignore
  const [steps, ...columns] = uPlot.join(tables);
  let next = 0;
  const take = () => /** @type {(number | null)[]} */ (columns[next++]);
  const aligned = lines.map((line) => ({ ...line, values: take(), ...(line.smoothed ? { smoothed: take() } : {}) }));
  return { steps: /** @type {number[]} */ (steps), lines: aligned };
}

/**
 * A choice between figures, where there is one.
 *
 * @param {Card} card
 * @param {{ key: string, name: string }[]} options
 * @param {string} chosen
 * @param {(key: string) => void} onChoice
 */
function offer({ choice }, options, chosen, onChoice) {
  if (options.length < 2) return choice.replaceChildren();
  if (choice.contains(document.activeElement)) return; // it would lose the keyboard
  const select = element('select', { onchange: () => onChoice(select.value) });
  select.setAttribute('aria-label', 'Figure that is compared');
  for (const { key, name } of options) select.append(element('option', { value: key, textContent: name, selected: key === chosen })); // prettier-ignore
  choice.replaceChildren(select);
}

/** A click chooses the step below the mouse; the end of a drag does not. */
function listen(
  /** @type {Card} */ card,
  /** @type {import('uplot')} */ plot,
  /** @type {(step: number) => void} */ onStep,
) {
  let start = 0;
  plot.over.addEventListener('mousedown', (event) => (start = event.clientX));
  plot.over.addEventListener('dblclick', () => (card.isZoomed = false));
  plot.over.addEventListener('click', (event) => {
    const step = plot.data[0][plot.posToIdx(event.clientX - plot.over.getBoundingClientRect().left)];
    if (step !== undefined && Math.abs(event.clientX - start) < CLICK) onStep(step);
  });
}

/** uPlot would drop a click near an edge, to which it draws the cursor, as the end of a drag. */
const keepClick = () => undefined;

function drawMark(/** @type {import('uplot')} */ plot) {
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(markedStep, 'x', true));
  if (markedStep === 0 || x < bbox.left || x > bbox.left + bbox.width) return;
  ctx.save();
  ctx.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue('--muted');
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
