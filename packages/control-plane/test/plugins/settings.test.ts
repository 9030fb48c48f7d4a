import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/index.ts';
import { memorySource, Platform, writeModule } from './memory.ts';
import { startPlane } from './plane.ts';
import { bridgeStage } from './stage.ts';

const stage = bridgeStage();

test('what is wrong with sources and destinations is said at once, before anything starts', async () => {
  const platforms = new Map([['p', new Platform()]]);
  const plugins = [writeModule(stage.folder, [memorySource(platforms)])];
  const wrong = (config: Readonly<Record<string, unknown>>) =>
    startPlane(stage.folder, { ...stage.onRegistry(), ...config }).then(
      () => assert.fail('it has started'),
      (error: Error) => error.message,
    );
  const unresolved = await wrong({
    plugins,
    sources: [
      { name: 'a', kind: 'memory', platform: 'x' },
      { name: 'b', kind: 'smoke' },
    ],
    destinations: [{ name: 'c', kind: 'memory' }],
  });
  assert.match(unresolved, /^sources: "a": platform: there is no such platform$/m);
  assert.match(unresolved, /^sources: "b" is of the kind "smoke", which nobody brings: .*memory/m);
  assert.match(unresolved, /^destinations: "c" is of the kind "memory", which nobody brings/m);
  const unparsed = await wrong({
    sources: [
      { name: 'r', kind: 'smoke' },
      { name: '../x', kind: 'smoke' },
    ],
    destinations: [
      { name: 'xds', kind: 'smoke', from: { registry: 'nobody' } },
      { name: 'm', kind: 'smoke' },
    ],
    mirror: [{ name: 'm', to: { dialect: 'spring' } }],
  });
  assert.match(unparsed, /sources\.1\.name: letters, digits/);
  const named = await wrong({
    sources: [{ name: 'r', kind: 'smoke' }],
    destinations: [
      { name: 'xds', kind: 'smoke', from: { registry: 'nobody' } },
      { name: 'm', kind: 'smoke' },
    ],
    mirror: [{ name: 'm', to: { dialect: 'spring' } }],
  });
  for (const expected of [
    /sources\.0\.name: "r" names two of the registries and sources/,
    /sources\.0\.kind: "smoke" is nothing that is built in/,
    /destinations\.0\.name: "xds" names two/,
    /destinations\.0\.from\.registry: there is no registry or source "nobody": write r/,
    /destinations\.1\.name: "m" names two of the destinations and mirrors/,
    /destinations\.1\.kind: "smoke" is nothing/,
  ])
    assert.match(named, expected);
});

test('settings of built-in kinds are checked where they stand, with all else that is wrong', async () => {
  const file = join(stage.folder, 'wrong.yaml');
  writeFileSync(
    file,
    `sources:
  - name: cluster
    kind: kubernetes
    namespaces: [ 'not a name' ]
    nonsense: 1
  - { name: dc, kind: consul, address: 'ftp://x' }
destinations:
  - name: out
    kind: consul
    maxDeleteShare: 2
gateway: { listen: nowhere }
`,
  );
  const { message } = await loadConfig({ file }).then(
    () => assert.fail('it is taken'),
    (error: Error) => error,
  );
  const lines = message.replaceAll(`${file}:`, '').split('\n');
  const says = (expected: RegExp) =>
    assert.ok(
      lines.some((line) => expected.test(line)),
      message,
    );
  says(/^ {2}4: sources\.0\.namespaces\.0: the name of a namespace/);
  says(/^ {2}5: sources\.0\.nonsense: there is no such setting/);
  says(/^ {2}6: sources\.1\.address: write http:/);
  says(/^ {2}10: destinations\.0\.maxDeleteShare: /);
  says(/^ {2}11: gateway\.listen: /);
});
