import {
  type Mark,
  markOf,
  type Service,
  type ServiceChange,
  type Snapshot,
} from '@meshkeeper/mesh';
import { consulNames } from './names.ts';
import { encodeService, type Registration } from './registration.ts';

/** What Consul is to have, kept up with the snapshots; a change costs the work on its service. */
export class WantedState {
  readonly #mark: Mark;
  readonly #registrations = new Map<string, Registration>();
  /** By service, as the mesh calls it. */
  readonly #ids = new Map<string, readonly string[]>();
  readonly #faults = new Map<string, string>();
  #names: ReadonlyMap<string, string> = new Map();
  #snapshot: Snapshot | undefined;

  constructor(mark: Mark) {
    this.#mark = mark;
  }

  /** By ServiceID. */
  get registrations(): ReadonlyMap<string, Registration> {
    return this.#registrations;
  }

  /** What of a service Consul doesn't take, by its name. */
  get faults(): ReadonlyMap<string, string> {
    return this.#faults;
  }

  /** Takes a snapshot; returns the ids of those that may be others now. */
  update(snapshot: Snapshot, changes: readonly ServiceChange[]): ReadonlySet<string> {
    const first = this.#snapshot === undefined;
    this.#snapshot = snapshot;
    const changed = new Set(first ? [] : changes.map(({ name }) => name));
    if (first || changes.some(({ type }) => type !== 'updated')) {
      const names = consulNames(Array.from(snapshot.services, ({ name }) => name));
      for (const [service, name] of names)
        if (this.#names.get(service) !== name) changed.add(service);
      this.#names = names;
    }
    const ids = new Set<string>();
    for (const name of changed) {
      for (const id of this.#ids.get(name) ?? []) ids.add(id);
      for (const id of this.#set(name, snapshot.services.get(name))) ids.add(id);
    }
    return ids;
  }

  #set(name: string, service: Service | undefined): readonly string[] {
    for (const id of this.#ids.get(name) ?? []) this.#registrations.delete(id);
    this.#ids.delete(name);
    this.#faults.delete(name);
    const called = this.#names.get(name);
    if (service === undefined || called === undefined) return [];
    const { registrations, faults } = encodeService(
      { ...service, endpoints: service.endpoints.filter((each) => this.#isOwn(each)) },
      called,
      this.#mark,
    );
    if (faults.length > 0) this.#faults.set(name, faults.slice(0, 3).join('; '));
    for (const each of registrations) this.#registrations.set(each.id, each);
    const ids = registrations.map(({ id }) => id);
    this.#ids.set(name, ids);
    return ids;
  }

  /** What a mesh has written elsewhere is brought from where it comes from. */
  #isOwn(endpoint: Service['endpoints'][number]): boolean {
    const mark = markOf(endpoint);
    return mark === undefined || (mark.mesh === this.#mark.mesh && mark.rule === this.#mark.rule);
  }
}
