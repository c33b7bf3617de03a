import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fastify, type FastifyInstance, type FastifyReply } from 'fastify';
import { rewardsOf } from '../../training/rewards.js';
import { readAlarms } from '../alarms/tracker.js';
import { readEvaluation } from '../evaluation-file.js';
import { readHeldOutAnswers } from '../held-out-answers.js';
import { ROLLOUTS_FILE } from '../jsonl.js';
import { pageFile, uplotFile } from '../page-files.js';
import type { Markup } from '../report/html.js';
import { STYLE } from '../report/style.js';
import { readAnswers } from './answers.js';
import { answersView } from './answers-view.js';
import { curvesOf } from './curves.js';
import { placeOf } from './figures.js';
import { confusions, scoreScatter, type JudgedText } from './judgements.js';
import { matrixView } from './matrix-view.js';
import { dashboardPage } from './page.js';
import { type PictureSize, PICTURE_SIZES } from './pictures.js';
import { NotThere } from './problem.js';
import type { OpenRun, Runs } from './runs.js';
import { DASHBOARD_STYLE } from './style.js';
import { summaryView } from './summary-view.js';

/** Answers that are judged together at most, and shown of a step. */
const MOST_ANSWERS = 20_000;

/** Nothing but our own files may be loaded or run, so that text which slipped through as markup could do no harm. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Under any other name a page of another site could ask, whose name was made to mean this machine. */
const OWN_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

const run = { type: 'string' } as const;
const whole = { type: 'integer', minimum: 0 } as const;
const query = (properties: Record<string, object>) => ({
  schema: { querystring: { type: 'object', properties, required: Object.keys(properties) } },
});

/** The HTTP application. It only reads, and only from the folders of the runs and their data. */
export function buildDashboard(runs: Runs): FastifyInstance {
  const app = fastify();
  app.addHook('onRequest', async (request, reply) => {
    const name = request.host.replace(/:\d+$/, '');
    if (!OWN_NAMES.includes(name)) return reply.code(403).send({ message: `this is not ${name}` });
    reply.headers({ 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' }); // prettier-ignore
  });

  const assets: Record<string, readonly [type: string, text: string]> = {
    '/style.css': ['text/css', `${uplotFile('uPlot.min.css')}\n${STYLE}\n${DASHBOARD_STYLE}`],
    '/uplot.js': ['text/javascript', uplotFile('uPlot.iife.min.js')],
  };
  for (const name of ['dashboard.js', 'draw-chart.js', 'curves.js', 'answers.js', 'scatter.js', 'dom.js'])
    assets[`/${name}`] = ['text/javascript', pageFile(name)];
  for (const [path, [type, text]] of Object.entries(assets)) {
    app.get(path, (_, reply) => reply.type(`${type}; charset=utf-8`).send(text));
  }

  app.get('/', (_, reply) => sendMarkup(reply, dashboardPage()));
  app.get('/favicon.ico', (_, reply) => reply.code(204).send());
  app.get('/runs', () => runs.list(Date.now()));

  app.get<{ Querystring: { run: string } }>('/curves', query({ run }), async (request) => {
    const { figures } = runs.find(request.query.run);
    await figures.update();
    return curvesOf(figures);
  });

  app.get<{ Querystring: { run: string; step: number; prompt: number } }>(
    '/answers',
    query({ run, step: whole, prompt: whole }),
    async ({ query: { run: name, step, prompt } }, reply) => {
      const found = runs.find(name);
      const answers = await answersOf(found, step, step);
      const { rewards } = rewardsOf(found.settings().rewards);
      return sendMarkup(reply, await answersView({ run: name, answers, rewards, shown: prompt }));
    },
  );

  app.get<{ Querystring: { run: string; step: number; window: number; source: 'training' | 'held-out' } }>(
    '/judgements',
    query({ run, step: whole, window: whole, source: { enum: ['training', 'held-out'] } }),
    async ({ query: { run: name, step, window, source } }) => {
      const found = runs.find(name);
      const judged = source === 'training' ? await trainingAnswers(found, step, window) : heldOutAnswers(found, step);
      const { answers, ...where } = judged;
      return {
        ...where,
        answers: answers.length,
        scatter: scoreScatter(answers) ?? null,
        matrix: matrixView(confusions(answers)).markup,
      };
    },
  );

  app.get<{ Querystring: { run: string } }>('/summary', query({ run }), async (request, reply) => {
    const found = runs.find(request.query.run);
    await found.figures.update();
    return sendMarkup(
      reply,
      summaryView({
        run: found.name,
        settings: found.settingsText(),
        steps: found.settings().steps,
        figures: found.figures,
        evaluation: readEvaluation(found.folder),
        alarms: readAlarms(found.folder),
      }),
    );
  });

  app.get<{ Querystring: { run: string; prompt: string; image: number; size: PictureSize } }>(
    '/picture',
    query({ run, prompt: run, image: whole, size: { enum: Object.keys(PICTURE_SIZES) } }),
    async ({ query: { run: name, prompt, image, size } }, reply) => {
      const picture = await runs.find(name).picture(prompt, image, size);
      return reply.type('image/png').header('cache-control', 'private, max-age=600').send(picture);
    },
  );

  app.get<{ Querystring: { run: string; number: number } }>(
    '/example',
    query({ run, number: whole }),
    async ({ query: { run: name, number } }, reply) => {
      const file = await runs.find(name).examplePicture(number);
      const type = { '.png': 'image/png', '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg' }[extname(file).toLowerCase()];
      if (type === undefined) throw new NotThere(`example ${number} of run '${name}' is no PNG or JPEG`);
      return reply.type(type).send(readFileSync(file));
    },
  );
  return app;
}

const sendMarkup = (reply: FastifyReply, { markup }: Markup) => reply.type('text/html; charset=utf-8').send(markup);

/** Answers that are judged together, and the steps they are of. */
interface JudgedAnswers {
  readonly answers: readonly JudgedText[];
  readonly first: number;
  readonly last: number;
  /** Whether there were more. */
  readonly isCut: boolean;
}

/** Of the last steps up to one. */
async function trainingAnswers(run: OpenRun, step: number, window: number): Promise<JudgedAnswers> {
  await run.figures.update();
  const { steps } = run.figures;
  const first = steps[Math.max(0, placeOf(steps, step) - Math.max(0, window - 1))] ?? step;
  const answers = await answersOf(run, first, step);
  return { answers, first, last: answers.at(-1)?.step ?? step, isCut: answers.length === MOST_ANSWERS };
}

/** Of the newest evaluation up to a step. */
function heldOutAnswers({ folder }: OpenRun, step: number): JudgedAnswers {
  const kept = readHeldOutAnswers(folder, step);
  if (kept === undefined) return { answers: [], first: step, last: step, isCut: false };
  return { answers: kept.answers, first: kept.step, last: kept.step, isCut: kept.count > kept.answers.length };
}

const answersOf = ({ folder }: OpenRun, from: number, to: number) =>
  readAnswers(join(folder, ROLLOUTS_FILE), from, to, MOST_ANSWERS);
