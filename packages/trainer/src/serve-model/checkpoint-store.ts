import { existsSync, readdirSync, rmSync, renameSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { userError, notFound } from './refusal.js';

/** The two kinds of what is saved of a model: to train on with, or to sample from. */
export type CheckpointKind = 'weights' | 'sampler_weights';

/** A saved adapter, as the protocol lists it. */
export interface CheckpointEntry {
  readonly checkpoint_id: string;
  readonly checkpoint_type: 'training' | 'sampler';
  readonly time: string;
  readonly tinker_path: string;
}

/** Saved adapters in a folder, by `tinker://MODEL/KIND/NAME`. */
export interface CheckpointStore {
  /** Writes a folder whole or not at all. @returns its address */
  save(model: string, kind: CheckpointKind, name: string, overwrite: boolean, write: (folder: string) => Promise<void>): Promise<string>; // prettier-ignore
  /** @throws a refusal when there is none */
  folderOf(path: string): string;
  list(model: string): CheckpointEntry[];
  remove(model: string, kind: CheckpointKind, name: string): void;
}

const ADDRESS = /^tinker:\/\/([\w:.-]+)\/(weights|sampler_weights)\/([\w.-]+)$/;
const PARTIAL = '.partial-';

/** Opens a store; the folder is made with the first checkpoint. */
export function openCheckpointStore(root: string): CheckpointStore {
  const place = (model: string, kind: string, name = ''): string => join(root, encodeURIComponent(model), kind, name);
  const addressOf = (model: string, kind: string, name: string): string => `tinker://${model}/${kind}/${name}`;

  const save: CheckpointStore['save'] = async (model, kind, name, overwrite, write) => {
    const address = addressOf(model, kind, name);
    if (!ADDRESS.test(address) || name.startsWith('.')) {
      throw userError(`path '${name}': expected a name of letters, digits, '.', '_' and '-'`);
    }
    const folder = place(model, kind, name);
    if (existsSync(folder) && !overwrite)
      throw userError(`${address}: is there already, and overwrite is not asked for`);
    const partial = join(dirname(folder), `${PARTIAL}${name}`);
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    await write(partial);
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
    return address;
  };

  const folderOf: CheckpointStore['folderOf'] = (path) => {
    const [, model, kind, name] = ADDRESS.exec(path) ?? [];
    const folder = model === undefined || name!.startsWith('.') ? undefined : place(model, kind!, name);
    if (folder === undefined || !existsSync(folder)) throw notFound(`${path}: no such checkpoint`);
    return folder;
  };

  const list: CheckpointStore['list'] = (model) =>
    (['weights', 'sampler_weights'] as const).flatMap((kind) => {
      const folder = place(model, kind);
      const names = existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : [];
      return names.map((name) => ({
        checkpoint_id: name,
        checkpoint_type: kind === 'weights' ? ('training' as const) : ('sampler' as const),
        time: statSync(join(folder, name)).mtime.toISOString(),
        tinker_path: addressOf(model, kind, name),
      }));
    });

  const remove: CheckpointStore['remove'] = (model, kind, name) =>
    rmSync(folderOf(addressOf(model, kind, name)), { recursive: true, force: true });

  return { save, folderOf, list, remove };
}
