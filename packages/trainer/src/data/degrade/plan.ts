import seedrandom from 'seedrandom';
import { classOf, DQ495K_LADDER, type DegradationName } from '../../images/degradations/dq495k.js';
import type { Severity } from '../../images/degradations/samples.js';

/** Options of {@link planDegradations}: all that decides what is done to each picture. */
export interface DegradePlanOptions {
  /** With a picture's name it decides everything random about it. */
  readonly seed: string;
  /** Classes that are drawn from, evenly. @defaultValue all of the ladder */
  readonly classes?: readonly string[];
  /** Share of pictures that stay as they are. @defaultValue 0.05, as DQ-495K */
  readonly clean?: number;
  /** 'one' draws a severity; 'all' makes all five of each picture. @defaultValue 'one' */
  readonly severities?: 'one' | 'all';
  /** Distortions on top of each other, each of another class. @defaultValue 1 */
  readonly count?: number;
}

/** One step of degrading a picture. */
export interface DegradeStep {
  readonly name: DegradationName;
  readonly severity: Severity;
  readonly seed: string;
}

/** One picture to be made. */
export interface PlannedPicture {
  /** Path of the original, relative to its folder. */
  readonly reference: string;
  /** Path of the result, relative to the output folder. */
  readonly output: string;
  /** None for a picture that stays as it is. */
  readonly steps: readonly DegradeStep[];
}

/**
 * What is to be done to each picture. Classes are drawn evenly, then functions evenly within the class, then severities, as
 * DQ-495K was made. A picture's plan depends on the options and its name alone, so it is the same in any company and order.
 *
 * @throws for a class that the ladder does not have, more distortions than classes, or two pictures with one output name.
 */
export function planDegradations(references: readonly string[], options: DegradePlanOptions): PlannedPicture[] {
  const { seed, clean = 0.05, severities = 'one', count = 1 } = options;
  const groups = classGroups(options.classes);
  if (count > groups.length) throw new Error(`${count} distortions of different classes need as many classes, got ${groups.length}`); // prettier-ignore
  if (!(clean >= 0 && clean <= 1)) throw new Error(`the share of clean pictures must be from 0 to 1, got ${clean}`);
  const pictures = references.flatMap((reference) => {
    const random = seedrandom(JSON.stringify([seed, reference]));
    const stem = reference.replace(/\.[^.]*$/, '').replaceAll(/[\\/]/g, '__');
    if (random() < clean) return [{ reference, output: `images/${stem}_0.png`, steps: [] }];
    const names = drawClasses(groups, count, random).map((group) => group[Math.floor(random() * group.length)]!);
    const drawn = names.map(() => (1 + Math.floor(random() * 5)) as Severity);
    const variants = severities === 'one' ? [drawn] : ([1, 2, 3, 4, 5] as const).map((one) => names.map(() => one));
    return variants.map((levels, k) => ({
      reference,
      output: `images/${stem}_${k}.png`,
      steps: names.map((name, i) => ({ name, severity: levels[i]!, seed: JSON.stringify([seed, reference, i]) })),
    }));
  });
  const seen = new Map<string, string>();
  for (const { output, reference } of pictures) {
    const before = seen.get(output);
    if (before !== undefined) throw new Error(`'${before}' and '${reference}' would both become ${output}; rename one`);
    seen.set(output, reference);
  }
  return pictures;
}

function classGroups(classes: readonly string[] | undefined): DegradationName[][] {
  const groups = new Map<string, DegradationName[]>();
  for (const name of DQ495K_LADDER) {
    if (name !== 'null') groups.set(classOf(name), [...(groups.get(classOf(name)) ?? []), name]);
  }
  const unknown = classes?.find((name) => !groups.has(name));
  if (unknown !== undefined)
    throw new Error(`no class '${unknown}' in the ladder; it has ${[...groups.keys()].join(', ')}`);
  return [...groups].flatMap(([name, group]) => (classes === undefined || classes.includes(name) ? [group] : []));
}

/** Different ones, in random order. */
function drawClasses<T>(groups: readonly T[], count: number, random: () => number): T[] {
  const left = [...groups];
  return Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)[0]!);
}
