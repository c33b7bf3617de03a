import { randomBytes } from 'node:crypto';
import { LORA_TARGETS } from '../models/lora.js';
import { readPeftInfo } from '../models/peft.js';
import { createAdapter, LORA_ALPHA, baseSnapshot, loadSnapshot, type Adapter, type Snapshot } from './adapter.js';
import type { BaseModel } from './base-model.js';
import { openCheckpointStore, type CheckpointStore } from './checkpoint-store.js';
import type { ModelLimits } from './options.js';
import { notFound, userError } from './refusal.js';
import { openSequence, type Sequence } from './sequence.js';

/** A model that someone trains. */
export interface TrainedModel {
  readonly id: string;
  readonly session: string;
  readonly sequence: Sequence;
  /** Undefined until the job that makes it has run. */
  adapter?: Adapter;
  /** The latest weights to sample from, oldest first. */
  readonly snapshots: string[];
}

/** What a model's layers get, and how it starts. */
export interface ModelRequest {
  readonly rank: number;
  readonly seed: number | undefined;
  readonly attention: boolean;
  readonly mlp: boolean;
}

/** Who is here, which models they train, and what is sampled from. */
export interface Service {
  readonly base: BaseModel;
  readonly checkpoints: CheckpointStore;
  openSession(): string;
  beat(session: string): void;
  /** The model of a session under a number, made when it is not there; its adapter comes with {@link build}. */
  model(session: string, number: number): TrainedModel;
  build(model: TrainedModel, request: ModelRequest): Adapter;
  /** @throws a refusal when there is none of this id */
  modelOf(id: string): TrainedModel;
  /** The adapter of a model that has been built. */
  adapterOf(id: string): Adapter;
  unload(id: string): void;
  /** @returns the sampling session of a model's weights as they are now */
  snapshot(model: TrainedModel): string;
  /** @returns the sampling session of saved weights, or of the base */
  openSampling(key: string, source: string | undefined): Promise<string>;
  /** What a sampling session samples from. */
  samplingOf(id: string): Snapshot;
  /** What {@link weightsOf} knows beside checkpoints: the base, and the models that are trained. */
  names(): string[];
  /** Weights by name: the base's, a checkpoint's, or a model's as they are now. The caller disposes them. */
  weightsOf(name: string): Promise<Snapshot>;
  dispose(): void;
}

const TARGETS = { attention: LORA_TARGETS.slice(0, 4), mlp: LORA_TARGETS.slice(4) };

/** Weights to sample from that a model keeps: a caller may still ask of the last but one. */
const SNAPSHOTS = 4;

/** Starts with nobody here. */
export function openService(base: BaseModel, limits: ModelLimits): Service {
  const sessions = new Map<string, number>(); // when each was last heard of
  const models = new Map<string, TrainedModel>();
  const sampling = new Map<string, Snapshot>();
  const checkpoints = openCheckpointStore(limits.checkpoints);
  const now = () => performance.now() / 1000;
  const fresh = (kind: string): string => `${kind}-${randomBytes(6).toString('hex')}`;

  function beat(session: string): void {
    if (!sessions.has(session)) throw notFound(`session ${session}: unknown`);
    sessions.set(session, now());
  }

  function unload(id: string): void {
    const model = models.get(id);
    model?.adapter?.dispose();
    for (const snapshot of model?.snapshots ?? []) forget(snapshot);
    models.delete(id);
  }

  function forget(snapshot: string): void {
    sampling.get(snapshot)?.dispose();
    sampling.delete(snapshot);
  }

  /** Drops the models of those who have not been heard of for long. */
  function sweep(): void {
    const silent = [...sessions].filter(([, heard]) => now() - heard > limits.sessionTimeout).map(([id]) => id);
    for (const session of silent) {
      for (const model of [...models.values()]) if (model.session === session) unload(model.id);
      sessions.delete(session);
    }
  }

  function model(session: string, number: number): TrainedModel {
    beat(session);
    const id = `${session}:train:${number}`;
    const known = models.get(id);
    if (known) return known;
    sweep();
    if (models.size >= limits.models) throw userError(`there are ${models.size} models already, and no room for more`);
    const made: TrainedModel = { id, session, sequence: openSequence(), snapshots: [] };
    models.set(id, made);
    return made;
  }

  function modelOf(id: string): TrainedModel {
    const found = models.get(id);
    if (!found) throw notFound(`model ${id}: unknown, or dropped after its session was silent`);
    beat(found.session);
    return found;
  }

  function build(made: TrainedModel, { rank, seed, attention, mlp }: ModelRequest): Adapter {
    const targets = [...(attention ? TARGETS.attention : []), ...(mlp ? TARGETS.mlp : [])];
    const start = seed === undefined ? fresh('seed') : String(seed);
    made.adapter = createAdapter(base, { rank, seed: start, targets });
    return made.adapter;
  }

  async function open(source: string | undefined): Promise<Snapshot> {
    if (source === undefined || source === base.name) return baseSnapshot(base);
    const folder = checkpoints.folderOf(source);
    return loadSnapshot(base, folder, (await readPeftInfo(folder)).shape.rank);
  }

  return {
    base,
    checkpoints,
    openSession: () => {
      const id = fresh('session');
      sessions.set(id, now());
      return id;
    },
    beat,
    model,
    build,
    modelOf,
    adapterOf: (id) => {
      const { adapter } = modelOf(id);
      if (!adapter) throw userError(`model ${id}: could not be made`);
      return adapter;
    },
    unload,
    snapshot: (of) => {
      const id = fresh('sampling');
      sampling.set(id, of.adapter!.snapshot());
      of.snapshots.push(id);
      if (of.snapshots.length > SNAPSHOTS) forget(of.snapshots.shift()!);
      return id;
    },
    openSampling: async (key, source) => {
      if (!sampling.has(key)) sampling.set(key, await open(source));
      return key;
    },
    samplingOf: (id) => {
      const found = sampling.get(id);
      if (!found) throw notFound(`sampling session ${id}: unknown, or its weights are no longer kept`);
      return found;
    },
    names: () => [base.name, ...models.keys()],
    weightsOf: async (name) => models.get(name)?.adapter?.snapshot() ?? open(name),
    dispose: () => {
      for (const id of [...models.keys()]) unload(id);
      for (const id of [...sampling.keys()]) forget(id);
      base.dispose();
    },
  };
}

/** What is told of a model's layers. */
export const loraInfo = (rank: number) => ({ rank, alpha: LORA_ALPHA, train_unembed: false });
