import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

// Generated, and compared by another test with what the control plane serves.
const document = JSON.parse(readFileSync('docs/reference/openapi.json', 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};
const PATHS = Object.entries(document.paths).flatMap(([path, methods]) =>
  path.startsWith('/api/v1/')
    ? [{ parts: path.slice('/api/v1/'.length).split('/'), methods: Object.keys(methods) }]
    : [],
);
const NOUNS = new Set(PATHS.map(({ parts }) => parts[0]));

/** A call by its method, and a path wherever it is made. */
const CALL = /\bapi\.(get|put|post|delete|states|events)(?:<[^(]*>)?\(\s*[`'](\/[^`']*)[`']/g;
const TEXT = /[`'](\/[a-z][^`'\s]*)[`']/g;
const METHODS: Readonly<Record<string, string>> = { states: 'get', events: 'get' };

/** `/services/${segment(name)}?watch`, as its parts; undefined stands for what is filled in. */
function partsOf(text: string): (string | undefined)[] {
  const [path = ''] = text.replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, '\u0000').split('?');
  return path
    .slice(1)
    .split('/')
    .map((part) => (part.includes('\u0000') ? undefined : part));
}

function operationsAt(parts: readonly (string | undefined)[]): string[] {
  return PATHS.filter(
    (path) =>
      path.parts.length === parts.length &&
      path.parts.every((part, i) => parts[i] === undefined || part === parts[i] || part[0] === '{'),
  ).flatMap(({ methods }) => methods);
}

test('what the command asks the API for is in its document', () => {
  const found = { calls: 0, paths: 0 };
  for (const file of globSync('packages/cli/src/**/*.ts')) {
    const text = readFileSync(file, 'utf8');
    if (!/ApiClient|ConfigApi/.test(text)) continue;
    for (const [, verb = '', path = ''] of text.matchAll(CALL)) {
      const parts = partsOf(path);
      const method = METHODS[verb] ?? verb;
      found.calls++;
      assert.ok(operationsAt(parts).includes(method), `${file}: ${method} ${path}`);
    }
    // Paths of configuration are told in two parts, base and rest.
    const whole = text.replace(/'(\/\w+)'([^;]*?)base: '(\/\w+)'/g, "'$3$1'$2");
    for (const [, path = ''] of whole.matchAll(TEXT)) {
      const parts = partsOf(path);
      if (!NOUNS.has(parts[0]!)) continue;
      // One that only begins with it goes on with what is filled in elsewhere.
      found.paths++;
      assert.ok(operationsAt(parts).length > 0, `${file}: ${path}`);
    }
  }
  assert.ok(found.calls >= 10 && found.paths > 20, JSON.stringify(found));
});
