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

/** Instances of services as Curator registers them: ephemeral znodes of one session. */
export class Fleet {
  readonly #zk: ZooKeeper;
  readonly #services: readonly string[];
  readonly #present = new Map<string, InstanceName>();
  #serial = 0;

  private constructor(zk: ZooKeeper, services: readonly string[]) {
    this.#zk = zk;
    this.#services = services;
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
    await Promise.all(all.map((name) => fleet.write({ kind: 'added', ...name })));
    return fleet;
  }

  /** The instances that are registered. */
  get present(): readonly InstanceName[] {
    return [...this.#present.values()];
  }

  /** A name for another instance of a random service. */
  fresh(random: () => number): InstanceName {
    const service = this.#services[Math.floor(random() * this.#services.length)] ?? '';
    return { service, id: randomUUID() };
  }

  /** Does it; resolves with ZooKeeper's reply. What is added or changed has an address of its own. */
  async write({ kind, service, id }: Change): Promise<void> {
    const path = instancePath(ROOT, service, id);
    if (kind === 'removed') {
      this.#present.delete(id);
      await this.#zk.delete(path);
      return;
    }
    this.#present.set(id, { service, id });
    const data = this.#data(service, id);
    if (kind === 'changed') await this.#zk.set(path, data);
    else await this.#zk.create(path, data, { mode: CreateMode.EPHEMERAL });
  }

  #data(name: string, id: string): Buffer {
    const serial = ++this.#serial;
    return encodeInstance({
      name,
      id,
      address: `10.${serial >> 16}.${(serial >> 8) & 255}.${serial & 255}`,
      port: 8080,
      sslPort: null,
      payload: null,
      registrationTimeUTC: Date.now(),
      serviceType: 'DYNAMIC',
      uriSpec: null,
    });
  }
}

async function create(zk: ZooKeeper, path: string): Promise<void> {
  try {
    await zk.create(path);
  } catch (error) {
    if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
  }
}
