import { missing, quote, type Missing, type Reading } from './reading.js';

/** What must stand in the answer: a JSON object, or any text that is not blank. */
export type Body = 'json' | 'text';

/**
 * Whether a completion is `<think>…</think><answer>…</answer>` with nothing but white space around the parts, each tag once,
 * and the right kind of answer: the layout that Q-Insight's system prompt asks for (arXiv 2503.22679, appendix).
 * Gives the answer's text, or the first rule that is broken and where.
 */
export function readLayout(text: string, body: Body): Reading<string> {
  const tags = { think: text.indexOf('<think>'), thinkEnd: text.indexOf('</think>') };
  if (tags.think < 0) return missing('no <think> was found', 0);
  if (tags.thinkEnd < 0) return missing('no </think> was found', text.length);
  const open = text.indexOf('<answer>');
  const close = text.indexOf('</answer>');
  if (open < 0) return missing('no <answer> was found', tags.thinkEnd + '</think>'.length, text.length);
  if (close < 0) return missing('no </answer> was found', text.length);
  if (!(tags.think < tags.thinkEnd && tags.thinkEnd < open && open < close)) {
    return missing('the tags are not in the order <think> </think> <answer> </answer>', 0, text.length);
  }
  const start = open + '<answer>'.length;
  return (
    repeated(text, '<think>', tags.think) ??
    repeated(text, '</think>', tags.thinkEnd) ??
    repeated(text, '<answer>', open) ??
    repeated(text, '</answer>', close) ??
    notBlank(text, 0, tags.think, 'text before <think>') ??
    notBlank(text, tags.thinkEnd + '</think>'.length, open, 'text between </think> and <answer>') ??
    notBlank(text, close + '</answer>'.length, text.length, 'text after </answer>') ??
    (body === 'json' ? notAnObject(text, start, close) : blank(text, start, close)) ?? {
      value: text.slice(start, close),
      place: { start, end: close },
    }
  );
}

type Problem = Missing | undefined;

function repeated(text: string, tag: string, first: number): Problem {
  const second = text.indexOf(tag, first + 1);
  return second < 0 ? undefined : missing(`${tag} is there more than once`, second, second + tag.length);
}

function notBlank(text: string, start: number, end: number, where: string): Problem {
  const part = text.slice(start, end).trim();
  return part === '' ? undefined : missing(`${where}: ${quote(part)}`, start, end);
}

function blank(text: string, start: number, end: number): Problem {
  return text.slice(start, end).trim() === '' ? missing('the answer is empty', start, end) : undefined;
}

function notAnObject(text: string, start: number, end: number): Problem {
  const answer = text.slice(start, end).trim();
  if (answer === '') return missing('the answer is empty', start, end);
  const problem = missing(`the answer is not a JSON object: ${quote(answer)}`, start, end);
  if (!answer.startsWith('{')) return problem;
  try {
    JSON.parse(answer);
    return undefined;
  } catch {
    return problem;
  }
}
