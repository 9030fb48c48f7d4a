import { isDeepStrictEqual } from 'node:util';
import { ConsulFault } from './consul-fault.ts';
import type { CheckRecord, NodeRecord, ServiceRecord, Stated } from './records.ts';
import type { StatedCheck } from './registration.ts';

/** A node and what is on it; keys are in lower case: Consul tells no cases apart. */
export interface Placed {
  readonly node: NodeRecord;
  readonly services: ReadonlyMap<string, ServiceRecord>;
  readonly checks: ReadonlyMap<string, CheckRecord>;
}

/** What queries wait for: their answer's index is the newest of these. */
export type Topic =
  | 'nodes'
  | 'services'
  | 'checks'
  /** Checks that were or are in a state. */
  | `state:${string}`
  | `service:${string}`
  | 'gone';

/** The catalog of one datacentre, and which change has which index. Pure. */
export class ConsulCatalog {
  readonly datacenter: string;
  #index: number;
  #nodes = new Map<string, Placed>();
  readonly #topics = new Map<Topic, number>();
  readonly #listeners = new Set<() => void>();

  constructor(datacenter: string, index: number) {
    this.datacenter = datacenter;
    this.#index = index;
  }

  /** Of the last write. */
  get index(): number {
    return this.#index;
  }

  get nodes(): readonly Placed[] {
    return [...this.#nodes.values()];
  }

  node(name: string): Placed | undefined {
    return this.#nodes.get(name.toLowerCase());
  }

  /** The newest index of some topics. */
  indexOf(...topics: readonly Topic[]): number {
    return Math.max(1, ...topics.map((topic) => this.#topics.get(topic) ?? 0));
  }

  /** Where a service's queries look: at its extinction, while it has no instances. */
  topicOf(service: string): Topic {
    const topic = `service:${service.toLowerCase()}` as const;
    return this.#topics.has(topic) ? topic : 'gone';
  }

  follow(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One write: all of it happens, or nothing. */
  write<T>(change: () => T): T {
    const before = new Map(this.#nodes);
    const topics = new Map(this.#topics);
    this.#index++;
    let result: T;
    try {
      result = change();
    } catch (error) {
      this.#nodes = before;
      this.#topics.clear();
      for (const [topic, index] of topics) this.#topics.set(topic, index);
      throw error;
    }
    for (const listener of [...this.#listeners]) listener();
    return result;
  }

  /** As after a restore: what is there stays or is gone, and the index begins anew. */
  restore(index: number, { empty = false } = {}): void {
    this.#index = index;
    for (const topic of this.#topics.keys()) this.#topics.set(topic, index);
    if (empty) {
      this.#nodes.clear();
      this.#topics.clear();
    }
    for (const listener of [...this.#listeners]) listener();
  }

  putNode(stated: Stated<NodeRecord>): void {
    const key = stated.Node.toLowerCase();
    const before = this.#nodes.get(key);
    const known = before && { ...before.node, CreateIndex: 0, ModifyIndex: 0 };
    const ID = stated.ID || before?.node.ID || '';
    if (isDeepStrictEqual(known, { ...stated, ID, CreateIndex: 0, ModifyIndex: 0 })) return;
    // One of the same id is this one, under its old name: that goes, and what is on it.
    for (const { node: other } of this.nodes)
      if (ID !== '' && other.ID === ID && other.Node.toLowerCase() !== key)
        this.dropNode(other.Node);
    const node = { ...stated, ID, ...this.#indexes(before?.node) };
    const { services = new Map(), checks = new Map() } = before ?? {};
    this.#nodes.set(key, { node, services, checks });
    this.#touch('nodes', ...servicesOn(services));
  }

  putService(node: string, stated: Stated<ServiceRecord>): void {
    const place = this.#place(node);
    const key = stated.ID.toLowerCase();
    const before = place.services.get(key);
    const known = before && { ...before, CreateIndex: 0, ModifyIndex: 0 };
    if (isDeepStrictEqual(known, { ...stated, CreateIndex: 0, ModifyIndex: 0 })) return;
    const service = { ...stated, ...this.#indexes(before) };
    const services = new Map(place.services).set(key, service);
    this.#nodes.set(node.toLowerCase(), { ...place, services });
    this.#touch('services', topicOf(service));
    if (before !== undefined && topicOf(before) !== topicOf(service)) this.#left(before);
  }

  putCheck(node: string, stated: StatedCheck): void {
    if (stated.CheckID === '')
      throw new ConsulFault(
        500,
        'failed health check lookup: index error: object is missing a value for this index',
      );
    const place = this.#place(node);
    const service = place.services.get(stated.ServiceID.toLowerCase());
    if (stated.ServiceID !== '' && service === undefined)
      throw new ConsulFault(500, 'Missing service registration');
    const key = stated.CheckID.toLowerCase();
    const before = place.checks.get(key);
    const known = before && { ...before, CreateIndex: 0, ModifyIndex: 0 };
    const whole = {
      ...{ ...stated, Node: place.node.Node },
      ServiceName: service?.Service ?? '',
      ServiceTags: service?.Tags ?? null,
    };
    if (isDeepStrictEqual(known, { ...whole, CreateIndex: 0, ModifyIndex: 0 })) return;
    const checks = new Map(place.checks).set(key, { ...whole, ...this.#indexes(before) });
    this.#nodes.set(node.toLowerCase(), { ...place, checks });
    this.#touch('checks', ...statesOf(before, stated));
    this.#touch(...(service ? [topicOf(service)] : servicesOn(place.services)));
  }

  dropNode(name: string): void {
    const place = this.node(name);
    if (place === undefined) return;
    for (const { ID } of place.services.values()) this.dropService(name, ID);
    this.#nodes.delete(name.toLowerCase());
    this.#touch('nodes');
    if (place.checks.size > 0) this.#touch('checks', ...statesOf(...place.checks.values()));
  }

  dropService(node: string, id: string): void {
    const place = this.node(node);
    const service = place?.services.get(id.toLowerCase());
    if (place === undefined || service === undefined) return;
    const services = new Map(place.services);
    services.delete(id.toLowerCase());
    const kept = [...place.checks].filter(
      ([, { ServiceID }]) => ServiceID.toLowerCase() !== id.toLowerCase(),
    );
    this.#nodes.set(node.toLowerCase(), { ...place, services, checks: new Map(kept) });
    if (kept.length < place.checks.size)
      this.#touch('checks', ...statesOf(...place.checks.values()));
    this.#touch('services', topicOf(service));
    this.#left(service);
  }

  dropCheck(node: string, id: string): void {
    const place = this.node(node);
    const check = place?.checks.get(id.toLowerCase());
    if (place === undefined || check === undefined) return;
    const checks = new Map(place.checks);
    checks.delete(id.toLowerCase());
    this.#nodes.set(node.toLowerCase(), { ...place, checks });
    const service = place.services.get(check.ServiceID.toLowerCase());
    this.#touch('checks', ...statesOf(check));
    this.#touch(...(service ? [topicOf(service)] : servicesOn(place.services)));
  }

  #place(node: string): Placed {
    const place = this.node(node);
    if (place === undefined) throw new ConsulFault(500, 'Missing node registration');
    return place;
  }

  #indexes(before: { readonly CreateIndex: number } | undefined) {
    return { CreateIndex: before?.CreateIndex ?? this.#index, ModifyIndex: this.#index };
  }

  #touch(...topics: readonly Topic[]): void {
    for (const topic of topics) this.#topics.set(topic, this.#index);
  }

  /** Of a service that nobody offers any more only that is known. */
  #left(service: ServiceRecord): void {
    const topic = topicOf(service);
    for (const { services } of this.#nodes.values())
      if (servicesOn(services).includes(topic)) return;
    this.#topics.delete(topic);
    this.#touch('gone');
  }
}

function statesOf(...checks: readonly ({ readonly Status: string } | undefined)[]): Topic[] {
  return checks.flatMap((check): Topic[] => (check ? [`state:${check.Status}`] : []));
}

function topicOf({ Service }: ServiceRecord): Topic {
  return `service:${Service.toLowerCase()}`;
}

function servicesOn(services: ReadonlyMap<string, ServiceRecord>): Topic[] {
  return [...new Set(Array.from(services.values(), topicOf))];
}
