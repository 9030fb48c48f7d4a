import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { describe, it, test } from 'node:test';
import { loadConfig } from '@meshkeeper/control-plane';
import { runHelm, runKubectl, skipWithout, tempDir, validateManifests } from '@meshkeeper/testbed';
import { createProgram } from 'meshkeeper';
import { parse, parseAllDocuments } from 'yaml';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template?: {
      readonly metadata: { annotations?: Readonly<Record<string, string>> };
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

describe('deploy/', { skip: skipWithout('kubernetes-tools', 'kubernetes-validate') }, () => {
  it('is, to the letter, what the OpenAPI schemas of Kubernetes say', async () => {
    const plain = await kustomized();
    const charts = [
      await chartOf(),
      await chartOf('serviceEntries=true'),
      await chartOf('webhook={"enabled":false}'),
      await chartOf('configuration={"controlPlane":{"dns":{"listen":"0.0.0.0:7053"}}}'),
    ];
    for (const manifests of [plain, ...charts]) {
      const { valid, problems } = await validateManifests(manifests);
      assert.deepEqual(problems, []);
      assert.equal(valid, objectsOf(manifests).size);
    }
    const { problems } = await validateManifests(
      plain.replaceAll('  replicas: 2', '  replicaz: 2'),
    );
    assert.equal(problems.length, 2, 'a field that there is not is found in each Deployment');
  });

  it('is the same by the chart as by the manifests', async () => {
    const plain = objectsOf(await kustomized());
    const chart = objectsOf(await chartOf());
    // Helm makes the namespace itself, if it is told to.
    plain.delete('Namespace meshkeeper');
    assert.deepEqual([...chart.keys()].sort(), [...plain.keys()].sort());
    const configurationOf = (objects: ReadonlyMap<string, Manifest>) =>
      parse(objects.get('ConfigMap meshkeeper')?.data?.['meshkeeper.yaml'] ?? '');
    assert.deepEqual(configurationOf(chart), configurationOf(plain));
    plain.delete('ConfigMap meshkeeper');
    for (const [name, object] of plain) {
      const made = structuredClone(chart.get(name));
      // Pods are made anew when the configuration changes: kubectl's user does that by hand.
      delete made?.spec?.template?.metadata.annotations;
      assert.deepEqual(made, object);
    }
  });
});

describe('rights that not everybody needs', { skip: skipWithout('kubernetes-tools') }, () => {
  it('are added by a value of the chart as by a component', async () => {
    await using folder = await tempDir('meshkeeper-deploy-');
    const resources = join(relative(folder.path, resolve('deploy/kubernetes')), '.');
    const components = [join(resources, 'service-entries')];
    // JSON is YAML.
    await writeFile(
      join(folder.path, 'kustomization.yaml'),
      JSON.stringify({ resources: [resources], components }),
    );
    const plain = objectsOf(await kustomized(folder.path));
    const chart = objectsOf(await chartOf('serviceEntries=true'));
    for (const kind of ['Role', 'RoleBinding']) {
      const name = `${kind} meshkeeper-service-entries`;
      assert.ok(plain.has(name));
      assert.deepEqual(chart.get(name), plain.get(name));
    }
  });
});

async function kustomized(folder = 'deploy/kubernetes'): Promise<string> {
  return outputOf(await runKubectl(['kustomize', folder]));
}

/** What the chart makes of its values, of which some are changed (`name=JSON`). */
async function chartOf(...values: readonly string[]): Promise<string> {
  const args = ['template', 'meshkeeper', 'deploy/helm/meshkeeper', '--namespace', 'meshkeeper'];
  const changed = values.flatMap((value) => ['--set-json', value]);
  return outputOf(await runHelm([...args, '--include-crds', ...changed]));
}

function outputOf({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) {
  assert.equal(code, 0, stderr);
  return stdout;
}

/** By `Kind name`. */
function objectsOf(yaml: string): Map<string, Manifest> {
  const objects = parseAllDocuments(yaml).map((each): Manifest | null => each.toJS());
  return new Map(
    objects
      .filter((each) => each !== null)
      .map((each): [string, Manifest] => [`${each.kind} ${each.metadata.name}`, each]),
  );
}
