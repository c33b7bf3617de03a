/** A request that cannot be answered as asked. */
export class ModelRefusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'ModelRefusal';
    this.status = status;
    this.headers = headers;
  }
}

/** What the caller can put right. */
export const userError = (message: string): ModelRefusal => new ModelRefusal(400, message);
/** What is not there, or not any more. */
export const notFound = (message: string): ModelRefusal => new ModelRefusal(404, message);
