// Writes docs/settings.md: every key of a recipe with its values, its default and what it does, as the schema has them.
// With --check it writes nothing, and fails when the page is not as it should be.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import prettier from 'prettier';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');
const page = join(root, 'docs/settings.md');
const schema = join(root, 'packages/trainer/src/config/schema.ts');

/** Keys that a page of their own explains. */
const elsewhere = { 'data.train': 'data.md', 'data.heldOut': 'data.md' };

const { config } = ts.readConfigFile(join(root, 'packages/trainer/tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(root, 'packages/trainer'));
const program = ts.createProgram([schema], { ...options, noEmit: true, composite: false, customConditions: ['@q-insight/source'] }); // prettier-ignore
const checker = program.getTypeChecker();

function recipe() {
  const module = checker.getSymbolAtLocation(program.getSourceFile(schema));
  const symbol = checker.getExportsOfModule(module).find(({ name }) => name === 'Recipe');
  return checker.getDeclaredTypeOfSymbol(symbol);
}

/** Rows of a section, those of the sections in it among them. */
function* rows(section, path) {
  for (const property of section.getProperties()) {
    const key = [...path, property.name].join('.');
    const type = typeOf(property);
    if (!isSection(type) || elsewhere[key]) yield row(key, property, valuesOf(key, type));
    else {
      if (property.getDocumentationComment(checker).length > 0) yield row(key, property, 'a section');
      yield* rows(type, [key]);
    }
  }
}

const typeOf = (property) => checker.getNonNullableType(checker.getTypeOfSymbol(property));
const isOptional = (property) => (property.flags & ts.SymbolFlags.Optional) !== 0;
const isSection = (type) => !type.isUnion() && !checker.isArrayLikeType(type) && type.getProperties().length > 0 && (type.flags & ts.TypeFlags.Object) !== 0; // prettier-ignore

function row(key, property, values) {
  const given = property.getJsDocTags(checker).find(({ name }) => name === 'defaultValue');
  const preset = given ? ts.displayPartsToString(given.text) : isOptional(property) ? '' : 'must be given';
  const cells = [`\`${key}\``, values, preset, ts.displayPartsToString(property.getDocumentationComment(checker))];
  return `| ${cells.map(inCell).join(' | ')} |`;
}

const inCell = (text) => text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;');

function valuesOf(key, type) {
  if (elsewhere[key]) return `[a source](${elsewhere[key]})`;
  if (!type.isUnion()) return checker.typeToString(type);
  // in the order of the alphabet: the compiler's own changes with code elsewhere
  const names = type.types.map((one) => checker.typeToString(one).replaceAll('"', '')).sort();
  return names.join(', ').replace('false, true', 'boolean');
}

const table = (lines) => ['| key | values | default | what |', '|---|---|---|---|', ...lines].join('\n');
const [single, sections] = [[], []];
for (const property of recipe().getProperties()) (isSection(typeOf(property)) ? sections : single).push(property);

const text = await prettier.format(
  `# Settings

Every key of a recipe, as [the schema](../packages/trainer/src/config/schema.ts) has it; \`npm run settings-page\` writes this page. A recipe
is YAML, and \`--set grpo.groupSize=16\` gives any key on the command line. A key that does not exist is an error.

${table(single.map((property) => row(property.name, property, valuesOf(property.name, typeOf(property)))))}

${sections.map((property) => `## ${property.name}\n\n${table([...rows(typeOf(property), [property.name])])}`).join('\n\n')}
`,
  { parser: 'markdown', ...(await prettier.resolveConfig(page)) },
);
if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) {
  console.error('docs/settings.md is not as the schema has it: npm run settings-page');
  process.exitCode = 1;
}
