import { createReadStream, statSync } from 'node:fs';
import { Readable } from 'node:stream';

/** Longest wait for an answer, in milliseconds. */
const TIMEOUT = 10_000;
/** Longest upload of a file, in milliseconds. */
const UPLOAD_TIMEOUT = 120_000;

/** A server's refusal: its words, and its code such as RESOURCE_DOES_NOT_EXIST. */
export class MlflowError extends Error {
  override readonly name = 'MlflowError';
  readonly code: string | undefined;
  constructor(message: string, code: string | undefined) {
    super(message);
    this.code = code;
  }
}

/** What MLflow's REST API is asked. */
export interface MlflowClient {
  readonly address: string;
  get(path: string, query: Record<string, string>): Promise<unknown>;
  post(path: string, body: object): Promise<unknown>;
  /** Stores a file with the server. `path` starts with the run's artifact root. */
  upload(path: string, file: string): Promise<void>;
}

/** As MLflow's own clients take them from the environment. */
function authorization({ MLFLOW_TRACKING_TOKEN: token, ...env }: NodeJS.ProcessEnv): Record<string, string> {
  const { MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password = '' } = env;
  if (token) return { authorization: `Bearer ${token}` };
  if (user) return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
  return {};
}

function refusal(status: number, text: string): MlflowError {
  try {
    const { error_code: code, message } = JSON.parse(text) as { error_code?: string; message?: string };
    return new MlflowError(message ?? `status ${status}`, code);
  } catch {
    return new MlflowError(`status ${status}: ${text.slice(0, 200)}`, undefined);
  }
}

/** A client of MLflow's REST API, version 2.0. */
export function mlflowClient(address: string, env: NodeJS.ProcessEnv = process.env): MlflowClient {
  const root = address.replace(/\/+$/, '');
  const headers = authorization(env);
  const ask = async (url: string, request: RequestInit, timeout: number) => {
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(timeout) });
    const text = await answer.text();
    if (!answer.ok) throw refusal(answer.status, text);
    return text;
  };
  const api = (path: string) => `${root}/api/2.0/mlflow/${path}`;
  return {
    address: root,
    get: async (path, query) =>
      JSON.parse(await ask(`${api(path)}?${String(new URLSearchParams(query))}`, { headers }, TIMEOUT)) as unknown,
    post: async (path, body) => {
      const request = { method: 'POST', body: JSON.stringify(body) };
      const type = { 'content-type': 'application/json' };
      return JSON.parse(await ask(api(path), { ...request, headers: { ...headers, ...type } }, TIMEOUT)) as unknown;
    },
    upload: async (path, file) => {
      const url = `${root}/api/2.0/mlflow-artifacts/artifacts/${path.split('/').map(encodeURIComponent).join('/')}`;
      const body = Readable.toWeb(createReadStream(file, { end: statSync(file).size - 1 }));
      const type = { 'content-type': 'application/octet-stream' };
      await ask(url, { method: 'PUT', body, duplex: 'half', headers: { ...headers, ...type } }, UPLOAD_TIMEOUT);
    },
  };
}
