import { z } from 'zod';
import type { NamedSource } from '../data/check/check-set.js';
import { dataSource } from './data-source.js';
import { loadYaml } from './load.js';
import type { Override } from './override.js';

const schema = z
  .looseObject({
    data: z.strictObject({ train: dataSource.optional(), heldOut: dataSource.optional() }).optional(),
    sets: z.record(z.string(), dataSource).optional(),
    seed: z.union([z.int(), z.string()]).default(0),
    decoding: z.looseObject({ seed: z.union([z.int(), z.string()]).default(0) }).prefault({}),
  })
  .refine(({ data, sets }) => data !== undefined || sets !== undefined, "must have a section 'data' or 'sets'");

/** The sources of a recipe (`data`) or a benchmark (`sets`), whatever else is in the file. A joint source gives its parts. */
export function loadSources(file: string, overrides: readonly Override[]): NamedSource[] {
  const settings = loadYaml(schema, file, { name: 'recipe file', example: 'data: {…}' }, overrides);
  const { data = {}, sets = {}, seed, decoding } = settings;
  const entries = [
    ...(data.train ? [{ name: 'train', side: 'train' as const, source: data.train, seed: `${seed}/train` }] : []),
    ...(data.heldOut ? [{ name: 'heldOut', side: 'heldOut' as const, source: data.heldOut, seed: 'held-out' }] : []),
    ...Object.entries(sets).map(([name, source]) => ({ name, side: 'heldOut' as const, source, seed: `${decoding.seed}/${name}` })), // prettier-ignore
  ];
  return entries.flatMap(({ source, ...named }): NamedSource[] => {
    if (source.kind !== 'joint') return [{ ...named, source }];
    const { name, side, seed: whole } = named;
    return source.sets.map((single, k) => ({ name: `${name}.sets.${k}`, side, source: single, seed: `${whole}/${k}` }));
  });
}
