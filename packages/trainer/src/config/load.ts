import type { z } from 'zod';
import { applyOverride, type Override } from './override.js';
import { settingsSchema, type Settings } from './schema.js';
import { checkSettings, readYamlFile, type FileKind, type YamlFile } from './yaml-file.js';

/**
 * Reads a YAML file, then the overrides in their order, then the defaults.
 *
 * @param overrides - settings from the command line; the last one wins
 * @throws one message that names file and line (or flag), key path, what was expected and what came
 */
export function loadYaml<Schema extends z.ZodType>(
  schema: Schema,
  file: string,
  kind: FileKind,
  overrides: readonly Override[] = [],
): z.output<Schema> {
  const yaml = readYamlFile(file, kind);
  return checkOverridden(schema, yaml.value, overrides, yaml.locate);
}

/**
 * Checks settings with others put over them, the last one over all.
 *
 * @param locate - where a key was written that no override gave
 * @throws as {@link loadYaml}
 */
export function checkOverridden<Schema extends z.ZodType>(
  schema: Schema,
  under: object,
  overrides: readonly Override[],
  locate: YamlFile['locate'],
): z.output<Schema> {
  const flagOf: YamlFile['locate'] = (path) => {
    const within = (override: Override) =>
      override.path.slice(0, path.length).every((key, i) => key === String(path[i]));
    return overrides.findLast(within)?.flag ?? locate(path);
  };
  return checkSettings(schema, overrides.reduce<unknown>(applyOverride, under), flagOf);
}

/** Reads a run's settings from its recipe; the last override wins. */
export function loadSettings(file: string, overrides: readonly Override[] = []): Settings {
  return loadYaml(settingsSchema, file, { name: 'recipe file', example: 'steps: 100' }, overrides);
}
