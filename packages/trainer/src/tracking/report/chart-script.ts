/**
 * Draws the charts in the reader's browser: each figure faintly as it was, boldly smoothed. Axes take their colours from
 * the style sheet at every drawing, so a switch between light and dark needs only a redraw.
 */
export const CHART_SCRIPT = `
const colours = ['#2b8ae6', '#e5484d', '#30a46c', '#f76b15', '#8e4ec6', '#12a594'];
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const data = JSON.parse(document.getElementById('data').textContent);
const axis = { stroke: () => style('--muted'), grid: { stroke: () => style('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
const number = (u, value) => value == null ? '' : Math.abs(value) >= 1000 || (value !== 0 && Math.abs(value) < 0.001) ? value.toExponential(2) : +value.toPrecision(4) + '';
const plots = data.charts.map((chart, c) => {
  const box = document.getElementById('chart-' + c);
  const series = [{ label: 'step' }];
  const columns = [data.steps];
  const strokes = [''];
  const points = { show: data.steps.length < 2 };
  chart.curves.forEach((curve, k) => {
    const stroke = colours[k % colours.length];
    const faint = curve.smoothed ? stroke + '40' : stroke;
    series.push({ label: curve.name, stroke: faint, width: curve.smoothed ? 1 : 2, points, value: number });
    columns.push(curve.values);
    strokes.push(stroke);
    if (!curve.smoothed) return;
    series.push({ label: '', class: 'quiet', stroke, width: 2, points: { show: false } });
    columns.push(curve.smoothed);
    strokes.push(stroke);
  });
  const values = columns.slice(1).flat().filter((value) => value != null);
  const flat = Math.max(...values) === Math.min(...values);
  const scales = { x: { time: false }, ...(flat && { y: { range: [Math.min(0, values[0] - 1), values[0] + 1] } }) };
  const axes = [axis, { ...axis, size: 56, values: (u, ticks) => ticks.map((tick) => number(u, tick)) }];
  return [box, new uPlot({ width: box.clientWidth, height: 200, scales, series, axes, legend: { markers: { width: 0, fill: (u, i) => strokes[i] } }, cursor: { points: { show: false } } }, columns, box)];
});
addEventListener('resize', () => plots.forEach(([box, plot]) => plot.setSize({ width: box.clientWidth, height: 200 })));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plots.forEach(([, plot]) => plot.redraw()));
`;
