/** The latest used of some values, by key. */
export interface Remembered<T> {
  /** The value of a key, made when it is not there. */
  get(key: string, make: () => T): T;
}

/** Remembers as many values as `size` says. */
export function remember<T>(size: number): Remembered<T> {
  const known = new Map<string, T>();
  return {
    get: (key, make) => {
      const value = known.get(key) ?? make();
      known.delete(key);
      known.set(key, value); // the latest used come last
      if (known.size > size) known.delete(known.keys().next().value!);
      return value;
    },
  };
}
