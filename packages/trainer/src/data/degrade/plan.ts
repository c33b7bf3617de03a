import seedrandom from 'seedrandom';
import { LADDERS, type DegradeOptions, type Ladder } from '../../images/degradations/degrade.js';
import { classOf } from '../../images/degradations/dq495k.js';
import { mayFollow } from '../../images/degradations/dq495k-pairs.js';
import type { Severity } from '../../images/degradations/samples.js';

/** Options of {@link planDegradations}: all that decides what is done to each picture. */
export interface DegradePlanOptions {
  /** With a picture's name it decides everything random about it. */
  readonly seed: string;
  /** Whose functions and parameters. @defaultValue 'dq495k' */
  readonly ladder?: Ladder;
  /** Classes that are drawn from, evenly. @defaultValue all of the ladder */
  readonly classes?: readonly string[];
  /** Share of pictures that stay as they are. @defaultValue 0.05, as DQ-495K */
  readonly clean?: number;
  /** 'one' draws a severity; 'all' makes all five of each picture. @defaultValue 'one' */
  readonly severities?: 'one' | 'all';
  /**
   * Distortions on top of each other, each of another class. On DQ-495K's ladder several are those of its multi-distortion
   * part: classes that leave each other visible, at severities 1 to 3. @defaultValue 1
   */
  readonly count?: number;
}

/** One step of degrading a picture. */
export type DegradeStep = Required<DegradeOptions>;
type Name = DegradeStep['name'];

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
  const { seed, ladder = 'dq495k', clean = 0.05, severities = 'one', count = 1 } = options;
  const groups = classGroups(ladder, options.classes);
  const highest = ladder === 'dq495k' && count > 1 ? 3 : 5;
  if (count > groups.length) throw new Error(`${count} distortions of different classes need as many classes, got ${groups.length}`); // prettier-ignore
  if (!(clean >= 0 && clean <= 1)) throw new Error(`the share of clean pictures must be from 0 to 1, got ${clean}`);
  const pictures = references.flatMap((reference) => {
    const random = seedrandom(JSON.stringify([seed, reference]));
    const stem = reference.replace(/\.[^.]*$/, '').replaceAll(/[\\/]/g, '__');
    if (random() < clean) return [{ reference, output: `images/${stem}_0.png`, steps: [] }];
    const names = drawClasses(groups, { ladder, count }, random).map(
      (group) => group[Math.floor(random() * group.length)]!,
    );
    const drawn = names.map(() => (1 + Math.floor(random() * highest)) as Severity);
    const variants =
      severities === 'one' ? [drawn] : ([1, 2, 3, 4, 5] as const).slice(0, highest).map((one) => names.map(() => one));
    return variants.map((levels, k) => ({
      reference,
      output: `images/${stem}_${k}.png`,
      steps: names.map((name, i) => ({
        ladder,
        name,
        severity: levels[i]!,
        seed: JSON.stringify([seed, reference, i]),
      })),
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

function classGroups(ladder: Ladder, classes: readonly string[] | undefined): Name[][] {
  const groups = new Map<string, Name[]>();
  for (const name of LADDERS[ladder]) {
    if (name !== 'null') groups.set(classOf(name), [...(groups.get(classOf(name)) ?? []), name]);
  }
  const unknown = classes?.find((name) => !groups.has(name));
  if (unknown !== undefined)
    throw new Error(`no class '${unknown}' in the ladder; it has ${[...groups.keys()].join(', ')}`);
  return [...groups].flatMap(([name, group]) => (classes === undefined || classes.includes(name) ? [group] : []));
}

const TRIES = 1000;

/** Different classes in random order, drawn until each may follow the one before it. */
function drawClasses(
  groups: readonly Name[][],
  { ladder, count }: { ladder: Ladder; count: number },
  random: () => number,
): Name[][] {
  for (let i = 0; i < TRIES; i++) {
    const left = [...groups];
    const drawn = Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)[0]!);
    const classes = drawn.map(([name]) => classOf(name!));
    if (ladder !== 'dq495k' || classes.every((next, k) => k === 0 || mayFollow(next, classes[k - 1]!))) return drawn;
  }
  const names = groups.map(([name]) => classOf(name!)).join(', ');
  throw new Error(`no ${count} of the classes ${names} may stand on top of each other in DQ-495K; name others`);
}
