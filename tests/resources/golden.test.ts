import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  EMPTY_SNAPSHOT,
  type Endpoint,
  NO_LOCALITY,
  type Service,
  ServiceMap,
} from '@meshkeeper/mesh';
import { compilePolicies, parsePolicies } from '@meshkeeper/policy';
import { MessagePrinter, type Node, Resources, type ResourceType, scopeOf } from '@meshkeeper/xds';
import { parse, stringify } from 'yaml';

/**
 * Each case is a folder: `mesh.yaml` has services and who asks, `policies.yaml` what operators applied;
 * `envoy.yaml` and `grpc.yaml` are all of the resources that such a data plane is sent. Of an Envoy that
 * gets virtual hosts as resources of their own (VHDS), only the routes are other ones: `vhds.yaml`.
 * MESHKEEPER_GOLDEN=write writes them anew.
 */
const CASES = new URL('cases/', import.meta.url);
const PRINTER = await MessagePrinter.load();
const AGENTS = { envoy: 'envoy', grpc: 'gRPC Node Pure JS' } as const;
/** The first that takes virtual hosts apart. */
const NEW_ENVOY = { userAgentBuildVersion: { version: { majorNumber: 1, minorNumber: 37 } } };

/** A message as JSON. */
type Json = Readonly<Record<string, unknown>>;
type Listed = readonly [string, Json[]];

/** What `mesh.yaml` says; of endpoints only what differs from an ordinary one. */
interface Mesh {
  readonly node: { readonly service?: string; readonly zone?: string; readonly gateway?: string };
  readonly services: readonly (Pick<Service, 'name' | 'protocol' | 'policy' | 'hosts'> & {
    readonly endpoints?: readonly (Partial<Endpoint> & { readonly at: string })[];
  })[];
}

function read(name: string, file: string): string {
  return readFileSync(new URL(`${name}/${file}`, CASES), 'utf8');
}

function servicesOf({ services }: Mesh): Service[] {
  return services.map(({ endpoints = [], ...service }) => ({
    ...service,
    endpoints: endpoints.map(({ at, ...fields }): Endpoint => {
      const [address = '', port = ''] = at.split(':');
      const origin = { registry: 'r', path: `/${at}`, czxid: 1n, mzxid: 1n, mtime: 0 };
      const common = { id: at, address, port: Number(port), weight: 100, origin, metadata: {} };
      return { ...common, health: 'healthy', locality: NO_LOCALITY, ...fields };
    }),
  }));
}

function nodeOf({ node: { service = '', zone = '', gateway } }: Mesh, userAgentName: string): Node {
  const [region = ''] = zone.split('-');
  const kind = gateway === undefined ? 'outbound' : 'gateway';
  const fields = { [`meshkeeper.io/${kind}`]: { stringValue: gateway ?? '127.0.0.1:15001' } };
  return { cluster: service, locality: { region, zone }, userAgentName, metadata: { fields } };
}

/** What there is for data planes. */
function resourcesOf(name: string, mesh: Mesh): Resources {
  const { policies, issues } = parsePolicies(read(name, 'policies.yaml'));
  assert.deepEqual(issues, []);
  const snapshot = {
    ...EMPTY_SNAPSHOT,
    revision: 1,
    services: ServiceMap.from(servicesOf(mesh)),
    policies: compilePolicies(policies.map(({ policy }) => policy)),
  };
  const resources = new Resources();
  const added = [...snapshot.services].map((after) => {
    return { type: 'added', name: after.name, after } as const;
  });
  resources.apply(snapshot, added);
  resources.settle();
  assert.deepEqual(resources.problems, []);
  return resources;
}

/** All that a node sees of some types, sorted by name. */
function listed(name: string, node: (mesh: Mesh) => Node, types: readonly ResourceType[]) {
  const mesh = parse(read(name, 'mesh.yaml')) as Mesh;
  const view = resourcesOf(name, mesh).view(scopeOf(node(mesh), true));
  return types.map((type) => {
    const sorted = view[type].list.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return [`${type}s`, sorted.map(({ any }) => PRINTER.print(any))] as const;
  });
}

/** The same, as Envoy's configuration is written. */
function written(...[name, node, types]: Parameters<typeof listed>): string {
  const all = Object.fromEntries(listed(name, node, types));
  return stringify(all, { lineWidth: 100, aliasDuplicateObjects: false });
}

function isAsWritten(name: string, file: string, text: string): void {
  const url = new URL(`${name}/${file}`, CASES);
  if (process.env.MESHKEEPER_GOLDEN === 'write') writeFileSync(url, text);
  assert.equal(text, readFileSync(url, 'utf8'));
}

const newEnvoy = (mesh: Mesh): Node => ({ ...nodeOf(mesh, AGENTS.envoy), ...NEW_ENVOY });

/** Route configurations with the virtual hosts that were apart from them, called as they are inside. */
function joined(routes: readonly Json[], hosts: readonly Json[]): Json[] {
  return routes.map(({ vhds, ...rest }) => {
    assert.ok(vhds);
    const prefix = `${rest.name}/`;
    const own = hosts.filter(({ name }) => /^(.*\/)[^/]*$/.exec(String(name))?.[1] === prefix);
    const named = own.map(({ '@type': _, ...host }) => {
      const name = decodeURIComponent(String(host.name).slice(prefix.length));
      return { ...host, name };
    });
    const real = named.filter(({ name }) => name !== 'meshkeeper.nowhere');
    return { ...rest, ...(real.length > 0 && { virtual_hosts: real }) };
  });
}

function sortedHosts({ virtual_hosts: hosts, ...rest }: Json): Json {
  if (hosts === undefined) return rest;
  const sorted = (hosts as Json[]).toSorted((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
  return { ...rest, virtual_hosts: sorted };
}

for (const name of readdirSync(CASES))
  describe(`resources of ${name}`, () => {
    for (const flavour of ['envoy', 'grpc'] as const)
      test(`as ${flavour} gets them`, () => {
        const types = ['cluster', 'endpoint', 'listener', 'route'] as const;
        const text = written(name, (mesh) => nodeOf(mesh, AGENTS[flavour]), types);
        isAsWritten(name, `${flavour}.yaml`, text);
      });

    test('virtual hosts that are apart say the same', () => {
      const [[, inside]] = listed(name, (mesh) => nodeOf(mesh, AGENTS.envoy), ['route']) as [
        Listed,
      ];
      const [[, routes], [, hosts]] = listed(name, newEnvoy, ['route', 'virtualHost']) as [
        Listed,
        Listed,
      ];
      assert.ok(hosts.length > 0);
      assert.deepEqual(joined(routes, hosts).map(sortedHosts), inside.map(sortedHosts));
    });
  });

describe('resources of gateway', () => {
  test('as an Envoy gets its routes that takes virtual hosts apart', () => {
    isAsWritten('gateway', 'vhds.yaml', written('gateway', newEnvoy, ['route', 'virtualHost']));
  });
});
