import * as tf from '@tensorflow/tfjs';

/** Tensors, and values that are the same for all calls of a signature, in arrays and objects. */
export type Container =
  | tf.Tensor
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly Container[]
  | { readonly [key: string]: Container };

/** The tensors of a container in order, and what is left when they are taken out. */
export interface Flat {
  readonly tensors: tf.Tensor[];
  /** Equal for containers of the same structure, shapes, types and other values. */
  readonly signature: string;
}

const isTensor = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor;

/** Takes the tensors out of a container. @throws TypeError for functions and other values that have no signature. */
export function flatten(container: Container): Flat {
  const tensors: tf.Tensor[] = [];
  const visit = (value: Container): string => {
    if (isTensor(value)) {
      tensors.push(value);
      return `${value.dtype}[${value.shape.join()}]`;
    }
    if (Array.isArray(value)) return `[${(value as readonly Container[]).map(visit).join(';')}]`;
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value as Record<string, Container>);
      return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${visit(part)}`).join(';')}}`;
    }
    if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
      throw new TypeError(`compile: expected tensors, numbers, strings and booleans, got a ${typeof value}`);
    }
    return typeof value === 'string' ? JSON.stringify(value) : String(value);
  };
  return { signature: visit(container), tensors };
}

/** Stands for a tensor in a container that only tells a structure. */
export const SLOT = Symbol('tensor');

/** A container like `container`, with other tensors in it, or with {@link SLOT} for each. */
export function rebuild<T extends Container>(container: T, tensors: readonly (tf.Tensor | typeof SLOT)[]): T {
  let next = 0;
  const visit = (value: Container): Container => {
    if (isTensor(value) || (value as unknown) === SLOT) return tensors[next++] as tf.Tensor;
    if (Array.isArray(value)) return (value as readonly Container[]).map(visit);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value as Record<string, Container>);
    return Object.fromEntries(entries.map(([key, part]) => [key, visit(part)]));
  };
  return visit(container) as T;
}
