import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { NO_LOCALITY } from '@meshkeeper/mesh';
import { DIALECTS } from '../src/index.ts';
import { znode } from './znode.ts';

const pages = globSync(join(import.meta.dirname, '../src/*/README.md'));
const pageOf = (dialect: string) =>
  pages.find((page) => basename(dirname(page)) === dialect) ?? assert.fail(`no page of ${dialect}`);

/** Znodes as a page shows them: a path, and on the next line what is in it. */
function znodesOf(page: string) {
  const blocks = readFileSync(page, 'utf8').matchAll(/```\n(\/[\s\S]*?)```/g);
  return [...blocks].flatMap(([, block]) =>
    [...block!.matchAll(/^(\/.*)\n(.+)$/gm)].map(([, path, data]) => znode(path!, data)),
  );
}

for (const dialect of DIALECTS.values())
  test(`${dialect.name} has a page, and what it shows is what is read`, () => {
    const page = pageOf(dialect.name);
    const text = readFileSync(page, 'utf8');
    const [, root] = new RegExp(`dialect: ${dialect.name}, root: (/\\S+)`).exec(text) ?? [];
    assert.ok(root, 'it shows how it is configured');
    const nodes = znodesOf(page);
    assert.notEqual(nodes.length, 0);
    const reading = dialect.reading({ registry: 'r', root, locality: NO_LOCALITY });
    for (const node of nodes) reading.put(node);
    assert.equal(reading.problems.size, 0);
    const [name = ''] = reading.names;
    assert.equal(reading.service(name)?.endpoints.length, 1);
    assert.ok(nodes.some((node) => dialect.recognise(node)));
  });
