/** What a model says of a picture while it thinks. */
export const SENTENCES = [
  'The sky shows grain that should not be there.',
  'Edges along the roof are soft, as if the lens had moved.',
  'Blocks of eight pixels are visible in the shadows.',
  'Colours are natural and the exposure is even.',
  'Fine texture in the grass is lost.',
];
