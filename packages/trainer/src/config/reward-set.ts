import { rewardPresets, type RewardPresetName } from '@q-insight/rewards';
import type { RewardSet } from '@q-insight/rewards/server';
import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { z } from 'zod';
import { loadRewardModule } from './reward-module.js';
import { rewardRunShape, rewardSetOf } from './reward-run.js';
import { checkSettings, readYamlFile } from './yaml-file.js';

const yamlSchema = z.strictObject({
  /** Rewards of a published system. @defaultValue 'q-insight' */
  preset: z.enum(Object.keys(rewardPresets) as RewardPresetName[]).default('q-insight'),
  ...rewardRunShape,
});

/**
 * Reads a set of rewards: a YAML file that names a preset, or a module that exports rewards; Q-Insight's without a file.
 *
 * @throws one message that names the file and what is wrong with it
 */
export async function loadRewardSet(file?: string): Promise<RewardSet> {
  if (file === undefined) return rewardPresets['q-insight']();
  if (!existsSync(file)) throw new Error(`${file}: no such file`);
  const kind = extname(file).toLowerCase();
  if (/^\.[cm]?[jt]s$/.test(kind)) return loadRewardModule(file);
  if (!/^\.ya?ml$/.test(kind)) throw new Error(`${file}: expected rewards in a .yaml file, or a .ts or .js module`);
  const yaml = readYamlFile(file, { name: 'rewards file', example: 'preset: q-insight' });
  const { preset, ...run } = checkSettings(yamlSchema, yaml.value, yaml.locate);
  const { rewards, weights } = rewardPresets[preset]();
  for (const name of Object.keys(run.weights ?? {})) {
    if (name in weights) continue;
    throw new Error(`${yaml.locate(['weights', name])}: 'weights.${name}' is no reward of ${preset}; it has ${Object.keys(weights).join(', ')}`); // prettier-ignore
  }
  return rewardSetOf(rewards, { ...run, weights: { ...weights, ...run.weights } });
}
