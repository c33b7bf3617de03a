const OVER_TONES = ['blur', 'compression', 'noise', 'pixelate', 'quantization'];
const TONES = ['brighten', 'contrast_strengthen', 'contrast_weaken', 'darken'];
const COLOURS = ['saturate_strengthen', 'saturate_weaken'];

/** What may follow each class in DQ-495K's pictures with two distortions: those that do not hide each other. */
const FOLLOWERS: Readonly<Record<string, readonly string[]>> = {
  blur: [...TONES, ...COLOURS, 'compression', 'noise', 'quantization'],
  brighten: OVER_TONES,
  compression: [...TONES, ...COLOURS, 'blur', 'noise'],
  contrast_strengthen: OVER_TONES,
  contrast_weaken: OVER_TONES,
  darken: OVER_TONES,
  noise: [...TONES, ...COLOURS, 'blur', 'compression', 'oversharpen', 'pixelate'],
  oversharpen: ['brighten'],
  pixelate: [...TONES, ...COLOURS, 'noise', 'oversharpen', 'quantization'],
  quantization: [...TONES, ...COLOURS, 'noise', 'oversharpen', 'pixelate'],
  saturate_strengthen: [...OVER_TONES, 'oversharpen'],
  saturate_weaken: [...OVER_TONES, 'oversharpen'],
};

/** Whether DQ-495K puts one class on top of another. */
export function mayFollow(next: string, before: string): boolean {
  return FOLLOWERS[before]!.includes(next);
}
