import { readFileSync } from 'node:fs';

/** The cases of a golden file beside this one. */
export function goldenCases<Case>(name: string): Case[] {
  const file = JSON.parse(readFileSync(new URL(`golden/${name}.json`, import.meta.url), 'utf8')) as { cases: Case[] };
  return file.cases;
}
