import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ResourceMessage, ResourceType } from '../src/index.ts';
import { Any, decodeResource, HealthStatus, Resources, scopeOf } from '../src/index.ts';
import { Catalog, endpoint, service } from './fixture.ts';

const SCOPE = scopeOf({});

function decoded<T extends ResourceType>(
  resources: Resources,
  type: T,
  name: string,
): ResourceMessage<T> {
  const resource = resources.view(SCOPE)[type].get(name);
  assert.ok(resource, `no ${type} ${name}`);
  return decodeResource(type, Any.decode(resource.any));
}

/** Domains by virtual host. */
function domains(resources: Resources): Record<string, string[]> {
  const { virtualHosts } = decoded(resources, 'route', 'gateway');
  return Object.fromEntries(virtualHosts.map((host) => [host.name, host.domains ?? []]));
}

describe('changes', () => {
  test('a change of endpoints makes a new load assignment and nothing else', () => {
    const catalog = new Catalog();
    const resources = new Resources();
    resources.apply(...catalog.put(service('shop', [1]), service('cart', [2])));
    resources.settle();
    const cluster = resources.view(SCOPE).cluster.get('shop');
    const routes = resources.view(SCOPE).route.get('gateway');
    const changed = resources.apply(...catalog.put(service('shop', [1, 3])));
    assert.deepEqual(changed.endpoints, new Map([['shop', new Set(['shop'])]]));
    assert.equal(changed.configuration.size, 0);
    assert.equal(resources.settle().size, 0);
    assert.equal(resources.view(SCOPE).cluster.get('shop'), cluster);
    assert.equal(resources.view(SCOPE).route.get('gateway'), routes);
  });

  test('equal content has equal versions, whatever the way there', () => {
    const one = new Resources();
    const other = new Resources();
    const catalog = new Catalog();
    one.apply(...catalog.put(service('a', [1]), service('b', [2]), service('c', [3])));
    one.apply(...catalog.set({ c: undefined }));
    other.apply(...new Catalog().put(service('b', [2])));
    const elsewhere = new Catalog();
    elsewhere.put(service('b', [2]));
    other.apply(...elsewhere.put(service('a', [1])));
    for (const type of ['cluster', 'endpoint'] as const) {
      assert.equal(one.view(SCOPE)[type].version, other.view(SCOPE)[type].version);
      assert.match(one.view(SCOPE)[type].version, /^[0-9a-f]{16}$/);
    }
  });

  test('nodes that ask for the same listeners share a view', () => {
    const resources = new Resources();
    const metadata = { fields: { 'meshkeeper.io/outbound': { stringValue: '127.0.0.1:15001' } } };
    const view = resources.view(scopeOf({ id: 'a', metadata }));
    assert.equal(resources.view(scopeOf({ id: 'b', metadata })), view);
    assert.notEqual(resources.view(SCOPE), view);
    assert.deepEqual(
      view.listener.list.map(({ name }) => name),
      ['outbound'],
    );
    assert.ok(resources.view(SCOPE).listener.get('gateway'));
  });

  test('an address that is none asks for no listener', () => {
    const metadata = { fields: { 'meshkeeper.io/gateway': { stringValue: 'example.org:80' } } };
    assert.deepEqual(scopeOf({ metadata }).listeners, []);
  });
});

