import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../config/schema.js';
import { readJsonSync, writeJson } from '../models/files.js';
import type { Judged } from './judge-policy.js';

const CACHE_FILE = 'evaluation-start.json';

/** What the starting model's figures depend on. */
function fingerprint({ model, data, rewards, grpo, evaluate }: Settings): string {
  const decisive = [model, data.heldOut, rewards, grpo.maxTokens, evaluate];
  return createHash('sha256').update(JSON.stringify(decisive)).digest('hex').slice(0, 16);
}

/** What the run folder holds, if it can be read: a damaged file is made anew like one that is not there. */
function readCache(file: string): { key: string; judged: Judged } | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return (readJsonSync(file) ?? undefined) as { key: string; judged: Judged } | undefined;
  } catch {
    return undefined;
  }
}

/** The starting model's evaluation: from the run folder when it was made under the same settings, else made and kept. */
export async function startingFigures(run: string, settings: Settings, judge: () => Promise<Judged>): Promise<Judged> {
  const file = join(run, CACHE_FILE);
  const key = fingerprint(settings);
  const cached = readCache(file);
  if (cached?.key === key) return cached.judged;
  const judged = await judge();
  await writeJson(file, { key, judged });
  return judged;
}
