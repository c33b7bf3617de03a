import { DISTORTION_CLASSES, LEVELS } from '@q-insight/rewards';
import type { Agreement } from '../../evaluation/agreement.js';
import type { DegradationErrors } from '../../evaluation/degradation-accuracy.js';
import { html, type Markup } from '../report/html.js';

/** Classes named for classes that are there, and levels for levels, as tables. */
export function matrixView(errors: DegradationErrors | undefined): Markup {
  if (errors === undefined) return html`<p class="muted">No question about degradations here.</p>`;
  const { classes, levels, unreadableClasses } = errors;
  const unreadable = unreadableClasses === 0 ? '' : `; ${unreadableClasses} more could not be read`;
  const hasLevels = levels.count > 0;
  return html`<p class="muted">Rows are the truth, columns what was said.</p>
    <div class="matrices">
      ${matrix('distortion class', DISTORTION_CLASSES, classes)}
      ${hasLevels ? matrix('level, where the class is right', LEVELS, levels) : html``}
    </div>
    <p class="muted">
      Right class: ${share(classes)}${unreadable}.
      ${hasLevels ? `Right level: ${share(levels)} with the right class.` : ''}
    </p>`;
}

const share = ({ accuracy, count, kappa }: Agreement) =>
  `${accuracy === null ? '-' : `${(100 * accuracy).toFixed(0)} %`} of ${count} (κ ${kappa === null ? '-' : kappa.toFixed(2)})`;

/** Classes that occur nowhere are left out. Shades are shares of a row. */
function matrix(what: string, names: readonly string[], { confusion }: Agreement): Markup {
  const occurs = (i: number) => confusion.some((row, k) => row[i]! > 0 || (k === i && row.some((count) => count > 0)));
  const kept = names.flatMap((name, i) => (occurs(i) ? [{ name, i }] : []));
  const line = ({ name, i }: { name: string; i: number }) => {
    const row = confusion[i]!;
    const total = row.reduce((sum, count) => sum + count, 0);
    return html`<tr>
      <th scope="row">${name}</th>
      ${kept.map(({ name: named, i: j }) => {
        const shade = total === 0 ? 0 : Math.ceil((10 * row[j]!) / total);
        return html`<td
          class="shade-${shade}${i === j ? ' right' : ''}"
          title="${name} called ${named}: ${row[j]!} of ${total}"
        >
          ${row[j] === 0 ? '' : row[j]!}
        </td>`;
      })}
    </tr>`;
  };
  return html`<div class="scroll">
    <table class="matrix">
      <caption>
        ${what}
      </caption>
      <thead>
        <tr>
          <td></td>
          ${kept.map(({ name }) => html`<th scope="col"><span>${name}</span></th>`)}
        </tr>
      </thead>
      <tbody>
        ${kept.map(line)}
      </tbody>
    </table>
  </div>`;
}
