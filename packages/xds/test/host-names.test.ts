import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Service } from '@meshkeeper/mesh';
import {
  Any,
  decodeResource,
  LISTENER_KEYS,
  type Node,
  ON_DEMAND_AGENT,
  Resources,
  scopeOf,
} from '../src/index.ts';
import { Catalog, service } from './fixture.ts';

const fields = { [LISTENER_KEYS.outbound]: { stringValue: '127.0.0.1:0' } };
const program: Node = { userAgentName: ON_DEMAND_AGENT, metadata: { fields } };
const called = (
  name: string,
  hosts: readonly string[],
  protocol: Service['protocol'] = 'http',
) => ({
  ...service(name, [], protocol),
  hosts,
});

function made(...services: Service[]): {
  readonly resources: Resources;
  readonly catalog: Catalog;
} {
  const resources = new Resources();
  const catalog = new Catalog();
  resources.apply(...catalog.put(...services));
  resources.settle();
  return { resources, catalog };
}

/** The domains of each virtual host that a node finds by itself. */
function domains(resources: Resources, node: Node): Record<string, readonly string[]> {
  const { list } = resources.view(scopeOf(node, true)).virtualHost;
  const hosts = list.map(({ any }) => decodeResource('virtualHost', Any.decode(any)));
  return Object.fromEntries(
    hosts
      .filter(({ name }) => name?.startsWith('outbound/'))
      .map(({ name, domains: own }) => [name?.slice('outbound/'.length), own ?? []]),
  );
}

const anyPort = (...hosts: string[]) => hosts.flatMap((host) => [host, `${host}:*`]);

describe('host names that registries state', () => {
  test('lead to the service; one with a port with that only', () => {
    const hosts = ['web.shop.svc', 'web.shop.svc:91'];
    const { resources } = made(called('web', hosts));
    const [route] = resources.view(scopeOf({})).route.list.filter(({ name }) => name === 'gateway');
    const { virtualHosts } = decodeResource('route', Any.decode(route!.any));
    assert.deepEqual(virtualHosts[0]?.domains, [
      ...anyPort('web', 'web.mesh', 'web.shop.svc'),
      'web.shop.svc:91',
    ]);
  });

  test('are found one by one, as is an alias that the name does not tell; all else is as it was', () => {
    const { resources, catalog } = made(
      called('web', ['web.service.consul']),
      called('com.foo.Api:1.0', ['api.shop.svc:91']),
      service('plain', []),
    );
    assert.deepEqual(domains(resources, program), {
      web: anyPort('web', 'web.mesh'),
      'web.service.consul': anyPort('web.service.consul'),
      'com.foo.Api:1.0': anyPort('com.foo.Api:1.0'),
      'com.foo.api-1.0.mesh': anyPort('com.foo.api-1.0.mesh'),
      'api.shop.svc:91': ['api.shop.svc:91'],
      plain: anyPort('plain', 'plain.mesh'),
    });
    const { list } = resources.view(scopeOf(program, true)).virtualHost;
    const routesOf = (name: string) => {
      const found = list.find((each) => each.name === `outbound/${name}`);
      return decodeResource('virtualHost', Any.decode(found!.any)).routes;
    };
    assert.deepEqual(routesOf('web.service.consul'), routesOf('web'));

    // It is called otherwise: that alone is told, at once to those who ask for it.
    const changes = catalog.put(called('web', ['web.shop.svc']));
    resources.apply(...changes);
    assert.ok(resources.isUnsettled);
    assert.deepEqual(
      resources.settle().get('virtualHost'),
      new Set(
        ['web.service.consul', 'web.shop.svc'].flatMap((host) => [
          `outbound/${host}`,
          `gateway/${host}`,
        ]),
      ),
    );
  });

  test('are nobody’s who has it from another: names go before them, then the lowest name', () => {
    const { resources, catalog } = made(
      called('b', ['c', 'web.shop', 'db']),
      called('a', ['web.shop', 'a', 'own.a']),
      service('C', []),
      service('db', [], 'tcp'),
    );
    const hosts = domains(resources, program);
    assert.deepEqual(hosts['web.shop'], anyPort('web.shop'));
    assert.deepEqual(Object.keys(hosts).sort(), ['C', 'a', 'b', 'own.a', 'web.shop']);
    assert.deepEqual(
      resources.problems.map(({ service: name, code, message }) => [
        name,
        code,
        message.replace(/.*: /, ''),
      ]),
      [['b', 'host-taken', 'c (C), web.shop (a), db (db)']],
    );
    // The one that had it is gone: it is the other's.
    resources.apply(...catalog.put(called('a', [])));
    resources.settle();
    const all = Object.values(domains(resources, program)).flat();
    assert.ok(all.includes('web.shop'));
    assert.doesNotMatch(resources.problems[0]?.message ?? '', /web\.shop/);
  });

  test('gRPC’s clients ask for the service by them', () => {
    const { resources, catalog } = made(called('web', ['web.shop.svc']));
    const view = resources.view(scopeOf({ userAgentName: 'gRPC C++' }));
    const routesOf = (name: string) => {
      const found = view.listener.get(name);
      if (found === undefined) return undefined;
      const { apiListener } = decodeResource('listener', Any.decode(found.any));
      return JSON.stringify(apiListener);
    };
    assert.ok(routesOf('web') !== undefined);
    assert.equal(routesOf('web.shop.svc'), routesOf('web'));
    // A service of that name has come.
    resources.apply(...catalog.put(service('web.shop.svc', [])));
    resources.settle();
    assert.notEqual(routesOf('web.shop.svc'), routesOf('web'));
  });
});
