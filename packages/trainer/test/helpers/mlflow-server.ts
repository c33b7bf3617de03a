import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A metric as it was sent. */
export interface SentMetric {
  readonly key: string;
  readonly value: number;
  readonly step: number;
  readonly timestamp: number;
}

/** The part of an MLflow server that runs are sent to, in memory. */
export interface FakeMlflow {
  readonly address: string;
  readonly experiments: string[];
  readonly metrics: SentMetric[];
  readonly params: Map<string, string>;
  readonly tags: Map<string, string>;
  readonly files: Map<string, string>;
  readonly statuses: string[];
  /** Runs that were made. */
  runs: number;
  /** Answers for every request from now on: a refusal, or nothing at all. */
  failure: { readonly status: number; readonly code: string; readonly message: string } | 'silence' | undefined;
  /** Every request's method and path. */
  readonly requests: string[];
  /** Headers of the last request. */
  headers: IncomingMessage['headers'];
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

interface Batch {
  readonly metrics?: SentMetric[];
  readonly params?: { key: string; value: string }[];
}

/** Starts one on a free port of the loopback. */
export async function fakeMlflow(artifacts = 'mlflow-artifacts:/0/r1/artifacts'): Promise<FakeMlflow> {
  const state: Omit<FakeMlflow, 'address' | 'close'> = {
    experiments: [],
    metrics: [],
    params: new Map(),
    tags: new Map(),
    files: new Map(),
    statuses: [],
    runs: 0,
    failure: undefined,
    requests: [],
    headers: {},
  };
  const run = () => {
    const latest = new Map(state.metrics.map((metric) => [metric.key, metric]));
    const params = [...state.params].map(([key, value]) => ({ key, value }));
    return { info: { run_id: 'r1', artifact_uri: artifacts }, data: { metrics: [...latest.values()], params } };
  };
  const missing = { status: 404, code: 'RESOURCE_DOES_NOT_EXIST', message: 'no such thing' };
  const answer = (path: string, body: Record<string, unknown>): object | typeof missing => {
    const name = path.split('?')[0];
    if (name === 'experiments/get-by-name') {
      return state.experiments.length === 0 ? missing : { experiment: { experiment_id: '0' } };
    }
    if (name === 'experiments/create') state.experiments.push(String(body['name']));
    if (name === 'experiments/create') return { experiment_id: '0' };
    if (name === 'runs/create') state.runs++;
    if (name === 'runs/create') return { run: { info: run().info } }; // as the real one: no data of an empty run
    if (name === 'runs/get') return state.runs === 0 ? missing : { run: run() };
    if (name === 'runs/update') state.statuses.push(String(body['status']));
    if (name === 'runs/set-tag') state.tags.set(String(body['key']), String(body['value']));
    if (name === 'runs/log-batch') {
      const { metrics = [], params = [] } = body as Batch;
      const changed = params.find(({ key, value }) => (state.params.get(key) ?? value) !== value);
      if (changed) return { status: 400, code: 'INVALID_PARAMETER_VALUE', message: `${changed.key} is set already` };
      state.metrics.push(...metrics);
      for (const { key, value } of params) state.params.set(key, value);
    }
    return {};
  };
  const server = createServer((request, response) => {
    const handle = async () => {
      const { url = '', method = '' } = request;
      state.headers = request.headers;
      state.requests.push(`${method} ${url}`);
      const body = await bodyOf(request);
      if (state.failure === 'silence') return;
      const file = /^\/api\/2\.0\/mlflow-artifacts\/artifacts\/(.*)$/.exec(url)?.[1];
      if (file !== undefined && state.failure === undefined) state.files.set(decodeURIComponent(file), body);
      const path = url.replace('/api/2.0/mlflow/', '');
      const reply =
        state.failure ??
        (file === undefined ? answer(path, body === '' ? {} : (JSON.parse(body) as Record<string, unknown>)) : {});
      const refused = 'code' in reply ? (reply as typeof missing) : undefined;
      response.statusCode = refused?.status ?? 200;
      response.end(JSON.stringify(refused ? { error_code: refused.code, message: refused.message } : reply));
    };
    void handle();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return Object.assign(state, { address: `http://127.0.0.1:${port}`, close });
}
