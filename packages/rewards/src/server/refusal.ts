/** Why a request is refused; the reply's `error.code`. */
export type RefusalCode =
  | 'bad_request'
  | 'unauthorized'
  | 'not_found'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'too_large'
  | 'unsupported_media_type'
  | 'invalid'
  | 'busy'
  | 'reward_failed'
  | 'internal'
  | 'draining';

/** HTTP status of each code. */
export const STATUS: Readonly<Record<RefusalCode, number>> = {
  bad_request: 400,
  unauthorized: 401,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  too_large: 413,
  unsupported_media_type: 415,
  invalid: 422,
  busy: 429,
  reward_failed: 500,
  internal: 500,
  draining: 503,
};

/** What the message is about, where that is known. */
export interface About {
  /** Id of the sample. */
  readonly sample?: string | undefined;
  /** Ids of the samples of a call that failed. */
  readonly samples?: readonly string[];
  /** Where in the body, such as `samples.3.response`. */
  readonly field?: string;
  /** Name of the reward. */
  readonly reward?: string;
}

/** A request that is not answered as asked. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly about: About;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: RefusalCode, message: string, about: About = {}, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.about = about;
    this.headers = headers;
  }
}

/** The body of a refusal's reply. */
export function refusalBody({ code, message, about }: Pick<Refusal, 'code' | 'message' | 'about'>): object {
  return { error: { code, message, ...about } };
}