describe('load assignment', () => {
  test('a service without instances has an explicit empty one', () => {
    const resources = new Resources();
    resources.apply(...new Catalog().put(service('shop', [])));
    const assignment = decoded(resources, 'endpoint', 'shop');
    assert.equal(assignment.clusterName, 'shop');
    assert.deepEqual(assignment.endpoints, []);
  });

  test('groups by locality with weights, maps health, leaves weight 0 out', () => {
    const locality = { region: 'eu', zone: 'a', subzone: '' };
    const resources = new Resources();
    resources.apply(
      ...new Catalog().put(
        service('shop', [
          endpoint(1, { locality, weight: 50, role: 'leader' }),
          endpoint(2, { locality, health: 'draining' }),
          endpoint(3, { health: 'unhealthy' }),
          endpoint(4, { health: 'unknown' }),
          endpoint(5, { weight: 0 }),
        ]),
      ),
    );
    const { endpoints } = decoded(resources, 'endpoint', 'shop');
    const groups = endpoints.map((group) => ({
      zone: group.locality?.zone,
      weight: group.loadBalancingWeight?.value,
      hosts: (group.lbEndpoints ?? []).map(({ endpoint: host, healthStatus }) => [
        host?.address?.socketAddress?.portValue,
        healthStatus ?? HealthStatus.UNKNOWN,
      ]),
    }));
    assert.deepEqual(groups, [
      {
        zone: '',
        weight: 200,
        hosts: [
          [3, HealthStatus.UNHEALTHY],
          [4, HealthStatus.UNKNOWN],
        ],
      },
      {
        zone: 'a',
        weight: 150,
        hosts: [
          [1, HealthStatus.HEALTHY],
          [2, HealthStatus.DRAINING],
        ],
      },
    ]);
    const leader = endpoints[1]?.lbEndpoints?.[0]?.metadata?.filterMetadata?.meshkeeper;
    assert.equal(leader?.fields?.role?.stringValue, 'leader');
  });

  test('what Envoy would reject is left out and told, the rest is served', () => {
    const resources = new Resources();
    const catalog = new Catalog();
    resources.apply(
      ...catalog.put(
        service('shop', [
          endpoint(1),
          endpoint(2, { address: 'db.example.org' }),
          endpoint(70_000),
          endpoint(1, { id: 'twin' }),
        ]),
        service('\ud800', [4]),
      ),
    );
    const { endpoints } = decoded(resources, 'endpoint', 'shop');
    assert.equal(endpoints[0]?.lbEndpoints?.length, 1);
    assert.deepEqual(
      resources.problems.map(({ service: name, endpoint: id, code }) => [name, id, code]).sort(),
      [
        ['shop', 'i-2', 'host-name'],
        ['shop', 'i-70000', 'bad-port'],
        ['shop', 'twin', 'duplicate-address'],
        ['\ud800', undefined, 'bad-name'],
      ],
    );
    resources.apply(...catalog.put(service('shop', [1])));
    assert.equal(resources.problems.length, 1);
  });
});

describe('hosts', () => {
  test('a service is reached by its name and its alias, with any port', () => {
    const resources = new Resources();
    const name = 'com.acme.Shop:1.0:blue';
    resources.apply(...new Catalog().put(service(name, []), service('db', [], 'tcp')));
    resources.settle();
    const alias = 'com.acme.shop-1.0-blue.mesh';
    assert.deepEqual(domains(resources), { [name]: [name, `${name}:*`, alias, `${alias}:*`] });
    assert.ok(resources.view(SCOPE).cluster.get('db'));
  });

  test('two services with one alias get a hash each; no domain is given twice', () => {
    const resources = new Resources();
    resources.apply(
      ...new Catalog().put(
        service('shop:a', []),
        service('shop/a', []),
        service('Cart', []),
        service('cart', []),
        service('cart.mesh', []),
        service('*', []),
      ),
    );
    resources.settle();
    const byHost = domains(resources);
    const all = Object.values(byHost).flat();
    assert.equal(new Set(all.map((domain) => domain.toLowerCase())).size, all.length);
    assert.match(byHost['shop:a']?.[2] ?? '', /^shop-a-[0-9a-f]{6}\.mesh$/);
    assert.match(byHost['shop/a']?.[2] ?? '', /^shop-a-[0-9a-f]{6}\.mesh$/);
    assert.equal(byHost.cart?.[0], 'cart');
    assert.equal(byHost['cart.mesh']?.[0], 'cart.mesh');
    assert.deepEqual(byHost['*'], ['-.mesh', '-.mesh:*'], 'a wildcard is not given as a domain');
  });

  test('only idempotent requests are retried once a byte may have been processed', () => {
    const resources = new Resources();
    resources.apply(...new Catalog().put(service('shop', []), service('rpc', [], 'grpc')));
    resources.settle();
    const { virtualHosts } = decoded(resources, 'route', 'outbound');
    const shop = virtualHosts.find(({ name }) => name === 'shop');
    const cautious = shop?.retryPolicy;
    assert.equal(cautious?.retryOn, 'connect-failure,refused-stream,reset-before-request');
    assert.equal(cautious?.numRetries?.value, 3);
    assert.equal(cautious?.retryHostPredicate?.length, 1);
    const retrying = (shop?.routes ?? []).filter(({ route }) => route?.retryPolicy);
    for (const { match, route } of retrying) {
      assert.match(route?.retryPolicy?.retryOn ?? '', /reset$/);
      assert.equal(match?.headers?.length, 1);
    }
    const rpc = virtualHosts.find(({ name }) => name === 'rpc');
    assert.ok(rpc?.routes?.every(({ route }) => !route?.retryPolicy));
  });
});
