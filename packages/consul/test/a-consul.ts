import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type Consul, type ConsulOptions, startConsul } from '@meshkeeper/testbed';

/** A Consul of a test: the stand-in, or a real one where MESHKEEPER_TEST_CONSUL_ADDR says where it is. */
export interface AConsul extends AsyncDisposable {
  readonly url: string;
  /** Undefined of a real one. */
  readonly standIn: Consul | undefined;
  /** Put before each name, so that nothing is there before. */
  readonly prefix: string;
  put(path: string, body: unknown): Promise<void>;
  // biome-ignore lint/suspicious/noExplicitAny: what Consul answers is looked at, not promised
  get(path: string): Promise<any>;
  /** Registers an instance on a node of the test's. */
  register(instance: AnInstance): Promise<void>;
  deregister(id: string, node?: string): Promise<void>;
}

export interface AnInstance {
  readonly service: string;
  readonly id: string;
  readonly port: number;
  readonly node?: string;
  readonly address?: string;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
  readonly weights?: { readonly Passing: number; readonly Warning: number };
  /** Of a check of its own; none without. */
  readonly status?: 'passing' | 'warning' | 'critical';
  readonly datacenter?: string;
}

export async function aConsul(options?: ConsulOptions): Promise<AConsul> {
  const real = options === undefined ? process.env.MESHKEEPER_TEST_CONSUL_ADDR : undefined;
  const standIn = real === undefined ? await startConsul(options) : undefined;
  const url = (real ?? standIn!.url).replace(/\/$/, '');
  const prefix = `mkt${randomBytes(3).toString('hex')}-`;
  const nodes = new Set<string>();
  const nodeOf = (node = 'n1') => {
    nodes.add(`${prefix}${node}`);
    return `${prefix}${node}`;
  };
  const put = async (path: string, body: unknown) => {
    const write = () => fetch(`${url}${path}`, { method: 'PUT', body: JSON.stringify(body) });
    // A connection that was kept may have been cut; what is done twice is done.
    const response = await write().catch(write);
    assert.equal(response.status, 200, await response.text());
  };
  const get = async (path: string) => (await fetch(`${url}${path}`)).json();
  return {
    ...{ url, standIn, prefix, put, get },
    register(instance) {
      const { service, id, port, address, tags, meta, weights, status, datacenter } = instance;
      const node = nodeOf(instance.node);
      return put('/v1/catalog/register', {
        ...{ Node: node, Address: '10.9.0.1', SkipNodeUpdate: false },
        ...(datacenter !== undefined && { Datacenter: datacenter }),
        Service: {
          ...{ ID: `${prefix}${id}`, Service: `${prefix}${service}`, Port: port, Address: address },
          ...{ Tags: tags, Meta: meta, Weights: weights },
        },
        ...(status !== undefined && {
          Check: {
            ...{ Node: node, CheckID: `${prefix}${id}:check`, Name: 'check', Status: status },
            ServiceID: `${prefix}${id}`,
          },
        }),
      });
    },
    deregister: (id, node) =>
      put('/v1/catalog/deregister', { Node: nodeOf(node), ServiceID: `${prefix}${id}` }),
    async [Symbol.asyncDispose]() {
      if (standIn === undefined)
        for (const Node of nodes) await put('/v1/catalog/deregister', { Node });
      await standIn?.close();
    },
  };
}
