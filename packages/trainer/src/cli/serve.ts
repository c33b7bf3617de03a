import { isBatchReward } from '@q-insight/rewards';
import { closeOnSignals, serveRewards, type RewardSet } from '@q-insight/rewards/server';
import { Command } from 'commander';
import cluster from 'node:cluster';
import pc from 'picocolors';
import { loadRewardSet } from '../config/reward-set.js';
import { wholeNumber } from './options.js';

/** Flags of `q-insight serve`. */
export interface ServeFlags {
  readonly host: string;
  readonly port: string;
  readonly processes: string;
  readonly queue: string;
  readonly bodyLimit: string;
  readonly imageRoot?: string;
}

/** The environment variable that holds the token: a flag could be read by everyone on the machine. */
const TOKEN = 'Q_INSIGHT_TOKEN';

/** `q-insight serve [REWARDS]`. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('answer trainers over HTTP with the rewards of their samples')
    .argument('[rewards]', 'a .yaml file that names a preset, or a .ts or .js module that exports rewards', undefined)
    .option(
      '--host <address>',
      `address to listen on; one that others can reach needs a token in ${TOKEN}`,
      '127.0.0.1',
    ) // prettier-ignore
    .option('--port <n>', 'port; 0 takes a free one', '8000')
    .option('--processes <n>', 'processes that share the port', '1')
    .option('--queue <n>', 'requests that may wait, in each process, before callers are told to come back', '256')
    .option('--body-limit <MiB>', 'largest request', '32')
    .option('--image-root <folder>', 'folder that images may be read from')
    .action(async (file: string | undefined, flags: ServeFlags) => {
      const set = await loadRewardSet(file);
      const token = process.env[TOKEN];
      const server = await serveRewards(set, {
        host: flags.host,
        port: wholeNumber('--port', flags.port, 0),
        processes: wholeNumber('--processes', flags.processes, 1),
        queue: wholeNumber('--queue', flags.queue, 0),
        bodyLimit: wholeNumber('--body-limit', flags.bodyLimit, 1) * 2 ** 20,
        ...(flags.imageRoot === undefined ? {} : { imageRoot: flags.imageRoot }),
        ...(token === undefined ? {} : { token }),
      });
      closeOnSignals(server);
      if (cluster.isPrimary) console.log(greeting(server.url, set, file ?? 'q-insight', token !== undefined));
    });
}

/** What the server is, and how to ask it. */
export function greeting(url: string, set: RewardSet, name: string, needsToken: boolean): string {
  const rewards = set.rewards.map((reward) => {
    const weight = set.weights?.[reward.name] ?? 1;
    return `  ${reward.name.padEnd(22)} ${reward.range.map((end) => Number(end.toPrecision(4))).join(' to ')}${weight === 1 ? '' : `, weight ${weight}`}`;
  });
  const compares = set.rewards.some(isBatchReward);
  const sample = {
    response: '<think>Some grain in the sky.</think><answer>{"rating": 3.4}</answer>',
    ground_truth: 3.1,
    ...(compares ? { group: 'photo-1' } : {}),
  };
  const header = needsToken ? ` -H "authorization: Bearer $${TOKEN}"` : '';
  const faces = compares
    ? '/v1/score; the other protocols tell no groups, and a reward here compares samples'
    : '/v1/score, /get_reward (OpenRLHF), /slime, /seed_session and /verify (NeMo-Gym, verifiers)';
  return [
    `${pc.bold(url)} serves ${name}`,
    ...rewards,
    `asked at ${faces}; also /health, /metrics, /openapi.json`,
    `curl ${url}/v1/score -H 'content-type: application/json'${header} -d '${JSON.stringify(sample)}'`,
    pc.dim('Ctrl-C ends it when the requests under way are done'),
  ].join('\n');
}
