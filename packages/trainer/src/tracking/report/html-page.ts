import { html, trusted, type Markup } from './html.js';
import { STYLE } from './style.js';

/** A page that needs nothing else, in the style of all pages; `style` is added to it. */
export function htmlPage(title: string, style: string, body: Markup): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${trusted(STYLE)}${trusted(style)}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `.markup;
}
