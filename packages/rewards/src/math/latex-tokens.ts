const TOKEN =
  /\s+|\\[,;:! ]|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+|\\[a-zA-Z]+|[a-zA-Z]|[-+*/^()[\]{}]|[−·×÷]/y;

/** What is written in several ways, as one. */
const SAME: Readonly<Record<string, string>> = {
  '\\cdot': '*',
  '\\times': '*',
  '\\div': '/',
  '−': '-',
  '·': '*',
  '×': '*',
  '÷': '/',
  '{': '(',
  '}': ')',
};

const LEFT_OUT = new Set(['\\left', '\\right', '\\displaystyle']);

/** More is no formula: each word may be a step down the stack, when it is read and when it is evaluated. */
const MOST_TOKENS = 1000;

/** The words of a formula, or `undefined` when something in it is none, or there are too many. Braces become round brackets. */
export function tokensOf(latex: string): string[] | undefined {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < latex.length) {
    const token = TOKEN.exec(latex)?.[0];
    if (token === undefined || tokens.length > MOST_TOKENS) return undefined;
    if (token.trim() === '' || /^\\[^a-zA-Z]/.test(token) || LEFT_OUT.has(token)) continue;
    tokens.push(Object.hasOwn(SAME, token) ? SAME[token]! : token.replace(/(?<=\d),/g, ''));
  }
  return tokens;
}
