import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { ForwardBackwardOutput, SampleResponse } from '../../policies/tinker/protocol/messages.js';
import { digestOf } from '../body-digest.js';
import type { Jobs } from '../jobs.js';
import type { ModelLimits } from '../options.js';
import { ModelRefusal, userError } from '../refusal.js';
import type { Service } from '../service.js';

/** The result of a job: plain JSON, or what also has a binary form. */
export type JobResult =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'pass'; readonly value: ForwardBackwardOutput }
  | { readonly kind: 'samples'; readonly value: SampleResponse };

/** A result in JSON. */
export const json = (value: unknown): JobResult => ({ kind: 'json', value });

/** What the routes of the Tinker protocol share. */
export interface Exchange {
  readonly http: FastifyInstance;
  readonly service: Service;
  readonly jobs: Jobs<JobResult>;
  readonly limits: ModelLimits;
  /** Answers a request below `/api/v1/`. A refused one of a model frees its number, so that those after it need not wait for it. */
  readonly post: (path: string, answer: (request: FastifyRequest) => unknown) => void;
  /** The request's body, if it is as it must be. */
  readonly read: <Schema extends z.ZodType>(schema: Schema, request: FastifyRequest) => z.output<Schema>;
  /** A job of a model: its number decides its turn, and that it is done once. */
  readonly submit: (
    request: FastifyRequest,
    modelId: string,
    number: number | null | undefined,
    work: () => Promise<JobResult>,
  ) => { readonly request_id: string; readonly model_id: string };
  /** Refuses any base model but the one that is served. */
  readonly checkBase: (name: string | null | undefined) => void;
}

/** Sets up what the routes share. */
export function createExchange(
  http: FastifyInstance,
  service: Service,
  jobs: Jobs<JobResult>,
  limits: ModelLimits,
): Exchange {
  return {
    http,
    service,
    jobs,
    limits,
    post: (path, answer) => {
      http.post(`/api/v1/${path}`, async (request, reply) => {
        try {
          return await reply.send(await answer(request));
        } catch (error) {
          if (!(error instanceof ModelRefusal) || (error.status !== 409 && error.status !== 429)) freeNumber(request);
          throw error;
        }
      });
    },
    read: (schema, request) => {
      const { success, data, error } = schema.safeParse(request.body);
      if (success) return data;
      const { path, message } = error.issues[0]!;
      throw new ModelRefusal(422, `${path.join('.') || 'the body'}: ${message}`);
    },
    submit: (request, modelId, number, work) => {
      const { sequence } = service.modelOf(modelId);
      const id =
        number == null
          ? jobs.submit(work)
          : sequence.take(number, digestOf(request), (ready) => jobs.submit(work, ready));
      return { request_id: id, model_id: modelId };
    },
    checkBase: (name) => {
      const served = service.base.name;
      if (name != null && name !== served) throw userError(`base_model '${name}': only '${served}' is served here`);
    },
  };

  function freeNumber({ body }: FastifyRequest): void {
    const { model_id: model, seq_id: number } = (body ?? {}) as { model_id?: unknown; seq_id?: unknown };
    if (typeof model !== 'string' || typeof number !== 'number') return;
    try {
      service.modelOf(model).sequence.skip(number);
    } catch {
      // there is no such model
    }
  }
}
