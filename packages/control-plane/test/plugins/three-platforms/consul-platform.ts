import assert from 'node:assert/strict';
import { startConsul } from '@meshkeeper/testbed';
import { Face } from './face.ts';
import { Ledger } from './ledger.ts';
import type { Platform, PlatformInstance } from './platform.ts';

/** The node that a destination writes to. */
const OURS = 'meshkeeper';
/** As to somebody whose token may see nothing. */
const EMPTIED = {
  path: (url: URL) => url.pathname,
  body: (_: URL, body: string) => ({ status: 200, body: body.startsWith('[') ? '[]' : '{}' }),
};

/** A Consul with a service of its own. */
export async function consulPlatform(): Promise<Platform & { readonly url: string }> {
  const stack = new AsyncDisposableStack();
  const consul = stack.use(await startConsul());
  const face = stack.use(await Face.of(consul.url, EMPTIED));
  const ledger = new Ledger();
  const catalog = consul.catalog();
  const see = () => {
    const { services, checks } = catalog.node(OURS) ?? { services: new Map(), checks: new Map() };
    const copies = new Map<string, string>();
    for (const { ID, Service, Address, Port, Weights } of services.values()) {
      const check = [...checks.values()].find(({ ServiceID }) => ServiceID === ID);
      const content = JSON.stringify([Weights?.Passing, check?.Status]);
      copies.set(`${Service} ${Address}:${Port}`, content);
    }
    ledger.see(copies);
  };
  stack.defer(catalog.follow(see));
  const put = async (path: string, body: object) => {
    const answer = await fetch(consul.url + path, { method: 'PUT', body: JSON.stringify(body) });
    assert.equal(answer.status, 200, await answer.text());
  };
  return {
    ...{ source: 'dc', ledger, url: face.url },
    losses: face.losses,
    back: async () => face.show({ type: 'open' }),
    register: (service: string, { name, address, port }: PlatformInstance) =>
      put('/v1/catalog/register', {
        ...{ Node: 'n1', Address: '10.9.0.1' },
        Service: { ID: name, Service: service, Address: address, Port: port },
        Check: { Name: 'alive', CheckID: name, ServiceID: name, Status: 'passing' },
      }),
    deregister: (_, { name }) => put('/v1/catalog/deregister', { Node: 'n1', ServiceID: name }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
