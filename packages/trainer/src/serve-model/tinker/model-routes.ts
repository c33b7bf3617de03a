import { createModelRequest, loadWeightsRequest, modelRequest } from '../../policies/tinker/protocol/messages.js';
import { userError } from '../refusal.js';
import { loraInfo } from '../service.js';
import { json, type Exchange, type JobResult } from './exchange.js';

/** Models: made anew or from a checkpoint, described, ended. */
export function modelRoutes({ service, jobs, limits, post, read, submit, checkBase }: Exchange): void {
  const { base } = service;
  const made = new Map<string, string>(); // the jobs that make models, by the model's id
  post('create_model', (request) => {
    const { session_id, model_seq_id, base_model, lora_config } = read(createModelRequest, request);
    checkBase(base_model);
    const { rank = 32, seed, train_attn, train_mlp } = lora_config ?? {};
    if (rank < 1 || rank > limits.rank) throw userError(`lora_config.rank: expected 1 to ${limits.rank}, got ${rank}`);
    const [attention, mlp] = [train_attn ?? true, train_mlp ?? true];
    if (!attention && !mlp) throw userError('lora_config: train_attn and train_mlp are both off');
    const model = service.model(session_id, model_seq_id);
    const info = { model_id: model.id, base_model: base.name, lora_config: { ...loraInfo(rank), seed: seed ?? null } };
    const asked = { rank, seed: seed ?? undefined, attention, mlp };
    const work = (): JobResult => {
      service.build(model, asked);
      return json({ ...info, type: 'create_model' });
    };
    const id = made.get(model.id) ?? jobs.submit(work);
    made.set(model.id, id);
    return { ...info, status: 'created', request_id: id };
  });

  post('get_info', (request) => {
    const { id, adapter } = service.modelOf(read(modelRequest, request).model_id);
    const data = { model_name: base.name, base_model: base.name, arch: 'qwen2_5_vl', tokenizer_id: base.name };
    return {
      type: 'get_info',
      model_id: id,
      model_data: data,
      model_name: base.name,
      is_lora: true,
      lora_rank: adapter?.rank(),
    };
  });

  post('unload_model', (request) => {
    const { model_id } = read(modelRequest, request);
    service.modelOf(model_id);
    const work = (): JobResult => {
      service.unload(model_id);
      return json({ type: 'unload_model', model_id });
    };
    return { request_id: jobs.submit(work), model_id };
  });

  post('load_weights', (request) => {
    const { model_id, session_id, model_seq_id, seq_id, path, optimizer } = read(loadWeightsRequest, request);
    const folder = service.checkpoints.folderOf(path);
    const content = optimizer ? 'resumable' : 'weights';
    if (model_id != null) {
      return submit(request, model_id, seq_id, async () => {
        await service.adapterOf(model_id).load(folder, content);
        return json({ type: 'load_weights', path, model_id });
      });
    }
    if (session_id == null || model_seq_id == null)
      throw userError('load_weights: expected model_id, or session_id and model_seq_id');
    const model = service.model(session_id, model_seq_id);
    const asked = { rank: 1, seed: 0, attention: true, mlp: true };
    const work = async (): Promise<JobResult> => {
      await service.build(model, asked).load(folder, content);
      return json({ type: 'load_weights', path, model_id: model.id });
    };
    const id = made.get(model.id) ?? jobs.submit(work);
    made.set(model.id, id);
    return { request_id: id, model_id: model.id };
  });
}
