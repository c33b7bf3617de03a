import type { FastifyInstance } from 'fastify';
import type { Jobs } from '../jobs.js';
import type { ModelLimits } from '../options.js';
import type { SampleQueue } from '../sample-queue.js';
import type { Service } from '../service.js';
import { checkpointRoutes } from './checkpoint-routes.js';
import { createExchange, type JobResult } from './exchange.js';
import { modelRoutes } from './model-routes.js';
import { samplingRoutes } from './sampling-routes.js';
import { sessionRoutes } from './session-routes.js';
import { trainingRoutes } from './training-routes.js';

/** Answers the Tinker protocol. */
export function tinkerRoutes(
  http: FastifyInstance,
  service: Service,
  jobs: Jobs<JobResult>,
  queue: SampleQueue,
  limits: ModelLimits,
): void {
  const exchange = createExchange(http, service, jobs, limits);
  sessionRoutes(exchange);
  modelRoutes(exchange);
  trainingRoutes(exchange);
  samplingRoutes(exchange, queue);
  checkpointRoutes(exchange);
}
