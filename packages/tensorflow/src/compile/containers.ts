import * as tf from '@tensorflow/tfjs';
import { matmulPrecision } from '../bfloat16.js';

/** The tensors of a container in order, and what is left when they are taken out. */
export interface Flat {
  readonly tensors: tf.Tensor[];
  /** Equal for containers of the same structure, shapes, types and other values. */
  readonly signature: string;
}

const isTensor = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor;

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

/** How a tensor is stored, and multiplied where that differs. */
function typeOf(tensor: tf.Tensor): string {
  const precision = matmulPrecision(tensor);
  if (precision === undefined) return tensor.dtype;
  return precision === 'bfloat16' ? 'bfloat16 product' : 'bfloat16';
}

/**
 * Takes the tensors out of arrays and plain objects.
 *
 * @throws TypeError for functions, class instances and other values that have no signature.
 */
export function flatten(container: unknown): Flat {
  const tensors: tf.Tensor[] = [];
  const visit = (value: unknown): string => {
    if (isTensor(value)) {
      tensors.push(value);
      return `${typeOf(value)}[${value.shape.join()}]`;
    }
    if (Array.isArray(value)) return `[${value.map(visit).join(';')}]`;
    if (typeof value === 'object' && value !== null && isPlain(value)) {
      return `{${Object.entries(value)
        .map(([key, part]) => `${JSON.stringify(key)}:${visit(part)}`)
        .join(';')}}`;
    }
    if (value === null || ['number', 'boolean', 'undefined'].includes(typeof value)) return String(value);
    if (typeof value === 'string') return JSON.stringify(value);
    const what = typeof value === 'object' ? `a ${value.constructor.name}` : `a ${typeof value}`;
    throw new TypeError(
      `compile: expected tensors, numbers, strings and booleans in arrays and plain objects, got ${what}`,
    );
  };
  return { signature: visit(container), tensors };
}

/** Stands for a tensor in a container that only tells a structure. */
export const SLOT = Symbol('tensor');

/** A container like `container`, with other tensors in it, or with {@link SLOT} for each. */
export function rebuild<T>(container: T, tensors: readonly (tf.Tensor | typeof SLOT)[]): T {
  let next = 0;
  const visit = (value: unknown): unknown => {
    if (isTensor(value) || value === SLOT) return tensors[next++];
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, visit(part)]));
  };
  return visit(container) as T;
}
