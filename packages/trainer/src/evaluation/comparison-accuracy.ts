import type { ComparisonLabel } from '@q-insight/rewards';
import { meanOrNull } from './pairs.js';

/** How an enhanced image was made: by a regression network, or by one that generates (GAN, diffusion). */
export type Enhancer = 'regression' | 'generation';

/** What was answered to one comparison: absent where it could not be read. */
export interface ComparisonVerdict {
  /** The pair, whichever way round it was shown. */
  readonly pair: string;
  readonly label: ComparisonLabel['better'];
  readonly answer?: ComparisonLabel['better'];
  /** True when the images were shown in the other order; the label is turned round with them. @defaultValue false */
  readonly swapped?: boolean;
  /** Of image A and image B; absent where it is not known. */
  readonly enhancers?: readonly [Enhancer, Enhancer];
}

/** Accuracy over pairs, as in Q-Insight's Table 6. Null where there is no such pair. */
export interface ComparisonAccuracy {
  readonly count: number;
  /** Answers that could not be read; they are wrong. */
  readonly unreadable: number;
  /** Over all pairs. */
  readonly overall: number | null;
  /** Over pairs of two regression-based results (Reg-Acc). */
  readonly regression: number | null;
  /** Over pairs of two generation-based results (Gen-Acc). */
  readonly generation: number | null;
  /** Share of the pairs asked both ways round whose two verdicts name the same image; unreadable ones agree with none. */
  readonly swapConsistency: number | null;
  /** Pairs asked both ways round. */
  readonly swapPairs: number;
  /** Share of the readable answers that name the image shown first: .5 for no preference when labels are balanced. */
  readonly firstShare: number | null;
}

/** Counts right verdicts. Every answer weighs the same, so a pair asked both ways round counts twice. */
export function comparisonAccuracy(verdicts: readonly ComparisonVerdict[]): ComparisonAccuracy {
  const right = (own: readonly ComparisonVerdict[]) => meanOrNull(own.map(({ label, answer }) => Number(answer === label))); // prettier-ignore
  const of = (kind: Enhancer) => verdicts.filter(({ enhancers }) => enhancers?.every((enhancer) => enhancer === kind));
  const consistency = swapConsistency(verdicts);
  const readable = verdicts.flatMap(({ answer }) => answer ?? []);
  return {
    count: verdicts.length,
    unreadable: verdicts.length - readable.length,
    overall: right(verdicts),
    regression: right(of('regression')),
    generation: right(of('generation')),
    swapConsistency: meanOrNull(consistency.map(Number)),
    swapPairs: consistency.length,
    firstShare: meanOrNull(readable.filter((answer) => answer !== 'Similar').map((answer) => Number(answer === 'Image A'))), // prettier-ignore
  };
}

const TURNED = { 'Image A': 'Image B', 'Image B': 'Image A', Similar: 'Similar' } as const;

/** The verdict on the same two images shown the other way round. */
export const turned = (verdict: ComparisonLabel['better']): ComparisonLabel['better'] => TURNED[verdict];

/** For each pair asked both ways, the k-th answer one way beside the k-th the other way: do they name the same image? */
function swapConsistency(verdicts: readonly ComparisonVerdict[]): boolean[] {
  const pairs = new Map<string, { given: ComparisonVerdict[]; swapped: ComparisonVerdict[] }>();
  for (const verdict of verdicts) {
    const entry = pairs.get(verdict.pair) ?? { given: [], swapped: [] };
    (verdict.swapped === true ? entry.swapped : entry.given).push(verdict);
    pairs.set(verdict.pair, entry);
  }
  return [...pairs.values()].flatMap(({ given, swapped }) =>
    given
      .slice(0, swapped.length)
      .map(({ answer }, k) => answer !== undefined && swapped[k]!.answer === turned(answer)),
  );
}
