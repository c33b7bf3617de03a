/**
 * A value of a data file.
 *
 * @param where - file, and row where it is one, for the message
 * @throws Error naming the place, when the text is not JSON
 */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${where}: not JSON: ${(error as Error).message}`, { cause: error });
  }
}
