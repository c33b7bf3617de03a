import type { Explanation } from '@q-insight/rewards';
import { html, type Markup } from '../report/html.js';

/** How a reward judged, for its colour. */
export type Verdict = 'good' | 'partly' | 'bad';

/** A reason that is about a part of the text. */
export interface Remark extends Pick<Explanation, 'reward' | 'reason' | 'place'> {
  readonly verdict: Verdict;
}

/** An answer with the parts that its rewards are about marked. Parts may overlap; where something is missing stands an empty mark. */
export function markedText(text: string, remarks: readonly Remark[]): Markup {
  const placed = remarks.flatMap(({ place, ...remark }) => (place === undefined ? [] : [{ ...remark, ...place }]));
  const cuts = [...new Set([0, text.length, ...placed.flatMap(({ start, end }) => [start, end])])].sort(
    (a, b) => a - b,
  );
  const pieces = cuts.flatMap((start, k) => {
    const end = cuts[k + 1] ?? start;
    const missing = placed.filter((part) => part.start === start && part.end === start);
    const covering = placed.filter((part) => part.start <= start && part.end >= end && part.start < part.end);
    const piece = text.slice(start, end);
    return [
      missing.length === 0 ? html`` : mark('', missing),
      piece === '' ? html`` : covering.length === 0 ? html`${piece}` : mark(piece, covering),
    ];
  });
  return html`${pieces}`;
}

const WORST: readonly Verdict[] = ['bad', 'partly', 'good'];

function mark(piece: string, remarks: readonly Omit<Remark, 'place'>[]): Markup {
  const verdict = WORST.find((one) => remarks.some((remark) => remark.verdict === one))!;
  const reasons = remarks.map(({ reward, reason }) => `${reward}: ${reason}`).join('\n');
  return html`<mark class="${verdict}${piece === '' ? ' missing' : ''}" title="${reasons}">${piece}</mark>`;
}
