/** Whether an error of the backend says that memory could not be had, of the device or of the process. */
export function isOutOfMemory(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'RESOURCE_EXHAUSTED';
}
