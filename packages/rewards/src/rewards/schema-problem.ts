/** The part of JSON Schema (draft 2020-12) that {@link jsonSchemaReward} knows. */
export interface JsonSchema {
  /** The type, or types, the value may have. */
  readonly type?: JsonType | readonly JsonType[];
  /** The values it may be: null, booleans, numbers, texts. */
  readonly enum?: readonly (string | number | boolean | null)[];
  /** Keys an object must have. */
  readonly required?: readonly string[];
  /** Schemas of an object's values, by key. */
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  /** `false`: an object has no keys but those in `properties`. */
  readonly additionalProperties?: boolean;
  /** Schema of an array's items. */
  readonly items?: JsonSchema;
  /** Fewest items of an array. */
  readonly minItems?: number;
  /** Most items of an array. */
  readonly maxItems?: number;
  /** Lowest number. */
  readonly minimum?: number;
  /** Highest number. */
  readonly maximum?: number;
}

/** A type name of JSON Schema. */
export type JsonType = 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null';

const KEYWORDS = new Set(
  'type enum required properties additionalProperties items minItems maxItems minimum maximum'.split(' '),
);

/** Throws on a keyword that {@link schemaProblem} would pass over. */
export function checkSchema(schema: JsonSchema): void {
  for (const keyword of Object.keys(schema)) {
    if (!KEYWORDS.has(keyword)) throw new Error(`jsonSchemaReward: the keyword "${keyword}" is not supported`);
  }
  for (const part of Object.values(schema.properties ?? {})) checkSchema(part);
  if (schema.items !== undefined) checkSchema(schema.items);
}

/** The first rule of the schema that `value` breaks, with its path; `null` when it fits. */
export function schemaProblem(schema: JsonSchema, value: unknown, path = 'the answer'): string | null {
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => hasType(value, type)))
    return `${path} must be of type ${types.join(' or ')}`;
  if (schema.enum !== undefined && !schema.enum.some((allowed) => allowed === value)) {
    return `${path} must be one of ${JSON.stringify(schema.enum)}`;
  }
  if (typeof value === 'number') return numberProblem(schema, value, path);
  if (Array.isArray(value)) return arrayProblem(schema, value, path);
  if (typeof value === 'object' && value !== null) return objectProblem(schema, value as Record<string, unknown>, path);
  return null;
}

function numberProblem(schema: JsonSchema, value: number, path: string): string | null {
  if (schema.minimum !== undefined && value < schema.minimum) return `${path} must be at least ${schema.minimum}`;
  if (schema.maximum !== undefined && value > schema.maximum) return `${path} must be at most ${schema.maximum}`;
  return null;
}

function arrayProblem(schema: JsonSchema, value: readonly unknown[], path: string): string | null {
  if (value.length < (schema.minItems ?? 0)) return `${path} must have at least ${schema.minItems ?? 0} items`;
  if (value.length > (schema.maxItems ?? Infinity)) return `${path} must have at most ${schema.maxItems ?? 0} items`;
  if (schema.items === undefined) return null;
  for (const [index, item] of value.entries()) {
    const problem = schemaProblem(schema.items, item, `${path}[${index}]`);
    if (problem !== null) return problem;
  }
  return null;
}

function objectProblem(schema: JsonSchema, value: Record<string, unknown>, path: string): string | null {
  const properties = schema.properties ?? {};
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(value, key)) return `${path} must have the key "${key}"`;
  }
  for (const [key, inner] of Object.entries(value)) {
    if (Object.hasOwn(properties, key)) {
      const problem = schemaProblem(properties[key]!, inner, `${path}.${key}`);
      if (problem !== null) return problem;
    } else if (schema.additionalProperties === false)
      return `${path} must not have the key ${JSON.stringify(key.slice(0, 40))}`;
  }
  return null;
}

function hasType(value: unknown, type: JsonType): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}
