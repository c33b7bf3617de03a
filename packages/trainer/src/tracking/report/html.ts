/** Text that is HTML already. Everything else is escaped when it is put into a page. */
export interface Markup {
  readonly markup: string;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as it must stand in HTML, in content and in quoted attributes alike. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character]!);

type Value = string | number | Markup | readonly Value[];

function render(value: Value): string {
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return 'markup' in value ? value.markup : value.map(render).join('');
}

/**
 * A template for HTML: whatever is put into it is escaped, unless it is markup itself. Model answers and file names
 * are other people's text, so this is the only way text gets into the report.
 *
 * @example html`<b>${answer}</b>`
 */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return { markup: strings.reduce((page, text, i) => `${page}${render(values[i - 1] ?? '')}${text}`) };
}

/** Marks text as HTML; for our own files (scripts, styles) alone. */
export const trusted = (markup: string): Markup => ({ markup });

/** JSON inside a script element: a `</script>` in a string must not end the element. */
export const jsonForScript = (value: unknown): Markup => trusted(JSON.stringify(value).replaceAll('<', '\\u003c'));
