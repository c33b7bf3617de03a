import { existsSync } from 'node:fs';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { readTextSync } from '../models/files.js';
import { settingsIssues, type SettingsIssue } from './issue.js';
import { applyOverride, type Override } from './override.js';
import { settingsSchema, type Settings } from './schema.js';

/** Where in a YAML file a key stands, or the nearest section around it. */
function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): number | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const items = (parent as { items?: { key?: { value: unknown; range?: [number, number, number] } }[] } | null)
      ?.items;
    const range = items?.find((item) => item.key?.value === path[depth - 1])?.key?.range;
    if (range) return lines.linePos(range[0]).line;
  }
  return undefined;
}

/** Fills in defaults and checks every key, or says what is wrong with the first bad one. */
function check(input: unknown, locate: (issue: SettingsIssue) => string): Settings {
  const parsed = settingsSchema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  const issues = settingsIssues(parsed.error, settingsSchema, input);
  const [first, ...others] = issues as [SettingsIssue, ...SettingsIssue[]];
  const more =
    others.length === 0 ? '' : ` (and ${others.length} more: ${others.map((i) => i.path.join('.')).join(', ')})`;
  throw new Error(`${locate(first)}: '${first.path.join('.')}' ${first.problem}${more}`);
}

/**
 * Reads a run's settings: the recipe file, then the overrides in their order, then the defaults.
 *
 * @param file - YAML file
 * @param overrides - settings from the command line; the last one wins
 * @throws one message that names file and line (or flag), key path, what was expected and what came
 */
export function loadSettings(file: string, overrides: readonly Override[] = []): Settings {
  const lines = new LineCounter();
  if (!existsSync(file)) throw new Error(`${file}: no such recipe file`);
  const document = parseDocument(readTextSync(file), { lineCounter: lines });
  const syntax = document.errors[0];
  if (syntax) {
    const at = syntax.linePos?.[0].line;
    throw new Error(`${file}${at === undefined ? '' : `:${at}`}: not valid YAML: ${syntax.message.split('\n')[0]!}`);
  }
  const recipe = document.toJS() as unknown;
  if (typeof recipe !== 'object' || recipe === null || Array.isArray(recipe)) {
    throw new Error(
      `${file}: expected settings such as 'steps: 100', got ${recipe === null ? 'an empty file' : typeof recipe}`,
    );
  }

  const locate = ({ path }: SettingsIssue) => {
    const within = (override: Override) =>
      override.path.slice(0, path.length).every((key, i) => key === String(path[i]));
    const flag = overrides.findLast(within);
    if (flag) return flag.flag;
    const line = lineOf(document, lines, path);
    return line === undefined ? file : `${file}:${line}`;
  };
  return check(overrides.reduce<unknown>(applyOverride, recipe), locate);
}
