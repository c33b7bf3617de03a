import type { Attribute } from '../binding.js';
import type { TracedOperation } from './trace.js';

const TYPES: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'float64',
  3: 'int32',
  4: 'uint8',
  7: 'string',
  8: 'complex64',
  9: 'int64',
  10: 'bool',
  14: 'bfloat16',
  19: 'float16',
  20: 'resource',
};

const nameOf = (id: number): string => `%${id}`;

function attributeText({ name, value }: Attribute): string {
  return `${name}=${Array.isArray(value) ? `[${value.join(',')}]` : String(value)}`;
}

/** A trace as text, an operation a line: `%5 float32[2,3] = MatMul(%3, %4) transpose_b=true`. */
export function printTrace(operations: readonly TracedOperation[]): string {
  return operations
    .map(({ type, attributes, inputs, outputs }) => {
      const left = outputs.map(
        ({ id, dtype, shape }) => `${nameOf(id)} ${TYPES[dtype] ?? `type ${dtype}`}[${shape.join()}]`,
      );
      const notes = attributes.filter(({ name }) => !/^T/.test(name)).map(attributeText); // types are in the outputs
      return [`${left.join(', ')} = ${type}(${inputs.map(nameOf).join(', ')})`, ...notes].join(' ');
    })
    .join('\n');
}
