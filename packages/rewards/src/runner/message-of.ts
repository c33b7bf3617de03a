/** The message of whatever was thrown; by its shape, since an error of another realm is no `instanceof Error` of this one. */
export function messageOf(thrown: unknown): string {
  const isError = typeof thrown === 'object' && thrown !== null && 'message' in thrown;
  return isError && typeof thrown.message === 'string' ? thrown.message : String(thrown);
}
