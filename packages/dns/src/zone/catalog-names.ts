import type { Service, ServiceChange, ServiceSettings, Snapshot } from '@meshkeeper/mesh';
import { EMPTY_SNAPSHOT, sameHosts } from '@meshkeeper/mesh';
import { hasAddress } from './address-records.ts';
import { AddressTable } from './address-table.ts';
import { AliasTable, isNamable } from './alias-table.ts';
import { reverseName } from './reverse-name.ts';
import { StatedHosts } from './stated-hosts.ts';
import type { CatalogView, Named } from './zone.ts';

/** What a new snapshot has changed of the names. */
export type NameChanges =
  /** Any may mean something else. */
  | { readonly type: 'all' }
  /** Only those of these services' endpoints may. */
  | { readonly type: 'services'; readonly names: readonly string[] };

/** The catalog's names, kept up with its snapshots; a change costs the work on its service. */
export class CatalogNames implements CatalogView {
  readonly #origin: string;
  readonly #aliases = new AliasTable();
  readonly #addresses = new AddressTable();
  readonly #hosts = new StatedHosts();
  /** What of a service has no name, in a sentence, by its name. */
  readonly #faults = new Map<string, string>();
  #snapshot: Snapshot = EMPTY_SNAPSHOT;

  /** @param origin the longest of the zones that show them */
  constructor(origin: string) {
    this.#origin = origin;
  }

  get revision(): number {
    return this.#snapshot.revision;
  }

  /** What of a service has no name in DNS, by the service's. */
  get faults(): ReadonlyMap<string, string> {
    return this.#faults;
  }

  /** Takes a snapshot, which differs from the one before by `changes`. */
  update(snapshot: Snapshot, changes: readonly ServiceChange[]): NameChanges {
    let isSame = snapshot.policies === this.#snapshot.policies;
    this.#snapshot = snapshot;
    for (const change of changes) {
      const before = change.type === 'added' ? undefined : change.before;
      const after = change.type === 'removed' ? undefined : change.after;
      this.#addresses.update(change.name, before?.endpoints, after?.endpoints);
      if (change.type === 'added') this.#aliases.add(change.name);
      if (change.type === 'removed') this.#aliases.remove(change.name);
      // Names may have been hidden by one that was there, or are by one that is now.
      if (change.type !== 'updated') isSame = false;
      if (!sameHosts(before?.hosts, after?.hosts)) {
        this.#hosts.update(change.name, before?.hosts, after?.hosts);
        isSame = false;
      }
      const fault = after && this.#faultOf(after);
      if (fault === undefined) this.#faults.delete(change.name);
      else this.#faults.set(change.name, fault);
    }
    return isSame ? { type: 'services', names: changes.map(({ name }) => name) } : { type: 'all' };
  }

  service(alias: string): Named | undefined {
    const name = isNamable(alias, this.#origin) ? this.#aliases.owner(alias) : undefined;
    const service = name === undefined ? undefined : this.#snapshot.services.get(name);
    return service && { alias, service };
  }

  host(host: string): Named | undefined {
    const owner = this.#hosts.owner(host);
    if (owner === undefined) return undefined;
    const named = this.service(this.#aliases.aliasOf(owner));
    return named?.service.name === owner ? named : undefined;
  }

  isInner(name: string): boolean {
    return this.#aliases.isInner(name);
  }

  settings({ name }: Service): ServiceSettings | undefined {
    return this.#snapshot.policies.settings(name);
  }

  at(reverse: string) {
    return [...this.#addresses.services(reverse)].flatMap((name) => {
      const alias = this.#aliases.aliasOf(name);
      const named = this.service(alias);
      if (named?.service.name !== name) return [];
      return named.service.endpoints
        .filter(({ address }) => reverseName(address) === reverse)
        .map((endpoint) => ({ named, endpoint }));
    });
  }

  #faultOf({ name, endpoints }: Service): string | undefined {
    if (!isNamable(this.#aliases.aliasOf(name), this.#origin))
      return 'its name is too long for DNS, or has a part that is';
    const names = endpoints.filter((endpoint) => !hasAddress(endpoint));
    const [first] = names;
    if (first === undefined || endpoints.length === 1) return undefined;
    return `the addresses of ${names.length} of its endpoints are host names (${first.address}), which are left out beside others`;
  }
}
