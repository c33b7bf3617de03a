import type { Settings } from '../../config/schema.js';
import { imagesOf, type Dataset, type Prompt } from '../../data/prompt.js';
import { encodePicture } from '../report/picture.js';
import { NotThere } from './problem.js';

/** Longest sides in pixels. */
export const PICTURE_SIZES = { small: 128, large: 640 } as const;
/** One of them, by name. */
export type PictureSize = keyof typeof PICTURE_SIZES;

/** Prompts whose images stay in memory. */
const KEPT = 24;

/** What pictures are made from. */
export interface PictureSource {
  settings(): Settings;
  openDataset(source: Settings['data']['train'], side: 'train', seed: string): Promise<Dataset>;
}

/**
 * The pictures a run's prompts showed, as PNG. They are made anew from the run's data, by the prompt's id, so that nothing but an
 * image of the run can be asked for: no path is taken from the outside.
 *
 * The returned function throws {@link NotThere} when the data do not hold the prompt, or cannot be read any more.
 */
export function openPictures(source: PictureSource): (id: string, image: number, size: PictureSize) => Promise<Buffer> {
  const prompts = new Map<string, Promise<Prompt>>();
  let opened: { settings: Settings; dataset: Promise<Dataset> } | undefined;

  function open(): Promise<Dataset> {
    const settings = source.settings();
    if (opened?.settings !== settings) {
      const { data, seed } = settings;
      const dataset = source.openDataset(data.train, 'train', `${seed}/train`);
      dataset.catch(() => (opened = undefined)); // it may be there when it is asked for again
      opened = { settings, dataset };
      prompts.clear();
    }
    return opened.dataset;
  }

  async function find(id: string): Promise<Prompt> {
    const data = await open();
    const index = data.indexOf?.(id);
    if (index === undefined || index >= data.length) throw new NotThere(`the run's data hold no prompt '${id}'`);
    const prompt = await data.get(index);
    if (prompt.id !== id)
      throw new NotThere(`the run's data have changed: there is '${prompt.id}' in the place of '${id}'`);
    return prompt;
  }

  function keep(id: string): Promise<Prompt> {
    const prompt = prompts.get(id) ?? find(id);
    prompt.catch(() => prompts.delete(id));
    prompts.delete(id); // the one asked for last stands last
    prompts.set(id, prompt);
    const [oldest] = prompts.keys();
    if (prompts.size > KEPT) prompts.delete(oldest!);
    return prompt;
  }

  return async (id, number, size) => {
    const prompt = await keep(id).catch((error: unknown) => {
      throw error instanceof NotThere ? error : new NotThere(`no picture: ${(error as Error).message}`);
    });
    const image = imagesOf(prompt)[number];
    if (image === undefined) throw new NotThere(`prompt '${id}' has no image ${number}`);
    return (await encodePicture(image, PICTURE_SIZES[size])).png;
  };
}
