// @ts-check
// Small helps for the dashboard's scripts.

/**
 * The element of an id.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 */
export const byId = (id) => /** @type {T} */ (document.getElementById(id));

/**
 * A new element.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {object} [properties]
 * @param {(Node | string)[]} children
 */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** The server is there and says that it cannot; the message says why. */
export class Refused extends Error {}

/**
 * Asks the dashboard's server.
 *
 * @param {string} path
 * @param {Record<string, string | number>} [query]
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>}
 * @throws {Refused}
 */
export async function ask(path, query = {}, signal) {
  const url = new URL(path, location.href);
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, String(value));
  const response = await fetch(url, signal ? { signal } : {});
  if (response.ok) return response;
  const { message } = await response.json().catch(() => ({ message: response.statusText }));
  throw new Refused(message);
}
