import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { generated } from '../scripts/docs.ts';

test('the reference says what the commands and the schema say', async () => {
  for (const [file, text] of await generated())
    assert.equal(readFileSync(file, 'utf8'), text, `${file} is old: npm run docs`);
});

test('links between documents lead somewhere', () => {
  const documents = globSync([
    '*.md',
    'docs/**/*.md',
    'packages/*/README.md',
    'packages/*/src/**/*.md',
    'examples/**/*.md',
  ]);
  for (const document of documents) {
    for (const [, target] of readFileSync(document, 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      assert.ok(existsSync(join(dirname(document), target!)), `${document} links to ${target}`);
    }
  }
});
