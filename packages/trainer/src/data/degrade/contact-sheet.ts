import { html } from '../../tracking/report/html.js';
import { htmlPage } from '../../tracking/report/html-page.js';
import type { ManifestRow } from './make.js';

/** One page with an example of each function at each severity, from the pictures of a manifest. */
export function contactSheet(rows: readonly ManifestRow[]): string {
  const examples = new Map<string, Map<number, ManifestRow>>();
  for (const row of rows) {
    const name = [row.distortion_name ?? 'none'].flat().join(' + ');
    const severity = Math.max(...[row.severity].flat());
    const own = examples.get(name) ?? new Map<number, ManifestRow>();
    if (!own.has(severity)) own.set(severity, row);
    examples.set(name, own);
  }
  const severities = [...new Set([...examples.values()].flatMap((own) => [...own.keys()]))].sort();
  const cell = (row: ManifestRow | undefined) =>
    row === undefined ? html`<td></td>` : html`<td><img src="${row.img_lq}" alt="${row.img_ref}" loading="lazy" width="160" /></td>`; // prettier-ignore
  return htmlPage(
    'Contact sheet',
    'body { max-width: none; }',
    html`<h1>Contact sheet</h1>
      <p class="muted">${rows.length} pictures; the first of each function and severity</p>
      <table>
        <thead>
          <tr>
            <th>function</th>
            ${severities.map((severity) => html`<th>${severity}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${[...examples]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(
              ([name, own]) =>
                html`<tr>
                  <td>${name}</td>
                  ${severities.map((severity) => cell(own.get(severity)))}
                </tr>`,
            )}
        </tbody>
      </table>`,
  );
}
