import cluster from 'node:cluster';
import { stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { buildApp } from './app.js';
import { urlOf, within } from './listening.js';
import { limitsOf, type Limits, type ServeOptions } from './options.js';
import { allCells, joinPrimary, startProcesses, tellFailure } from './processes.js';
import { Refusal } from './refusal.js';
import type { RewardSet } from './reward-set.js';

/** A server that is up. */
export interface RewardServer {
  /** Where it is, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Answers newcomers 503, finishes what is under way for as long as `drainTimeout` allows, and ends. */
  close(): Promise<void>;
}

/** How long the last replies may take to go out. */
const LAST_WORDS = 500;

/**
 * Serves rewards over HTTP: `POST /v1/score`, OpenRLHF's `/get_reward`, slime's `/slime`, `/seed_session` and `/verify` of NeMo-Gym
 * and verifiers, `/health`, `/metrics` and `/openapi.json`; what they take and give is in docs/reward-server.md. Needs the
 * package `fastify`. Node only.
 *
 * Rejects when an option or the set makes no sense, and when the port is taken.
 *
 * @example
 * ```ts
 * const server = await serveRewards(rewardPresets['q-insight'](), { port: 0 });
 * await fetch(`${server.url}/health`);
 * await server.close();
 * ```
 */
export async function serveRewards(set: RewardSet, options: ServeOptions = {}): Promise<RewardServer> {
  const limits = limitsOf(options);
  await checkImageRoot(limits.imageRoot);
  if (limits.processes === 1) return serveHere(set, limits);
  if (cluster.isWorker) return serveHere(set, limits).catch(tellFailure);
  const { port, close } = await startProcesses(limits.processes, limits.log);
  return { url: urlOf(limits.host, port), close };
}

async function serveHere(set: RewardSet, limits: Limits): Promise<RewardServer> {
  const isAlone = limits.processes === 1;
  const app = await buildApp(set, limits, async () => (isAlone ? app.cells() : allCells(app.cells)));
  await app.http.listen({ host: limits.host, port: limits.port });
  const { port } = app.http.server.address() as AddressInfo;

  let closed: Promise<void> | undefined;
  async function drain(): Promise<void> {
    const drained = app.admission.drain();
    if (!(await within(drained, limits.drainTimeout))) {
      app.abort(new Refusal('draining', 'the server went down before this was done', {}, { connection: 'close' }));
      await within(drained, LAST_WORDS);
    }
    const ended = app.http.close();
    if (!(await within(ended, LAST_WORDS))) app.http.server.closeAllConnections();
    await ended;
  }
  const close = (): Promise<void> => (closed ??= drain());
  if (!isAlone) joinPrimary(port, app, close);
  return { url: urlOf(limits.host, port), close };
}

/**
 * Lets SIGTERM and Ctrl-C close the server and end the process, with code 0; a second one ends it at once.
 *
 * @example
 * ```ts
 * closeOnSignals(await serveRewards(rewardPresets['q-insight']())); // at http://localhost:8000
 * ```
 */
export function closeOnSignals(server: Pick<RewardServer, 'close'>): void {
  const codes = { SIGINT: 130, SIGTERM: 143 } as const;
  let isClosing = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (cluster.isWorker) return; // the primary got it too, and will say
      if (isClosing) process.exit(codes[signal]);
      isClosing = true;
      void server.close().then(() => process.exit(0));
    });
  }
}

async function checkImageRoot(root: string | undefined): Promise<void> {
  if (root === undefined) return;
  const isFolder = await stat(root).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new Error(`serveRewards: imageRoot must be a folder, got ${root}`);
}
