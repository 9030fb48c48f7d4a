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
import { MessagePrinter, type Node, Resources, scopeOf } from '@meshkeeper/xds';
import { parse, stringify } from 'yaml';

/**
 * Each case is a folder: `mesh.yaml` has services and who asks, `policies.yaml` what operators applied;
 * `envoy.yaml` and `grpc.yaml` are all of the resources that such a data plane is sent.
 * MESHKEEPER_GOLDEN=write writes them anew.
 */
const CASES = new URL('cases/', import.meta.url);
const PRINTER = await MessagePrinter.load();
const AGENTS = { envoy: 'envoy', grpc: 'gRPC Node Pure JS' } as const;

/** What `mesh.yaml` says; of endpoints only what differs from an ordinary one. */
interface Mesh {
  readonly node: { readonly service?: string; readonly zone?: string; readonly gateway?: string };
  readonly services: readonly (Pick<Service, 'name' | 'protocol' | 'policy'> & {
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

/** All that a node sees, as Envoy's configuration is written. */
function seen(name: string, flavour: keyof typeof AGENTS): string {
  const mesh = parse(read(name, 'mesh.yaml')) as Mesh;
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
  const view = resources.view(scopeOf(nodeOf(mesh, AGENTS[flavour])));
  const listed = (['cluster', 'endpoint', 'listener', 'route'] as const).map((type) => {
    const sorted = view[type].list.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return [`${type}s`, sorted.map(({ any }) => PRINTER.print(any))];
  });
  return stringify(Object.fromEntries(listed), { lineWidth: 100, aliasDuplicateObjects: false });
}

for (const name of readdirSync(CASES))
  describe(`resources of ${name}`, () => {
    for (const flavour of ['envoy', 'grpc'] as const)
      test(`as ${flavour} gets them`, () => {
        const text = seen(name, flavour);
        const file = new URL(`${name}/${flavour}.yaml`, CASES);
        if (process.env.MESHKEEPER_GOLDEN === 'write') writeFileSync(file, text);
        assert.equal(text, readFileSync(file, 'utf8'));
      });
  });
