import type { AnyReward, Reward } from '@q-insight/rewards';
import type { RewardSet } from '@q-insight/rewards/server';
import { createRequire } from 'node:module';
import { basename, extname, resolve } from 'node:path';
import { createJiti } from 'jiti';
import { z } from 'zod';
import { rewardRunShape, rewardSetOf } from './reward-run.js';
import { checkSettings } from './yaml-file.js';

const setSchema = z.strictObject({
  rewards: z.array(z.unknown()).min(1),
  ...rewardRunShape,
  cache: z.custom<NonNullable<RewardSet['cache']>>().optional(),
  cacheKey: z.custom<NonNullable<RewardSet['cacheKey']>>().optional(),
});

type RewardFunction = Reward['score'];

/**
 * Loads rewards from a TypeScript or JavaScript module. It exports as `default` a reward, a function from a sample to a number, an
 * array of these, or a set `{ rewards, weights, … }`; or rewards and functions under names of their own.
 *
 * @throws one message that names the file and what is wrong with it
 */
export async function loadRewardModule(file: string): Promise<RewardSet> {
  const exported = await importModule(file);
  const { default: main, ...named } = exported;
  if (main === undefined) {
    const rewards = Object.entries(named)
      .filter(([, value]) => isFunction(value) || isObject(value))
      .map(([name, value]) => rewardOf(value, name, `${file}: ${name}`));
    if (rewards.length === 0) throw new Error(`${file}: exports no rewards`);
    return rewardSetOf(rewards, {});
  }
  if (!isObject(main) || Array.isArray(main) || !('rewards' in main)) {
    const one = basename(file, extname(file));
    return rewardSetOf(
      [main].flat().map((value, i) => rewardOf(value, one, `${file}: reward ${i + 1}`)),
      {},
    );
  }
  const { rewards, ...run } = checkSettings(setSchema, main, () => file);
  return rewardSetOf(rewards.map((value, i) => rewardOf(value, '', `${file}: 'rewards.${i}'`)), run); // prettier-ignore
}

/** Imports the module as it stands, types and all; `@q-insight/rewards` is found from wherever it lies. */
async function importModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  const require = createRequire(import.meta.url);
  const { exports } = require('@q-insight/rewards/package.json') as { exports: Record<string, unknown> };
  const entries = Object.keys(exports).map((entry) => `@q-insight/rewards${entry.slice(1)}`);
  const alias = Object.fromEntries(entries.toReversed().map((name) => [name, require.resolve(name)])); // './x' before '.'
  const jiti = createJiti(import.meta.url, { alias, fsCache: false, interopDefault: false });
  try {
    return await jiti.import(resolve(file));
  } catch (error) {
    const { message } = Object(error) as { message?: unknown }; // of another realm, perhaps
    throw new Error(`${file}: ${typeof message === 'string' ? message : String(error)}`, { cause: error });
  }
}

/** What a transpiler calls a function that has no name of its own. */
const NAMELESS = ['', 'default', '_default'];

/** A reward as it is, or a function as a reward that may give any number. */
function rewardOf(value: unknown, name: string, where: string): AnyReward {
  if (isFunction(value)) {
    const called = NAMELESS.includes(value.name) ? name : value.name;
    return { name: called, range: [-Infinity, Infinity], score: value };
  }
  const { name: own, range, score, scoreBatch } = (isObject(value) ? value : {}) as Record<string, unknown>;
  const isRange = Array.isArray(range) && range.length === 2 && (range[0] as number) <= (range[1] as number);
  if (typeof own === 'string' && own !== '' && isRange && (isFunction(score) || isFunction(scoreBatch)))
    return value as AnyReward;
  const missing = [
    ...(typeof own === 'string' && own !== '' ? [] : ['a name']),
    ...(isRange ? [] : ['a range [low, high]']),
    ...(isFunction(score) || isFunction(scoreBatch) ? [] : ['a function score or scoreBatch']),
  ];
  throw new Error(`${where} is no reward: it needs ${missing.join(' and ')}`);
}

function isFunction(value: unknown): value is RewardFunction & { readonly name: string } {
  return typeof value === 'function';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
