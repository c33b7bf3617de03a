// @ts-check
// Ratings beside labels, with the logistic curve that was fitted to them.
import { byId } from './dom.js';
import { AXIS, COLOURS, figure, plotIn, removePlot } from './draw-chart.js';

/**
 * @typedef {object} Scatter
 * @property {number[]} ratings - rising
 * @property {number[]} labels
 * @property {number[] | null} fitted
 * @property {number} unreadable
 * @property {number | null} plcc
 * @property {number | null} srcc
 * @property {number | null} fittedPlcc
 */

/** Above so many points each is drawn fainter. */
const MANY = 400;

/** Shows a scatter, or that there is none. */
export function showScatter(/** @type {Scatter | null} */ scatter) {
  const [box, note] = [byId('scatter'), byId('scatter-note')];
  if (scatter === null || scatter.ratings.length === 0) {
    removePlot(box);
    note.textContent = scatter === null ? 'No question about a score here.' : `None of ${scatter.unreadable} ratings could be read.`; // prettier-ignore
    return;
  }
  const { ratings, labels, fitted, unreadable, plcc, srcc, fittedPlcc } = scatter;
  const dot = COLOURS[0] + (ratings.length > MANY ? '70' : '90');
  const ends = [...ratings, ...labels];
  const [low, high] = [Math.min(1, ...ends), Math.max(5, ...ends)];
  /** @type {import('uplot').Scale} */
  const scale = { time: false, range: [low - 0.1, high + 0.1] };
  const label = { labelSize: 18, labelFont: '11px system-ui, sans-serif', labelGap: 0 };
  plotIn(
    box,
    {
      scales: { x: scale, y: scale },
      series: [
        { label: 'rating', value: (_, value) => figure(value) },
        { label: 'label', paths: () => null, points: { show: true, size: 6, width: 0, fill: dot, space: 0 }, stroke: dot, value: (_, value) => figure(value) }, // prettier-ignore
        {
          label: 'logistic',
          stroke: COLOURS[1],
          width: 2,
          points: { show: false },
          value: (_, value) => figure(value),
        },
      ],
      axes: [
        { ...AXIS, ...label, label: 'rating', size: 28 },
        { ...AXIS, ...label, label: 'label', size: 36 },
      ],
      legend: { show: false },
      cursor: { show: false },
      hooks: { drawClear: [drawDiagonal] },
    },
    [ratings, labels, fitted ?? ratings.map(() => null)],
    440,
  );
  const left = unreadable === 0 ? '' : ` ${unreadable} more ratings could not be read.`;
  const fit = fitted === null ? 'There is no curve to fit.' : `${figure(fittedPlcc) || '-'} through the four-parameter logistic (line).`; // prettier-ignore
  note.textContent = `${ratings.length} answers. SRCC ${figure(srcc) || '-'}, PLCC ${figure(plcc) || '-'}; ${fit}${left}`;
}

/** Where rating and label are equal. */
function drawDiagonal(/** @type {import('uplot')} */ plot) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue('--line');
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(bbox.left, bbox.top + bbox.height);
  ctx.lineTo(bbox.left + bbox.width, bbox.top);
  ctx.stroke();
  ctx.restore();
}
