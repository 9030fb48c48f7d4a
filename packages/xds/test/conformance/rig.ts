import assert from 'node:assert/strict';
import { Client, credentials } from '@grpc/grpc-js';
import type { Node } from '../../src/codec/messages.ts';
import { Any } from '../../src/codec/messages.ts';
import {
  encodeResource,
  formatHostPort,
  RESOURCE_TYPES,
  type ResourceType,
} from '../../src/index.ts';
import { AdapterServer, adapterMethods } from '../adapter/adapter-server.ts';
import { Peer } from './peer.ts';
import type { Reply } from './reply.ts';
import { TYPE_URLS, type Variant } from './variants.ts';

const anyPort = { host: '127.0.0.1', port: 0 };

/** A server that holds what it is told by the harness's adapter, and the adapter's client. */
export class Rig implements AsyncDisposable {
  readonly server: AdapterServer;
  readonly #adapter: Client;
  readonly #methods: Awaited<ReturnType<typeof adapterMethods>>;
  #nodes = 0;

  private constructor(server: AdapterServer, methods: Awaited<ReturnType<typeof adapterMethods>>) {
    this.server = server;
    this.#adapter = new Client(formatHostPort(server.adapter), credentials.createInsecure());
    this.#methods = methods;
  }

  static async start(): Promise<Rig> {
    return new Rig(
      await AdapterServer.start({ xds: anyPort, adapter: anyPort }),
      await adapterMethods(),
    );
  }

  /** A client of a node that nobody else is, and what that node is served. */
  connect(variant: Variant, node: Node = {}): Scene {
    const id = `test-${++this.#nodes}`;
    return new Scene(this, new Peer(this.server.xds, variant, { ...node, id }), id);
  }

  /** Calls a method of the adapter. */
  async call(method: string, request: object): Promise<void> {
    await call(this.#adapter, this.#methods[method], request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#adapter.close();
    await this.server[Symbol.asyncDispose]();
  }
}

/** One client, and what is set for it. */
export class Scene implements Disposable {
  readonly peer: Peer;
  readonly node: string;
  readonly #rig: Rig;
  #barriers = 0;

  constructor(rig: Rig, peer: Peer, node: string) {
    this.#rig = rig;
    this.peer = peer;
    this.node = node;
  }

  /** Another client of the same node. */
  again(variant: Variant = this.peer.variant): Peer {
    return new Peer(this.#rig.server.xds, variant, this.peer.node);
  }

  /** Exactly these resources, all in that version. */
  set(version: string, names: Partial<Record<ResourceType, readonly string[]>>): Promise<void> {
    const resources = Object.entries(names).flatMap(([type, list]) =>
      // The keys are types.
      list.map((name) => anyOf(type as ResourceType, name)),
    );
    return this.#rig.call('SetState', { node: this.node, version, resources });
  }

  add(type: ResourceType, name: string, version: string): Promise<void> {
    return this.#change('AddResource', type, name, version);
  }

  update(type: ResourceType, name: string, version: string): Promise<void> {
    return this.#change('UpdateResource', type, name, version);
  }

  remove(type: ResourceType, name: string, version: string): Promise<void> {
    return this.#change('RemoveResource', type, name, version);
  }

  /**
   * Nothing of that type is on its way: what comes next is what is asked for here. The response
   * with it is accepted.
   */
  async quiet(type: ResourceType): Promise<Reply> {
    const name = `barrier-${++this.#barriers}`;
    await this.add(type, name, `barrier-${this.#barriers}`);
    if (!this.peer.isWildcard(type)) this.peer.subscribe(type, name);
    const reply = await this.peer.accept(type);
    assert.ok(reply.names.includes(name), `an answer that nobody waits for: ${reply.names}`);
    return reply;
  }

  [Symbol.dispose](): void {
    this.peer[Symbol.dispose]();
  }

  #change(method: string, type: ResourceType, resourceName: string, version: string) {
    const typeUrl = TYPE_URLS[type];
    return this.#rig.call(method, { node: this.node, typeUrl, resourceName, version });
  }
}

/** Calls a method of an adapter; fields that the request leaves out have their defaults. */
export async function call(
  adapter: Client,
  method: Awaited<ReturnType<typeof adapterMethods>>[string] | undefined,
  request: object,
): Promise<void> {
  assert.ok(method, 'the adapter has that method');
  const serialize = method.requestSerialize as (fields: object) => Buffer;
  const { path, responseDeserialize } = method;
  await new Promise<void>((resolve, reject) => {
    adapter.makeUnaryRequest(path, serialize, responseDeserialize, request, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}

function anyOf(type: ResourceType, name: string): Any {
  return Any.decode(encodeResource(type, { [RESOURCE_TYPES[type].nameField]: name }));
}

/** What a response holds, for comparing: its names in order, and `-name` for those removed. */
export function held({ names, removed }: Reply): string {
  return [...[...names].sort(), ...[...removed].sort().map((name) => `-${name}`)].join(' ');
}
