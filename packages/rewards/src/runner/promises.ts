/** Whether `value` has to be waited for. */
export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/**
 * `next` of the value: at once when it is there, later when it has to be waited for. Not called `then`, as `import()` would take
 * a module that exports a `then` for a promise.
 */
export function andThen<A, B>(value: A | Promise<A>, next: (value: A) => B | Promise<B>): B | Promise<B> {
  return isPromise(value) ? value.then(next) : next(value);
}

/** All values: at once when all are there, later when one has to be waited for. */
export function together<T>(values: readonly (T | Promise<T>)[]): T[] | Promise<T[]> {
  return values.some(isPromise) ? Promise.all(values.map(async (value) => value)) : (values as T[]);
}

/** Resolves after some milliseconds. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
