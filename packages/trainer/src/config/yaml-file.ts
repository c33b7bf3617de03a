import { existsSync } from 'node:fs';
import { LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { readTextSync } from '../models/files.js';
import { settingsIssues, type SettingsIssue } from './issue.js';

type Path = readonly (string | number)[];

/** A YAML file with keys at its top, yet to be checked. */
export interface YamlFile {
  readonly value: object;
  /** File and line of a key, or of the nearest section around it. */
  readonly locate: (path: Path) => string;
}

/** What a file is and how it may look, for messages. */
export interface FileKind {
  readonly name: string;
  readonly example: string;
}

/** Where in a YAML file a key stands, or the nearest section around it. */
function lineOf(document: Document, lines: LineCounter, path: Path): number | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const items = (parent as { items?: { key?: { value: unknown; range?: [number, number, number] } }[] } | null)
      ?.items;
    const range = items?.find((item) => item.key?.value === path[depth - 1])?.key?.range;
    if (range) return lines.linePos(range[0]).line;
  }
  return undefined;
}

/**
 * Reads a YAML file.
 *
 * @throws one message that names file and line, when there is none or it holds something else
 */
export function readYamlFile(file: string, kind: FileKind): YamlFile {
  const lines = new LineCounter();
  if (!existsSync(file)) throw new Error(`${file}: no such ${kind.name}`);
  const document = parseDocument(readTextSync(file), { lineCounter: lines });
  const syntax = document.errors[0];
  if (syntax) {
    const at = syntax.linePos?.[0].line;
    throw new Error(`${file}${at === undefined ? '' : `:${at}`}: not valid YAML: ${syntax.message.split('\n')[0]!}`);
  }
  const value = document.toJS() as unknown;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(
      `${file}: expected settings such as '${kind.example}', got ${value === null ? 'an empty file' : typeof value}`,
    );
  }
  const locate = (path: Path): string => {
    const line = lineOf(document, lines, path);
    return line === undefined ? file : `${file}:${line}`;
  };
  return { value, locate };
}

/**
 * Fills in defaults and checks every key.
 *
 * @param locate - where a key was written, for the message
 * @throws one message about the first key that is wrong
 */
export function checkSettings<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  locate: (path: Path) => string,
): z.output<Schema> {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  const issues = settingsIssues(parsed.error, schema, input);
  const [first, ...others] = issues as [SettingsIssue, ...SettingsIssue[]];
  const more =
    others.length === 0 ? '' : ` (and ${others.length} more: ${others.map((i) => i.path.join('.')).join(', ')})`;
  throw new Error(`${locate(first.path)}: '${first.path.join('.')}' ${first.problem}${more}`);
}
