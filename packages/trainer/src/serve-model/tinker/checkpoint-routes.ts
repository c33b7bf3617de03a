import { readPeftInfo } from '../../models/peft.js';
import {
  checkpointRequest,
  saveForSamplerRequest,
  saveWeightsRequest,
} from '../../policies/tinker/protocol/messages.js';
import { notFound } from '../refusal.js';
import { json, type Exchange } from './exchange.js';

/** Checkpoints: written, described, listed, removed. */
export function checkpointRoutes({ http, service, post, read, submit }: Exchange): void {
  post('save_weights', (request) => {
    const { model_id, seq_id, path, overwrite } = read(saveWeightsRequest, request);
    return submit(request, model_id, seq_id, async () => {
      const adapter = service.adapterOf(model_id);
      const write = (folder: string) => adapter.save(folder, 'resumable');
      const saved = await service.checkpoints.save(model_id, 'weights', path, overwrite ?? false, write);
      return json({ type: 'save_weights', path: saved });
    });
  });

  post('save_weights_for_sampler', (request) => {
    const { model_id, seq_id, path } = read(saveForSamplerRequest, request);
    return submit(request, model_id, seq_id, async () => {
      const adapter = service.adapterOf(model_id);
      const type = 'save_weights_for_sampler';
      if (path == null)
        return json({ type, path: null, sampling_session_id: service.snapshot(service.modelOf(model_id)) });
      const write = (folder: string) => adapter.save(folder, 'weights');
      const saved = await service.checkpoints.save(model_id, 'sampler_weights', path, false, write);
      return json({ type, path: saved, sampling_session_id: null });
    });
  });

  post('weights_info', async (request) => {
    const { tinker_path } = read(checkpointRequest, request);
    const { rank, targets } = (await readPeftInfo(service.checkpoints.folderOf(tinker_path))).shape;
    const has = (...names: string[]): boolean => names.some((name) => targets.includes(name));
    const trained = { train_unembed: false, train_mlp: has('up_proj'), train_attn: has('q_proj') };
    return { base_model: service.base.name, is_lora: true, lora_rank: rank, ...trained };
  });
  http.get<{ Params: { id: string } }>('/api/v1/training_runs/:id/checkpoints', (request) => ({
    checkpoints: service.checkpoints.list(request.params.id),
  }));
  http.delete<{ Params: { id: string; kind: string; name: string } }>(
    '/api/v1/training_runs/:id/checkpoints/:kind/:name',
    async (request, reply) => {
      const { id, kind, name } = request.params;
      if (kind !== 'weights' && kind !== 'sampler_weights') throw notFound(`${kind}: no such kind of checkpoint`);
      service.checkpoints.remove(id, kind, name);
      return reply.code(204).send();
    },
  );
}
