import { html, type Markup } from '../../tracking/report/html.js';
import { htmlPage } from '../../tracking/report/html-page.js';
import { FINDINGS, type SetCheck } from './check-set.js';

/** The check on one page: table, distributions, and every finding. */
export function checkPage(title: string, checks: readonly SetCheck[]): string {
  return htmlPage(
    title,
    'rect { fill: var(--accent); } text { fill: var(--muted); font-size: 10px; }',
    html`<h1>${title}</h1>
      <div class="card scroll">
        <table>
          <thead>
            <tr>
              <th>set</th>
              ${['rows', 'images', 'left out', ...FINDINGS].map((name) => html`<th>${name}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${checks.map(line)}
          </tbody>
        </table>
      </div>
      ${checks.map(distributions)} ${checks.map(findingsList)}`,
  );
}

function line({ name, rows, images, leftOut, findings }: SetCheck): Markup {
  const counts = FINDINGS.map((kind) => findings.filter((finding) => finding.kind === kind).length);
  return html`<tr>
    <td>${name}</td>
    ${[rows, images, leftOut, ...counts].map((count) => html`<td>${count}</td>`)}
  </tr>`;
}

function distributions({ name, statistics: { score, degradation, comparison } }: SetCheck): Markup[] {
  const charts: Markup[] = [];
  if (score) charts.push(chart(`${name}: scores`, score.bins.map((count, i) => [(1 + i / 4).toFixed(2), count]))); // prettier-ignore
  for (const [distortion, levels] of Object.entries(degradation ?? {})) {
    charts.push(chart(`${name}: ${distortion}`, Object.entries(levels)));
  }
  if (comparison) charts.push(chart(`${name}: verdicts`, Object.entries(comparison)));
  return charts;
}

function chart(title: string, counts: readonly (readonly [string, number])[]): Markup {
  const [width, height] = [640, 120];
  const step = width / counts.length;
  const largest = Math.max(1, ...counts.map(([, count]) => count));
  const bars = counts.map(([label, count], i) => {
    const tall = (count / largest) * (height - 30);
    return html`<rect x="${i * step + 1}" y="${height - 14 - tall}" width="${step - 2}" height="${tall}" />
      <text x="${(i + 0.5) * step}" y="${height - 2}" text-anchor="middle">${label}</text>
      <text x="${(i + 0.5) * step}" y="${height - 18 - tall}" text-anchor="middle">${count}</text>`;
  });
  return html`<h2>${title}</h2>
    <div class="card"><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">${bars}</svg></div>`;
}

const findingsList = ({ name, findings }: SetCheck): Markup =>
  findings.length === 0
    ? html``
    : html`<h2>${name}: findings</h2>
        <ul>
          ${findings.map(({ kind, text }) => html`<li><b>${kind}</b> ${text}</li>`)}
        </ul>`;
