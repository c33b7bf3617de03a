/** What was asked for is not there; the text says why, to the one who looks at the page. */
export class NotThere extends Error {
  readonly statusCode = 404;
}
