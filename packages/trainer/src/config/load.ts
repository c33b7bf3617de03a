import { applyOverride, type Override } from './override.js';
import { settingsSchema, type Settings } from './schema.js';
import { checkSettings, readYamlFile } from './yaml-file.js';

/**
 * Reads a run's settings: the recipe file, then the overrides in their order, then the defaults.
 *
 * @param file - YAML file
 * @param overrides - settings from the command line; the last one wins
 * @throws one message that names file and line (or flag), key path, what was expected and what came
 */
export function loadSettings(file: string, overrides: readonly Override[] = []): Settings {
  const recipe = readYamlFile(file, { name: 'recipe file', example: 'steps: 100' });
  const locate = (path: readonly (string | number)[]): string => {
    const within = (override: Override) =>
      override.path.slice(0, path.length).every((key, i) => key === String(path[i]));
    return overrides.findLast(within)?.flag ?? recipe.locate(path);
  };
  return checkSettings(settingsSchema, overrides.reduce<unknown>(applyOverride, recipe.value), locate);
}
