import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '@meshkeeper/control-plane';
import { tempDir } from '@meshkeeper/testbed';
import { createProgram } from 'meshkeeper';
import { parseAllDocuments } from 'yaml';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template?: {
      readonly spec: { readonly containers: readonly { readonly args?: readonly string[] }[] };
    };
  };
}

const manifests = globSync('deploy/kubernetes/*.yaml').flatMap((file) =>
  parseAllDocuments(readFileSync(file, 'utf8')).map((each): Manifest => each.toJS()),
);

test('the configuration that the manifests bring is valid', async () => {
  const map = manifests.find(({ kind }) => kind === 'ConfigMap');
  await using folder = await tempDir('meshkeeper-deploy-');
  const file = join(folder.path, 'meshkeeper.yaml');
  await writeFile(file, map?.data?.['meshkeeper.yaml'] ?? '');
  const config = await loadConfig({ file });
  assert.deepEqual(
    config.destinations.map(({ kind }) => kind),
    ['kubernetes'],
  );
});

test('the manifests start commands that there are, with flags that these have', () => {
  const started = manifests.flatMap(
    ({ spec }) => spec?.template?.spec.containers.map(({ args = [] }) => args) ?? [],
  );
  assert.equal(started.length, 2);
  for (const args of started) {
    const program = createProgram();
    let command = program;
    let rest = [...args];
    for (;;) {
      const next = command.commands.find((each) => each.name() === rest[0]);
      if (next === undefined) break;
      command = next;
      rest = rest.slice(1);
    }
    const { unknown, operands } = command.parseOptions(rest);
    // Those of all commands are the program's.
    const global = program.parseOptions(unknown);
    assert.deepEqual([global.unknown, operands], [[], []], args.join(' '));
  }
});

test('the chart has every object that the manifests have, but for the namespace', () => {
  const templates = globSync('deploy/helm/meshkeeper/templates/*.yaml')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n---\n');
  const inChart = [...templates.matchAll(/^kind: (\w+)\nmetadata:\n {2}name: (\S+)$/gm)];
  const names = inChart.map(([, kind, name]) => `${kind} ${name}`);
  const plain = manifests
    .filter(({ kind }) => kind !== 'Namespace' && kind !== 'Kustomization')
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  assert.deepEqual(names.sort(), plain.sort());
});
