// @ts-check
// The dashboard: asks for the list of runs every other second, and for what has changed in those that are shown.
import { listenToAnswers, showAnswers } from './answers.js';
import { markStep, showCurves } from './curves.js';
import { ask, byId, element, Refused } from './dom.js';
import { COLOURS } from './draw-chart.js';

/**
 * A line of the list of runs.
 *
 * @typedef {object} Entry
 * @property {string} name
 * @property {number} step
 * @property {number | null} steps
 * @property {number | null} reward
 * @property {number} changed - in milliseconds since 1970
 * @property {number} evaluated - in milliseconds since 1970, or 0
 * @property {'finished' | 'running' | 'silent'} state
 * @property {string} [problem]
 */

const INTERVAL = 2000;

const address = new URLSearchParams(location.hash.slice(1));
/** Names of the runs whose curves are drawn. */
const drawn = new Set(address.getAll('with'));
/** The run whose answers are shown. */
let chosen = address.get('run') ?? '';
/** The step whose answers are shown; undefined follows the run. */
let step = address.has('step') ? Number(address.get('step')) : undefined;
/** @type {Entry[]} */
let runs = [];
/** @type {Map<string, { version: string, curves: import('./curves.js').Curves }>} */
const curves = new Map();
/** @type {Map<string, string>} - a run keeps its colour */
const colours = new Map();
let summarized = '';

const slider = /** @type {HTMLInputElement} */ (byId('step'));
const follow = /** @type {HTMLInputElement} */ (byId('follow'));

function colourOf(/** @type {string} */ name) {
  const colour = colours.get(name) ?? /** @type {string} */ (COLOURS[colours.size % COLOURS.length]);
  colours.set(name, colour);
  return colour;
}

/** Looks for what is new; again after a while. */
async function watch() {
  if (!document.hidden) {
    try {
      await refresh();
      byId('status').textContent = runs.some(({ state }) => state === 'running') ? 'live' : '';
    } catch (error) {
      if (!(error instanceof TypeError)) byId('status').textContent = /** @type {Error} */ (error).message;
      else byId('status').textContent = 'the server does not answer; trying again';
    }
  }
  setTimeout(watch, INTERVAL);
}

async function refresh() {
  runs = await (await ask('/runs')).json();
  for (const name of drawn) if (!runs.some((run) => run.name === name)) drawn.delete(name);
  if (!runs.some(({ name }) => name === chosen)) {
    const sound = runs.filter(({ problem }) => problem === undefined);
    const newest = sound.sort((a, b) => b.changed - a.changed)[0] ?? runs[0];
    chosen = newest?.name ?? '';
    step = undefined;
  }
  if (drawn.size === 0 && chosen !== '') drawn.add(chosen);
  showRuns();
  byId('shown').hidden = runs.length === 0;
  const message = byId('message');
  message.hidden = runs.length > 0;
  message.textContent =
    'No run here yet. It will appear by itself when one begins: q-insight train RECIPE --output FOLDER/NAME';
  if (runs.length > 0) await showRun();
}

async function showRun() {
  const shown = runs.filter(({ name }) => drawn.has(name) || name === chosen);
  await Promise.all(shown.map(fetchCurves));
  drawCurves();
  showStep();
  await showSummary();
}

const versionOf = (/** @type {Entry} */ { step: done, changed, evaluated, state }) =>
  `${done} ${changed} ${evaluated} ${state}`;

async function fetchCurves(/** @type {Entry} */ run) {
  const version = versionOf(run);
  if (curves.get(run.name)?.version === version) return;
  const answer = await ask('/curves', { run: run.name });
  curves.set(run.name, { version, curves: await answer.json() });
}

function drawCurves() {
  const shown = runs.flatMap(({ name }) => {
    const found = drawn.has(name) ? curves.get(name) : undefined;
    return found === undefined ? [] : [{ name, colour: colourOf(name), curves: found.curves }];
  });
  showCurves(shown, chooseStep);
}

