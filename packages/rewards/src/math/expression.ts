import { tokensOf } from './latex-tokens.js';

/** A formula's value for values of its variables. */
export type Expression = (variables: (name: string) => number) => number;

const FUNCTIONS: Readonly<Record<string, (x: number) => number>> = {
  '\\sin': Math.sin,
  '\\cos': Math.cos,
  '\\tan': Math.tan,
  '\\ln': Math.log,
  '\\log': Math.log10,
  '\\exp': Math.exp,
};
const FRACTIONS = new Set(['\\frac', '\\dfrac', '\\tfrac']);
const DEEPEST = 100;

/**
 * The formula that a piece of LaTeX writes, or `undefined` when it is none this parser knows. Numbers, one-letter variables and
 * Greek ones, + - * / ^, \cdot \times \div, \frac, \sqrt[n], round brackets and braces, implied products, and sin, cos, tan, ln, log, exp.
 */
export function parseExpression(latex: string): Expression | undefined {
  const tokens = tokensOf(latex);
  if (tokens === undefined || tokens.length === 0) return undefined;
  const reader = { tokens, at: 0, depth: 0 };
  const expression = sum(reader);
  return reader.at === tokens.length ? expression : undefined;
}

interface Reader {
  readonly tokens: readonly string[];
  at: number;
  depth: number;
}

/** Takes the next token when it is one of `wanted`. */
function take(reader: Reader, ...wanted: string[]): string | undefined {
  const token = reader.tokens[reader.at];
  if (token === undefined || !wanted.includes(token)) return undefined;
  reader.at += 1;
  return token;
}

function sum(reader: Reader): Expression | undefined {
  const sign = take(reader, '-', '+');
  const first = product(reader);
  if (first === undefined) return undefined;
  let left: Expression = sign === '-' ? (v) => -first(v) : first;
  for (let operator = take(reader, '+', '-'); operator !== undefined; operator = take(reader, '+', '-')) {
    const [before, right] = [left, product(reader)];
    if (right === undefined) return undefined;
    left = operator === '+' ? (v) => before(v) + right(v) : (v) => before(v) - right(v);
  }
  return left;
}

function product(reader: Reader): Expression | undefined {
  let left = power(reader);
  while (left !== undefined) {
    const operator = take(reader, '*', '/') ?? (startsFactor(reader) ? '*' : undefined);
    if (operator === undefined) return left;
    const [before, right]: [Expression, Expression | undefined] = [left, signedPower(reader)];
    if (right === undefined) return undefined;
    left = operator === '*' ? (v) => before(v) * right(v) : (v) => before(v) / right(v);
  }
  return undefined;
}

function signedPower(reader: Reader): Expression | undefined {
  if (take(reader, '-') === undefined) return power(reader);
  const value = power(reader);
  return value && ((v) => -value(v));
}

function power(reader: Reader): Expression | undefined {
  const base = factor(reader);
  if (base === undefined || take(reader, '^') === undefined) return base;
  const exponent = signedPower(reader);
  return exponent && ((v) => base(v) ** exponent(v));
}

function startsFactor(reader: Reader): boolean {
  const token = reader.tokens[reader.at];
  return token !== undefined && !['+', '-', '*', '/', '^', ')', ']'].includes(token);
}

function factor(reader: Reader): Expression | undefined {
  reader.depth += 1;
  if (reader.depth > DEEPEST) return undefined; // a megabyte of brackets must not use up the stack
  const value = deeperFactor(reader);
  reader.depth -= 1;
  return value;
}

function deeperFactor(reader: Reader): Expression | undefined {
  const token = reader.tokens[reader.at];
  if (token === undefined) return undefined;
  reader.at += 1;
  if (token === '(') return closed(reader, sum(reader));
  if (/^[\d.]/.test(token)) return () => Number(token);
  if (token === '\\pi') return () => Math.PI;
  if (FRACTIONS.has(token)) {
    const [top, bottom] = [factor(reader), factor(reader)];
    return top && bottom && ((v) => top(v) / bottom(v));
  }
  if (token === '\\sqrt') return root(reader);
  if (Object.hasOwn(FUNCTIONS, token)) {
    const [apply, argument] = [FUNCTIONS[token]!, power(reader)];
    return argument && ((v) => apply(argument(v)));
  }
  return /^(?:[a-z]|\\[a-z]+)$/i.test(token) ? (v) => v(token) : undefined;
}

function root(reader: Reader): Expression | undefined {
  const degree = take(reader, '[') === undefined ? (): number => 2 : sum(reader);
  if (degree === undefined) return undefined;
  take(reader, ']');
  const radicand = factor(reader);
  return radicand && ((v) => radicand(v) ** (1 / degree(v)));
}

function closed(reader: Reader, inner: Expression | undefined): Expression | undefined {
  return inner !== undefined && take(reader, ')') !== undefined ? inner : undefined;
}
