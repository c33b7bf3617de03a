// @ts-check
// The answers of a step, and what they add up to.
import { ask, byId, Refused } from './dom.js';
import { showScatter } from './scatter.js';

/** How long the slider must rest before answers are fetched, in milliseconds. */
const REST = 120;

let prompt = 0;
let shown = { run: '', step: 0, evaluated: 0 };
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {Map<string, AbortController>} - what is under way, by the place it is for */
const fetching = new Map();

/**
 * Shows the answers to the prompts of a step of a run, once no other step has been asked for in a little while, and judges those to
 * held-out prompts again after a new evaluation.
 */
export function showAnswers(
  /** @type {string} */ run,
  /** @type {number} */ step,
  /** @type {number} - when the run was last evaluated */ evaluated,
) {
  const before = shown;
  shown = { run, step, evaluated };
  if (run !== before.run || step !== before.step) {
    clearTimeout(timer);
    timer = setTimeout(fetchBoth, REST);
  } else if (evaluated !== before.evaluated && valueOf('source') === 'held-out') {
    void into('matrix', fetchJudgements);
  }
}

function fetchBoth() {
  void into('answers', fetchAnswers);
  void into('matrix', fetchJudgements);
}

/** What went wrong takes the place of what was to be shown; what another request has overtaken does not. */
async function into(/** @type {string} */ id, /** @type {(signal: AbortSignal) => Promise<void>} */ work) {
  fetching.get(id)?.abort();
  const controller = new AbortController();
  fetching.set(id, controller);
  try {
    await work(controller.signal);
  } catch (error) {
    if (error instanceof Refused) byId(id).textContent = error.message;
  }
}

async function fetchAnswers(/** @type {AbortSignal} */ signal) {
  const { run, step } = shown;
  if (step === 0) return byId('answers').replaceChildren();
  const response = await ask('/answers', { run, step, prompt }, signal);
  const box = byId('answers');
  const hadFocus = box.contains(document.activeElement);
  const place = box.querySelector('.prompts')?.scrollLeft ?? 0;
  box.innerHTML = await response.text(); // escaped by the server, as the report is
  const strip = box.querySelector('.prompts');
  if (strip !== null) strip.scrollLeft = place;
  if (hadFocus) /** @type {HTMLElement | null} */ (box.querySelector('[aria-pressed="true"]'))?.focus();
}

async function fetchJudgements(/** @type {AbortSignal} */ signal) {
  const { run, step } = shown;
  const [window, source] = [valueOf('window'), valueOf('source')];
  const response = await ask('/judgements', { run, step, window, source }, signal);
  const { first, last, answers, isCut, scatter, matrix } = await response.json();
  const isTraining = source === 'training';
  byId('window-choice').hidden = !isTraining;
  const when = isTraining ? `steps ${first} to ${last}` : `after step ${last}`;
  byId('judged').textContent =
    answers === 0 ? 'none up to this step' : `${answers} answers, ${when}${isCut ? '; the others are left out' : ''}`;
  byId('matrix').innerHTML = matrix;
  showScatter(scatter);
}

const valueOf = (/** @type {string} */ id) => /** @type {HTMLSelectElement} */ (byId(id)).value;

/** Listens to what the answers are chosen by. */
export function listenToAnswers() {
  for (const id of ['source', 'window'])
    byId(id).addEventListener('change', () => void into('matrix', fetchJudgements));
  byId('answers').addEventListener('click', ({ target }) => {
    const button = /** @type {Element} */ (target).closest('[data-prompt]');
    if (button === null) return;
    prompt = Number(button.getAttribute('data-prompt'));
    void into('answers', fetchAnswers);
  });
  // Errors of pictures do not bubble, but can be caught on their way down.
  document.addEventListener(
    'error',
    ({ target }) => void (target instanceof HTMLImageElement && explain(target)),
    true,
  );
}

/** In the place of a picture that is not there: why it is not. */
async function explain(/** @type {HTMLImageElement} */ image) {
  const place = document.createElement('span');
  place.className = 'no-picture';
  place.textContent = image.alt;
  image.replaceWith(place);
  try {
    await ask(image.src);
  } catch (error) {
    if (error instanceof Refused) place.textContent = `${image.alt}: ${error.message}`;
  }
}
