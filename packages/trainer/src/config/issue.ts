import { z } from 'zod';
import { nearest } from './nearest.js';

/** One thing wrong with the settings, in words. */
export interface SettingsIssue {
  readonly path: readonly (string | number)[];
  readonly problem: string;
}

/** What the parts of a file are called. */
export interface Words {
  readonly key: string;
  readonly object: string;
}

const SETTINGS: Words = { key: 'setting', object: 'a section with keys of its own' };

type Schema = z.core.$ZodType;

/** Looks through defaults and optionals at the schema inside. */
function unwrap(schema: Schema): Schema {
  let inner = schema;
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodNullable
  ) {
    inner = inner.def.innerType;
  }
  return inner;
}

/** The variant of a union on `kind` that the value claims to be. */
function variant(union: z.ZodDiscriminatedUnion, value: unknown): Schema | undefined {
  const tag = union.def.discriminator;
  const claimed = (value as Record<string, unknown> | undefined)?.[tag];
  return union.options.find(
    (option) => option instanceof z.ZodObject && z.safeParse(option.shape[tag] as Schema, claimed).success,
  );
}

/** The keys allowed at a path, for suggestions. */
function keysAt(schema: Schema, path: readonly PropertyKey[], value: unknown): string[] {
  let inner: Schema | undefined = unwrap(schema);
  if (inner instanceof z.ZodDiscriminatedUnion) inner = variant(inner, value);
  if (!(inner instanceof z.ZodObject)) return [];
  const [head, ...rest] = path;
  if (head === undefined) return Object.keys(inner.shape);
  const next = inner.shape[String(head)] as Schema | undefined;
  return next ? keysAt(next, rest, (value as Record<PropertyKey, unknown> | undefined)?.[head]) : [];
}

const quote = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value));

const typeNames: Record<string, string> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
};

function choice(values: readonly unknown[], got: unknown): string {
  const words = values.map(String);
  const hint = typeof got === 'string' ? nearest(got, words) : undefined;
  const expected = words.length === 1 ? `'${words[0]!}'` : `one of ${words.join(', ')}`;
  return `must be ${expected}, got ${quote(got)}${hint === undefined ? '' : `; did you mean '${hint}'?`}`;
}

function bound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const limit = issue.code === 'too_small' ? issue.minimum : issue.maximum;
  const [inclusive, exclusive] = issue.code === 'too_small' ? ['at least', 'more than'] : ['at most', 'less than'];
  const side = issue.inclusive === false ? exclusive : inclusive;
  if (issue.origin === 'string') return `must not be empty`;
  if (issue.origin === 'array') return `must have ${side} ${limit} entries, got ${quote(issue.input)}`;
  return `must be ${side} ${limit}, got ${quote(issue.input)}`;
}

function union(issue: z.core.$ZodIssueInvalidUnion, words: Words): string {
  const { options, discriminator: tag } = 'options' in issue ? issue : {};
  if (tag !== undefined && options) {
    const got = (issue.input as Record<string, unknown> | undefined)?.[tag];
    return got === undefined ? `is required: one of ${options.join(', ')}` : choice(options, got);
  }
  const wanted = issue.errors.flat().map((inner) => /^must be (.*), got /.exec(describe(inner, words))?.[1]);
  const expected = new Set(wanted.filter((text) => text !== undefined));
  return `must be ${[...expected].join(' or ')}, got ${quote(issue.input)}`;
}

function describe(issue: z.core.$ZodIssue, words: Words): string {
  if (issue.code === 'invalid_type') {
    if (issue.input === undefined) return 'is required';
    const expected = issue.expected === 'object' ? words.object : typeNames[issue.expected];
    return `must be ${expected ?? issue.expected}, got ${quote(issue.input)}`;
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') return bound(issue);
  if (issue.code === 'invalid_value') return choice(issue.values, issue.input);
  if (issue.code === 'invalid_union') return union(issue, words);
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  return issue.message;
}

/**
 * Says in plain words what is wrong with settings that did not pass their schema, unknown keys first.
 *
 * @param error - what zod found (parsed with `reportInput: true`)
 * @param schema - the schema that was applied, for suggestions
 * @param input - what was parsed
 * @param words - what the parts of the file are called. Default: those of a recipe
 */
export function settingsIssues(
  error: z.core.$ZodError,
  schema: Schema,
  input: unknown,
  words: Words = SETTINGS,
): SettingsIssue[] {
  const unknown: SettingsIssue[] = [];
  const wrong: SettingsIssue[] = [];
  for (const issue of error.issues) {
    const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
    if (issue.code !== 'unrecognized_keys') {
      wrong.push({ path, problem: describe(issue, words) });
      continue;
    }
    const known = keysAt(schema, path, input);
    for (const key of issue.keys) {
      const hint = nearest(key, known);
      const advice = hint === undefined ? `known here: ${known.join(', ')}` : `did you mean '${hint}'?`;
      unknown.push({ path: [...path, key], problem: `is not a known ${words.key}; ${advice}` });
    }
  }
  return [...unknown, ...wrong];
}
