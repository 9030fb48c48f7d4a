import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TestbedError } from './testbed-error.ts';
import {
  consulJs,
  curator,
  d2,
  dnspython,
  dubbo,
  envoy,
  finagle,
  haproxy,
  kazoo,
  kubernetesTools,
  kubernetesValidate,
  nativeClient,
  oldZooKeeper,
  pyConsul,
  schemathesis,
  spring,
  zookeeper,
} from './versions.ts';

/** The real systems that the testbed can start. */
export const componentNames = [
  'zookeeper',
  'old-zookeeper',
  'curator',
  'dubbo',
  'spring',
  'finagle',
  'd2',
  'envoy',
  'haproxy',
  'kazoo',
  'dnspython',
  'schemathesis',
  'consul-js',
  'py-consul',
  'kubernetes-tools',
  'kubernetes-validate',
] as const;

/** One of {@link componentNames}, or what is installed only when somebody asks for it. */
export type ComponentName = (typeof componentNames)[number] | 'native-client';

/** Where a component is, or why it is not there and what to do about it. */
export type Component =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly reason: string; readonly hint: string };

/** What each component is made of. */
const versions = {
  zookeeper,
  'old-zookeeper': oldZooKeeper,
  curator,
  dubbo,
  spring,
  finagle,
  d2,
  envoy,
  haproxy,
  kazoo,
  dnspython,
  schemathesis,
  'consul-js': consulJs,
  'py-consul': pyConsul,
  'kubernetes-tools': kubernetesTools,
  'kubernetes-validate': kubernetesValidate,
  // Compiled for this Node's binary interface.
  'native-client': { ...nativeClient, abi: process.versions.modules },
} satisfies Record<ComponentName, object>;

/** Where components are installed: `.cache/testbed` of the checkout. */
export const cacheDir = resolve(import.meta.dirname, '../../../.cache/testbed');

/** The Java drivers' sources, which are part of what their components are built from. */
export const javaSources = resolve(import.meta.dirname, '../java');

/** The path inside an installation that {@link component} hands out. */
const entryPoint = {
  /** A folder of jars. */
  zookeeper: 'lib',
  /** A folder with a folder of jars for each release. */
  'old-zookeeper': '.',
  /** A folder with `lib` (jars) and `classes` (the driver). */
  curator: '.',
  /** The same. */
  dubbo: '.',
  spring: '.',
  finagle: '.',
  d2: '.',
  /** The program. */
  envoy: 'bin/envoy',
  /** The program. */
  haproxy: 'bin/haproxy',
  /** A Python that can import kazoo. */
  kazoo: 'bin/python',
  /** A Python that can import dns. */
  dnspython: 'bin/python',
  /** A Python that can import schemathesis: the folder is moved after its program was written. */
  schemathesis: 'bin/python',
  /** A folder with `node_modules`. */
  'consul-js': '.',
  /** A Python that can import consul. */
  'py-consul': 'bin/python',
  /** A folder with `kubectl` and `helm`. */
  'kubernetes-tools': 'bin',
  /** A Python that can import kubernetes_validate. */
  'kubernetes-validate': 'bin/python',
  /** A folder with `node_modules`. */
  'native-client': '.',
} as const satisfies Record<ComponentName, string>;

/** The environment variable that points to an own installation of a component. */
export function overrideVariable(name: ComponentName): string {
  return `MESHKEEPER_TESTBED_${name.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * Where a component's installation lives. The name holds a hash of the versions and sources it is
 * made of, so a folder that exists is complete and current.
 */
export function installDir(name: ComponentName, cache = cacheDir): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([2, process.platform, process.arch, versions[name]]));
  for (const file of javaFiles(name)) hash.update(file).update(readFileSync(file));
  return join(cache, `${name}-${versions[name].version}-${hash.digest('hex').slice(0, 12)}`);
}

/** The file that holds why the last attempt to install a component failed. */
export function failureFile(name: ComponentName, cache = cacheDir): string {
  return join(cache, `${name}.failed.json`);
}

/** The components with a driver in Java, and which packages it is made of. */
const javaPackages: Partial<Record<ComponentName, readonly string[]>> = {
  curator: [
    'io/meshkeeper/testbed',
    'io/meshkeeper/testbed/json',
    'org/apache/dubbo/registry/zookeeper',
    'org/springframework/cloud/zookeeper/discovery',
  ],
  dubbo: ['io/meshkeeper/testbed/json', 'io/meshkeeper/testbed/dubbo'],
  spring: ['io/meshkeeper/testbed/json', 'io/meshkeeper/testbed/spring'],
  finagle: ['io/meshkeeper/testbed/json', 'io/meshkeeper/testbed/finagle'],
  d2: ['io/meshkeeper/testbed/json', 'io/meshkeeper/testbed/d2'],
};

/** The source files of a component's driver; none if it has no driver. */
export function javaFiles(name: ComponentName): string[] {
  return (javaPackages[name] ?? []).flatMap((folder) =>
    readdirSync(join(javaSources, folder))
      .filter((file) => file.endsWith('.java'))
      .sort()
      .map((file) => join(javaSources, folder, file)),
  );
}

/** Looks a component up: an own installation first, then the provisioned one. */
export function component(name: ComponentName, cache = cacheDir): Component {
  const variable = overrideVariable(name);
  const own = process.env[variable];
  if (own) {
    if (existsSync(own)) return { ok: true, path: own };
    return { ok: false, reason: `there is no ${own}`, hint: `correct or unset ${variable}` };
  }
  const dir = installDir(name, cache);
  if (existsSync(dir)) return { ok: true, path: join(dir, entryPoint[name]) };
  const hint = `run \`npm run testbed\`, or point ${variable} to an own installation`;
  try {
    const failure: unknown = JSON.parse(readFileSync(failureFile(name, cache), 'utf8'));
    if (isFailure(failure)) return { ok: false, ...failure };
  } catch {
    // No record of a failure: it was never tried.
  }
  return { ok: false, reason: 'it is not installed', hint };
}

/**
 * The path of a component.
 *
 * @throws TestbedError `component-missing`, with the reason and what to do.
 */
export function requireComponent(name: ComponentName): string {
  const found = component(name);
  if (found.ok) return found.path;
  throw new TestbedError('component-missing', `no ${name}: ${found.reason}; ${found.hint}`);
}

/**
 * For node:test's `skip` option: why tests that need these components are skipped, or `false`.
 * With `CI=true` it is always `false`, so that a missing component fails the tests.
 */
export function skipWithout(...names: readonly ComponentName[]): string | false {
  if (process.env.CI === 'true') return false;
  for (const name of names) {
    const found = component(name);
    if (!found.ok) return `no ${name}: ${found.reason}; ${found.hint}`;
  }
  return false;
}

function isFailure(value: unknown): value is { reason: string; hint: string } {
  return typeof value === 'object' && value !== null && 'reason' in value && 'hint' in value;
}
