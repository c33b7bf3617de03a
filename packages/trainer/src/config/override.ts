import { parse as parseYaml } from 'yaml';

/** One setting given on the command line. */
export interface Override {
  /** How the user wrote it, for messages. */
  readonly flag: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * Reads `a.b=value` of the flag `--set`. The value is YAML: `0.01`, `true`, `[degradation]`, `linear`.
 *
 * @throws when there is no `=` or no key before it
 */
export function parseOverride(text: string): Override {
  const flag = `--set ${text}`;
  const split = text.indexOf('=');
  const path = text.slice(0, Math.max(split, 0)).split('.');
  if (split < 1 || path.some((key) => key === '')) {
    throw new Error(`${flag}: expected KEY=VALUE such as grpo.beta=0.01, got '${text}'`);
  }
  try {
    return { flag, path, value: parseYaml(text.slice(split + 1)) as unknown };
  } catch (error) {
    throw new Error(`${flag}: the value is not YAML (${(error as Error).message.split('\n')[0]!})`, { cause: error });
  }
}

/**
 * A copy of the settings with one of them replaced; sections on the way are made when missing. An entry of a list is named by its
 * number: `data.train.sets.0.file`.
 *
 * @throws when a list has no such entry
 */
export function applyOverride(settings: unknown, override: Override): unknown {
  const put = (node: unknown, path: readonly string[]): unknown => {
    const [head, ...rest] = path;
    if (head === undefined) return override.value;
    if (Array.isArray(node)) {
      const list: unknown[] = node;
      const place = list.findIndex((_, i) => String(i) === head);
      if (place >= 0) return list.with(place, put(list[place], rest));
      throw new Error(`${override.flag}: the list has ${list.length} entries, counted from 0, so no '${head}'`);
    }
    // A plain value in the way is replaced by a section; the schema then says if that was wrong.
    const parent = typeof node === 'object' && node !== null ? (node as Record<string, unknown>) : {};
    return { ...parent, [head]: put(parent[head], rest) };
  };
  return put(settings, override.path);
}
