import type { Face } from '../face.js';
import { nemoGymFace } from './nemo-gym.js';
import { openrlhfFace } from './openrlhf.js';
import { scoreFace } from './score.js';
import { slimeFace } from './slime.js';

/** Every protocol that rewards can be asked by. */
export const FACES: readonly Face[] = [scoreFace, openrlhfFace, slimeFace, nemoGymFace];
