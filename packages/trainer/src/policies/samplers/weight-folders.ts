import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import type { Policy } from '../policy.js';
import { parseAnswer, ServerRefusal } from './http.js';
import { writeTiedHead } from './tied-head.js';

/** Sends a request to one server. */
export type AskServer = (url: string, path: string, body?: unknown) => Promise<string>;

/** How weights get to the servers: through a folder that they read too. */
export interface WeightFolders {
  /** Writes a policy's present weights. */
  write(policy: Policy, version: number): Promise<void>;
  /** Has a server read them; @returns the name it then knows the model by. */
  load(url: string, version: number): Promise<string>;
  /** Takes a version back, from the servers that have it too. Nothing waits for them: what stays there does no harm. */
  drop(version: number, urls: readonly string[]): void;
}

/**
 * An adapter's versions, each in a folder and under a name of its own. vLLM's prefix cache goes by both: under the same name or
 * path a server would go on from key and value states of older weights.
 *
 * @param folder - absolute, the same for trainer and servers
 * @param name - unique among all processes that use the servers
 */
export function adapterFolders(folder: string, name: string, ask: AskServer): WeightFolders {
  const folderOf = (version: number) => join(folder, `${name}-v${version}`);
  const nameOf = (version: number) => basename(folderOf(version));
  return {
    write: async (policy, version) => {
      mkdirSync(folderOf(version), { recursive: true });
      await policy.save(folderOf(version), 'weights');
    },
    load: async (url, version) => {
      const model = nameOf(version);
      try {
        await ask(url, '/v1/load_lora_adapter', { lora_name: model, lora_path: folderOf(version) });
      } catch (error) {
        if (!isLoaded(error)) throw explained(error, url, folderOf(version));
      }
      return model;
    },
    drop: (version, urls) => {
      const body = { lora_name: nameOf(version) };
      for (const url of urls) ask(url, '/v1/unload_lora_adapter', body).catch(() => undefined);
      rmSync(folderOf(version), { recursive: true, force: true });
    },
  };
}

/** Loaded by an earlier request whose answer was lost: names are never used twice, so it is this version. */
const isLoaded = (error: unknown) =>
  error instanceof ServerRefusal && error.status === 400 && error.message.includes('already been loaded');

function explained(error: unknown, url: string, folder: string): unknown {
  if (!(error instanceof ServerRefusal)) return error;
  const hint = error.message.includes('No adapter found')
    ? `the server must see the folder ${folder}, on the same path`
    : 'start vLLM with --enable-lora, --max-lora-rank of at least model.lora.rank, and VLLM_ALLOW_RUNTIME_LORA_UPDATING=1';
  return new ServerRefusal(`${url}: cannot load an adapter: ${error.message}; ${hint}`, error.status);
}

const models = z.object({
  data: z.array(z.object({ id: z.string(), root: z.string().nullish(), parent: z.string().nullish() })).min(1),
});

/** What a server keeps of older weights. Without the last two, vLLM 0.32 ends at the first image that it knows already. */
const CACHES = ['prefix', 'encoder', 'mm'];

/**
 * Full weights, in the folder the servers were started from: it is written anew, and they read it again. There is one version
 * at a time.
 *
 * @param folder - absolute, the same for trainer and servers
 */
export function modelFolder(folder: string, ask: AskServer): WeightFolders {
  return {
    write: async (policy) => {
      const [fresh, old] = [`${folder}.new`, `${folder}.old`];
      for (const left of [fresh, old]) rmSync(left, { recursive: true, force: true });
      mkdirSync(dirname(folder), { recursive: true });
      await policy.save(fresh, 'weights');
      await writeTiedHead(fresh);
      if (existsSync(folder)) renameSync(folder, old);
      renameSync(fresh, folder); // whole: a server that starts at any other moment reads all of one version
      rmSync(old, { recursive: true, force: true });
    },
    load: async (url) => {
      const { data } = parseAnswer(await ask(url, '/v1/models'), models, `${url}/v1/models`, 'a list of models');
      const { id, root } = data.find(({ parent }) => parent === null || parent === undefined) ?? data[0]!;
      if (root !== undefined && root !== null && isAbsolute(root) && root !== folder) {
        throw new ServerRefusal(`${url}: serves ${root}, expected sampler.folder, ${folder}`, 200);
      }
      try {
        await ask(url, '/collective_rpc', { method: 'reload_weights' });
        for (const cache of CACHES) await ask(url, `/reset_${cache}_cache`, {});
      } catch (error) {
        if (!(error instanceof ServerRefusal)) throw error;
        const hint = 'start vLLM with VLLM_SERVER_DEV_MODE=1, or train an adapter (model.train: lora)';
        throw new ServerRefusal(`${url}: cannot read full weights again: ${error.message}; ${hint}`, error.status);
      }
      return id;
    },
    drop: () => undefined,
  };
}