/** The chosen step on the slider, in the charts and below. */
function showStep() {
  const steps = curves.get(chosen)?.curves;
  if (steps === undefined) return;
  slider.min = String(Math.min(steps.steps[0] ?? 1, steps.last));
  slider.max = String(steps.last);
  slider.value = String(step ?? steps.last);
  const now = Number(slider.value);
  follow.checked = step === undefined;
  byId('step-text').textContent = `${now} of ${steps.last}`;
  slider.setAttribute('aria-valuetext', `step ${now} of ${steps.last}`);
  slider.disabled = steps.last === 0;
  for (const name of document.querySelectorAll('.of')) name.textContent = chosen;
  markStep(now);
  showAnswers(chosen, now, runs.find(({ name }) => name === chosen)?.evaluated ?? 0);
  const query = new URLSearchParams({ run: chosen, ...(step !== undefined && { step: String(step) }) });
  for (const name of drawn) query.append('with', name);
  history.replaceState(null, '', `#${query}`);
}

function chooseStep(/** @type {number} */ chosenStep) {
  step = chosenStep;
  showStep();
}

async function showSummary() {
  const run = runs.find(({ name }) => name === chosen);
  if (run === undefined) return;
  const version = `${chosen} ${versionOf(run)}`;
  if (version === summarized) return;
  summarized = version;
  const box = byId('summary');
  try {
    const text = await (await ask('/summary', { run: chosen })).text();
    if (version !== summarized) return; // another run was chosen meanwhile
    const isOpen = box.querySelector('details')?.open ?? false;
    box.innerHTML = text; // escaped by the server, as the report is
    const details = box.querySelector('details');
    if (details !== null) details.open = isOpen;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (version === summarized) box.textContent = error.message;
  }
}

/** The list of runs. Elements stay when nothing but their words changes, so that the keyboard does not lose its place. */
function showRuns() {
  const list = byId('runs');
  const names = runs.map(({ name }) => name);
  const isSame = names.length === list.children.length && names.every((name, i) => /** @type {HTMLElement} */ (list.children[i]).dataset['name'] === name); // prettier-ignore
  if (!isSame) list.replaceChildren(...names.map(newItem));
  for (const [i, run] of runs.entries()) updateItem(/** @type {HTMLElement} */ (list.children[i]), run);
}

function newItem(/** @type {string} */ name) {
  const box = element('input', { type: 'checkbox', onchange: () => toggle(name, box.checked) });
  box.setAttribute('aria-label', `draw the curves of ${name}`);
  const button = element('button', { type: 'button', onclick: () => choose(name) });
  button.append(element('b', { textContent: name }), element('progress'), element('small'));
  const item = element('li', {}, element('label', {}, box, element('span', { className: 'dot' })), button);
  item.dataset['name'] = name;
  return item;
}

function updateItem(/** @type {HTMLElement} */ item, /** @type {Entry} */ run) {
  const find = (/** @type {string} */ selector) => /** @type {any} */ (item.querySelector(selector));
  const isDrawn = drawn.has(run.name);
  item.classList.toggle('chosen', run.name === chosen);
  find('input').checked = isDrawn;
  find('.dot').style.background = isDrawn ? colourOf(run.name) : '';
  find('button').setAttribute('aria-pressed', String(run.name === chosen));
  find('progress').max = run.steps ?? 1;
  find('progress').value = run.step;
  find('progress').setAttribute('aria-label', 'steps done');
  const reward = run.reward === null ? '' : ` · reward ${run.reward.toFixed(2)}`;
  const state = run.state === 'silent' ? `silent for ${ago(run.changed)}` : run.state;
  find('small').textContent = run.problem ?? `${run.step} of ${run.steps} · ${state}${reward}`;
  find('small').classList.toggle('bad', run.problem !== undefined);
}

function ago(/** @type {number} */ time) {
  const minutes = Math.round((Date.now() - time) / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

function toggle(/** @type {string} */ name, /** @type {boolean} */ isDrawn) {
  if (isDrawn) drawn.add(name);
  else drawn.delete(name);
  showNow();
}

function choose(/** @type {string} */ name) {
  if (drawn.size === 1 && drawn.has(chosen)) drawn.clear(); // one run alone was looked at; so is the next
  drawn.add(name);
  if (name !== chosen) step = undefined;
  chosen = name;
  showNow();
}

function showNow() {
  showRuns();
  showRun().catch((/** @type {Error} */ error) => (byId('status').textContent = error.message));
}

slider.addEventListener('input', () => chooseStep(Number(slider.value)));
byId('earlier').addEventListener('click', () => chooseStep(Math.max(Number(slider.min), Number(slider.value) - 1)));
byId('later').addEventListener('click', () => chooseStep(Math.min(Number(slider.max), Number(slider.value) + 1)));
follow.addEventListener('change', () => {
  step = follow.checked ? undefined : Number(slider.value);
  showStep();
});
listenToAnswers();
void watch();
