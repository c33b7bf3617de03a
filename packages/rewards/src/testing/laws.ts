import fc from 'fast-check';
import { isBatchReward, type AnyReward } from '../batch-reward.js';
import { runRewards } from '../runner/run.js';
import type { Label, Sample } from '../sample.js';
import { anyBatch, anyLabel } from './arbitraries.js';

/** Options of the laws. */
export interface LawOptions {
  /**
   * Batches tried.
   * @defaultValue 200
   */
  readonly runs?: number;
  /**
   * Seed of the tries; the message of a failure names the one to repeat it with.
   * @defaultValue random
   */
  readonly seed?: number;
  /**
   * Batches to draw from, where the reward needs more than {@link anyBatch} gives: metadata, for instance.
   * @defaultValue any batch
   */
  readonly batches?: fc.Arbitrary<Sample[]>;
}

/** Sums in another order round differently. */
const ROUNDING = 1e-9;

/** The reward's values by id; a value out of range, missing or not a number, and anything thrown, ends the try. */
async function valuesOf(reward: AnyReward, samples: readonly Sample[]): Promise<Map<string, number | null>> {
  const { ids, values } = await runRewards(samples, [reward]);
  return new Map(ids.map((id, row) => [id, values[row]?.[0] ?? null]));
}

function always(options: LawOptions, check: (samples: Sample[]) => Promise<void>): Promise<void> {
  const { runs = 200, seed, batches = anyBatch() } = options;
  return fc.assert(fc.asyncProperty(batches, check), {
    numRuns: runs,
    includeErrorInReport: true,
    ...(seed === undefined ? {} : { seed }),
  });
}

/**
 * Law: on any text the reward gives `null` or a number in its range, and never throws. Rejects with the smallest batch that
 * breaks it.
 *
 * @example
 * ```ts
 * test('range', () => rangeLaw(myReward));
 * ```
 */
export async function rangeLaw(reward: AnyReward, options: LawOptions = {}): Promise<void> {
  await always(options, async (samples) => {
    await valuesOf(reward, samples);
  });
}

/**
 * Law: the same samples get the same rewards, and the reward leaves its samples as they are.
 *
 * @example
 * ```ts
 * test('determinism', () => determinismLaw(myReward));
 * ```
 */
export async function determinismLaw(reward: AnyReward, options: LawOptions = {}): Promise<void> {
  await always(options, async (samples) => {
    const before = structuredClone(samples);
    const first = await valuesOf(reward, samples);
    same('the same samples again', first, await valuesOf(reward, samples));
    same('copies of the samples', first, await valuesOf(reward, before));
    if (JSON.stringify(samples) !== JSON.stringify(before)) throw new Error('the reward changed its samples');
  });
}

/**
 * Law: the order of the samples does not matter, nor that of the groups; and a per-sample reward gives a sample alone what it
 * gives it in a batch.
 *
 * @example
 * ```ts
 * test('order', () => orderLaw(myReward));
 * ```
 */
export async function orderLaw(reward: AnyReward, options: LawOptions = {}): Promise<void> {
  await always(options, async (samples) => {
    const values = await valuesOf(reward, samples);
    same('the samples in reverse', values, await valuesOf(reward, samples.toReversed()));
    const interleaved = samples.toSorted((a, b) => compare(a.id.split('.')[1], b.id.split('.')[1]));
    same('the groups interleaved', values, await valuesOf(reward, interleaved));
    if (isBatchReward(reward)) return;
    for (const sample of samples) {
      const alone = await valuesOf(reward, [sample]);
      if (alone.get(sample.id) !== values.get(sample.id))
        throw new Error(`sample ${sample.id} gets another reward alone`);
    }
  });
}

/**
 * Law: white space at the ends of a completion does not matter. Rewards that count length or demand an exact layout break it on
 * purpose.
 *
 * @example
 * ```ts
 * test('white space', () => whiteSpaceLaw(myReward));
 * ```
 */
export async function whiteSpaceLaw(reward: AnyReward, options: LawOptions = {}): Promise<void> {
  await always(options, async (samples) => {
    const padded = samples.map((sample) => ({ ...sample, completion: `\n ${sample.completion}\t\r\n` }));
    same('white space at the ends', await valuesOf(reward, samples), await valuesOf(reward, padded));
  });
}

/**
 * Law: the reward is `null` on every sample of a task that it is not made for.
 *
 * @param tasks - the tasks it is made for
 * @example
 * ```ts
 * test('tasks', () => taskLaw(myReward, ['score']));
 * ```
 */
export async function taskLaw(
  reward: AnyReward,
  tasks: readonly Label['task'][],
  options: LawOptions = {},
): Promise<void> {
  const others = anyBatch(anyLabel.filter((label) => !tasks.includes(label.task)));
  await always({ batches: others, ...options }, async (samples) => {
    const values = await valuesOf(reward, samples);
    const id = samples.find((sample) => values.get(sample.id) !== null)?.id;
    if (id !== undefined)
      throw new Error(`sample ${id} is of another task, and gets ${String(values.get(id))} instead of null`);
  });
}

/**
 * Law: of two completions for the same label, the one whose score is nearer to it never earns less. Scores and labels have two
 * decimals and lie in [1, 5]. Each completion is rewarded alone, so this is no law for rewards that compare samples.
 *
 * @param write - the completion that says a score
 * @example
 * ```ts
 * test('monotone', () => monotoneLaw(myReward, (score) => `<think>a</think><answer>{"rating": ${score}}</answer>`));
 * ```
 */
export async function monotoneLaw(
  reward: AnyReward,
  write: (score: number) => string,
  options: Omit<LawOptions, 'batches'> = {},
): Promise<void> {
  const hundredths = fc.integer({ min: 100, max: 500 });
  const batches = fc.tuple(hundredths, hundredths, hundredths).map(([label, a, b]) => {
    const say = (id: string, said: number): Sample => ({
      id,
      group: id,
      completion: write(said / 100),
      label: { task: 'score', score: label / 100 },
    });
    return Math.abs(a - label) <= Math.abs(b - label)
      ? [say('near', a), say('far', b)]
      : [say('near', b), say('far', a)];
  });
  await always({ ...options, batches }, async ([near, far]) => {
    const values = [...(await valuesOf(reward, [near!])).values(), ...(await valuesOf(reward, [far!])).values()];
    const [nearer, farther] = values;
    if (nearer != null && farther != null && nearer < farther - ROUNDING) {
      throw new Error(`the nearer score earns ${nearer}, the farther ${farther}`);
    }
  });
}

function same(what: string, before: Map<string, number | null>, after: Map<string, number | null>): void {
  for (const [id, value] of before) {
    const now = after.get(id);
    const close =
      value === now || (typeof value === 'number' && typeof now === 'number' && Math.abs(value - now) <= ROUNDING);
    if (!close) throw new Error(`${what}: sample ${id} got ${String(value)}, now ${String(now)}`);
  }
}

function compare(a = '', b = ''): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
