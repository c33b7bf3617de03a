import type { FastifyRequest } from 'fastify';
import {
  forwardBackwardJson,
  forwardJson,
  optimStepRequest,
  type ForwardBackwardRequest,
} from '../../policies/tinker/protocol/messages.js';
import { decodePass } from '../../policies/tinker/protocol/protobuf.js';
import { lossFunction } from '../losses.js';
import { ModelRefusal } from '../refusal.js';
import { json, type Exchange, type JobResult } from './exchange.js';

/** Passes through a model, and steps of its optimizer. */
export function trainingRoutes({ service, post, read, submit }: Exchange): void {
  function pass(request: FastifyRequest, asked: ForwardBackwardRequest) {
    const { model_id, seq_id, data, loss_fn, loss_fn_config, forward_only } = asked;
    const loss = lossFunction(loss_fn, loss_fn_config ?? {});
    const work = async (): Promise<JobResult> => {
      const value = await service.adapterOf(model_id).pass(data, loss, forward_only ? 'forward' : 'both');
      return { kind: 'pass', value };
    };
    return submit(request, model_id, seq_id, work);
  }
  post('forward_backward', (request) => {
    if (!Buffer.isBuffer(request.body)) return pass(request, read(forwardBackwardJson, request));
    const asked = readPass(request.body);
    request.body = asked;
    return pass(request, asked);
  });
  post('forward', (request) => pass(request, read(forwardJson, request)));

  post('optim_step', (request) => {
    const { model_id, seq_id, adam_params } = read(optimStepRequest, request);
    return submit(request, model_id, seq_id, async () =>
      json({ type: 'optim_step', metrics: await service.adapterOf(model_id).step(adam_params) }),
    );
  });
}

function readPass(bytes: Uint8Array): ForwardBackwardRequest {
  try {
    return decodePass(bytes);
  } catch (error) {
    throw new ModelRefusal(422, `the body is no ForwardBackwardRequest: ${(error as Error).message}`);
  }
}
