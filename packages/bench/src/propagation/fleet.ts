import { randomUUID } from 'node:crypto';
import { encodeInstance, instancePath } from '@meshkeeper/registries';
import { CreateMode, isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import type { Change, InstanceName } from './plan.ts';

const ROOT = '/discovery';

/** How large it is. */
export interface FleetOptions {
  readonly services: number;
  /** Of each service. */
  readonly instances: number;
}

/** A change that is about to be made. */
export interface Prepared {
  /** Of the instance: from now on, or until now where it is removed. */
  readonly address: string;
  /** Makes it; resolves with ZooKeeper's reply. */
  write(): Promise<unknown>;
}

/** Instances of services as Curator registers them: ephemeral znodes of one session. */
export class Fleet {
  readonly #zk: ZooKeeper;
  /** Their names. */
  readonly services: readonly string[];
  /** By id. */
  readonly #present = new Map<string, InstanceName & { readonly address: string }>();
  #serial = 0;

  private constructor(zk: ZooKeeper, services: readonly string[]) {
    this.#zk = zk;
    this.services = services;
  }

  /** Registers them all. */
  static async register(zk: ZooKeeper, { services, instances }: FleetOptions): Promise<Fleet> {
    const names = Array.from({ length: services }, (_, index) => `service-${index}`);
    const fleet = new Fleet(zk, names);
    await create(zk, ROOT);
    await Promise.all(names.map((name) => create(zk, `${ROOT}/${name}`)));
    const all = names.flatMap((service) =>
      Array.from({ length: instances }, () => ({ service, id: randomUUID() })),
    );
    await Promise.all(all.map((name) => fleet.prepare({ kind: 'added', ...name }).write()));
    return fleet;
  }

  /** The instances that are registered. */
  get present(): readonly InstanceName[] {
    return [...this.#present.values()];
  }

  /** A name for another instance of a random service. */
  fresh(random: () => number): InstanceName {
    const service = this.services[Math.floor(random() * this.services.length)] ?? '';
    return { service, id: randomUUID() };
  }

  /** How that is done. What is added or changed gets an address of its own. */
  prepare({ kind, service, id }: Change): Prepared {
    const path = instancePath(ROOT, service, id);
    if (kind === 'removed') {
      const address = this.#present.get(id)?.address ?? '';
      this.#present.delete(id);
      return { address, write: () => this.#zk.delete(path) };
    }
    const serial = ++this.#serial;
    const address = `10.${serial >> 16}.${(serial >> 8) & 255}.${serial & 255}`;
    this.#present.set(id, { service, id, address });
    const data = dataOf(service, id, address);
    if (kind === 'changed') return { address, write: () => this.#zk.set(path, data) };
    const options = { mode: CreateMode.EPHEMERAL } as const;
    return { address, write: () => this.#zk.create(path, data, options) };
  }
}

function dataOf(name: string, id: string, address: string): Buffer {
  return encodeInstance({
    name,
    id,
    address,
    port: 8080,
    sslPort: null,
    payload: null,
    registrationTimeUTC: Date.now(),
    serviceType: 'DYNAMIC',
    uriSpec: null,
  });
}

async function create(zk: ZooKeeper, path: string): Promise<void> {
  try {
    await zk.create(path);
  } catch (error) {
    if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
  }
}
