import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import { test } from 'node:test';
import { workspacePackages } from '../scripts/packages.ts';

/**
 * Which package's sources may import which: the map of the project. The ones that are not here may
 * import none. Why the command imports more than the control plane: docs/decisions/0001.
 */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  jute: [],
  zookeeper: ['jute'],
  'zookeeper-server': ['jute'],
  mesh: [],
  policy: ['mesh'],
  recipes: ['zookeeper'],
  registries: ['mesh', 'zookeeper'],
  xds: ['mesh'],
  proxy: ['mesh', 'xds'],
  config: ['recipes', 'zookeeper'],
  dns: ['mesh'],
  identity: ['mesh', 'zookeeper'],
  kubernetes: ['mesh'],
  consul: ['mesh'],
  sdk: ['config', 'mesh', 'proxy', 'recipes', 'registries', 'xds', 'zookeeper'],
  'control-plane': [
    'config',
    'consul',
    'dns',
    'identity',
    'kubernetes',
    'mesh',
    'policy',
    'recipes',
    'registries',
    'xds',
    'zookeeper',
  ],
  cli: [
    'config',
    'control-plane',
    'dns',
    'identity',
    'kubernetes',
    'mesh',
    'policy',
    'proxy',
    'recipes',
    'registries',
    'sdk',
    'xds',
    'zookeeper',
    'zookeeper-server',
  ],
  testbed: ['zookeeper'],
};

/** Packages that prove and measure the others, and may import any. */
const FREE = new Set(['bench']);

/** Statements begin a line, as the formatter has them, or close one of several; texts do not. */
const STATEMENT = /^(?:import|export|\})(?:[^'\n]* from)? '([^']+)'/gm;
const CALL = /^(?!\s*(?:\*|\/\/)).*\bimport\(\s*'([^']+)'/gm;

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function importsOf(folder: string): Import[] {
  return globSync(`${folder}/src/**/*.{ts,tsx}`).flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return [...text.matchAll(STATEMENT), ...text.matchAll(CALL)].map(([, specifier]) => ({
      file,
      specifier: specifier!,
    }));
  });
}

for (const { folder, name, dependencies, peers } of workspacePackages()) {
  const own = basename(folder);
  const imports = importsOf(folder);

  test(`${name} imports only what the map allows, and only by name`, () => {
    for (const { file, specifier } of imports) {
      const where = `${file} imports ${specifier}`;
      if (specifier.startsWith('.')) {
        const target = resolve(file, '..', specifier);
        assert.ok(target.startsWith(resolve(folder) + sep), `${where}: that is another package`);
        continue;
      }
      if (specifier.startsWith('node:')) continue;
      const [scope, part, ...deeper] = specifier.split('/');
      if (scope === '@meshkeeper') {
        assert.ok(
          FREE.has(own) || TABLE[own]?.includes(part!),
          `${where}: the map has no such arrow`,
        );
        assert.deepEqual(deeper, [], `${where}: only a package's index is for others`);
        assert.ok(
          dependencies.includes(`@meshkeeper/${part}`),
          `${where}: not in its package.json`,
        );
      } else {
        const dependency = specifier.startsWith('@') ? `${scope}/${part}` : scope!;
        const stated = [...dependencies, ...peers];
        assert.ok(stated.includes(dependency), `${where}: not in its package.json`);
      }
    }
  });

  test(`${name} depends on nothing that it doesn't import`, () => {
    const used = imports.map(({ specifier }) => specifier);
    for (const dependency of [...dependencies, ...peers])
      assert.ok(
        used.some(
          (specifier) => specifier === dependency || specifier.startsWith(`${dependency}/`),
        ),
        `${join(folder, 'package.json')} lists ${dependency}, which nothing imports`,
      );
  });
}
