import { html, type Markup } from '../../tracking/report/html.js';
import { htmlPage } from '../../tracking/report/html-page.js';
import { measureNames, wholeCell, type Row, type Table } from './table.js';

/** All tables on one page that needs nothing else. */
export function tablesPage(title: string, tables: readonly Table[]): string {
  return htmlPage(
    title,
    'tr.own td { font-weight: 600; }',
    html`<h1>${title}</h1>
      ${tables.map(section)}`,
  );
}

function section(table: Table): Markup {
  const measures = measureNames(table);
  return html`<h2>${table.title}</h2>
    ${measures === '' ? '' : html`<p class="muted">${measures}</p>`}
    <div class="card scroll">
      <table>
        <thead>
          <tr>
            <th>${table.corner}</th>
            ${table.columns.map(({ name }) => html`<th>${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${table.rows.map((row) => line(table, row))}
        </tbody>
      </table>
    </div>
    ${table.notes.map((note) => html`<p class="muted">${note}</p>`)}`;
}

const line = (table: Table, row: Row) =>
  html`<tr class="${row.own ? 'own' : ''}">
    <td>${row.name}</td>
    ${table.columns.map((_, i) => html`<td>${wholeCell(table, row, i)}</td>`)}
  </tr>`;
