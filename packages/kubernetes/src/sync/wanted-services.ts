import type { Service } from '@meshkeeper/mesh';
import { type PublishRule, ruleFor } from './publish-rule.ts';
import { ServiceNames } from './service-name.ts';
import { type Sliced, sliceSets } from './slice-sets.ts';

/** A service as it should be there. */
export interface WantedService {
  readonly namespace: string;
  /** Of the Service. */
  readonly name: string;
  readonly rule: PublishRule;
  readonly service: Service;
  readonly sliced: Sliced;
}

/** What should be there, by `namespace/name`. */
export class WantedServices {
  readonly #rules: readonly PublishRule[];
  /** By name in the mesh. */
  readonly #services = new Map<string, { readonly service: Service; readonly rule: PublishRule }>();
  readonly #names = new Map<string, ServiceNames>();
  readonly #byKey = new Map<string, string>();
  readonly #made = new WeakMap<Service, WantedService>();

  constructor(rules: readonly PublishRule[]) {
    this.#rules = rules;
  }

  get keys(): Iterable<string> {
    return this.#byKey.keys();
  }

  /** A service is so now, or no more. @returns the keys whose objects may have to be others */
  set(name: string, service: Service | undefined): ReadonlySet<string> {
    const dirty = new Set<string>();
    const before = this.#services.get(name);
    const rule = service && ruleFor(this.#rules, name);
    if (service === undefined || rule === undefined) {
      if (before === undefined) return dirty;
      this.#rename(before.rule.namespace, name, dirty, (names) => {
        this.#services.delete(name);
        return names.delete(name);
      });
      return dirty;
    }
    if (before !== undefined) {
      this.#services.set(name, { service, rule });
      return dirty.add(keyOf(rule.namespace, this.#namesIn(rule.namespace).of(name)));
    }
    this.#rename(rule.namespace, name, dirty, (names) => {
      this.#services.set(name, { service, rule });
      return names.add(name);
    });
    return dirty;
  }

  get(key: string): WantedService | undefined {
    const found = this.#services.get(this.#byKey.get(key) ?? '');
    if (found === undefined) return undefined;
    const { service, rule } = found;
    const made = this.#made.get(service);
    const name = key.slice(key.indexOf('/') + 1);
    if (made?.name === name) return made;
    const sliced = sliceSets(service, rule.zoneHints);
    const wanted = { namespace: rule.namespace, name, rule, service, sliced };
    this.#made.set(service, wanted);
    return wanted;
  }

  #namesIn(namespace: string): ServiceNames {
    const names = this.#names.get(namespace) ?? new ServiceNames();
    this.#names.set(namespace, names);
    return names;
  }

  /** Names of others can change with it. */
  #rename(
    namespace: string,
    name: string,
    dirty: Set<string>,
    change: (names: ServiceNames) => readonly string[],
  ): void {
    const names = this.#namesIn(namespace);
    const before = new Map<string, string>();
    for (const [key, of] of this.#affected(namespace, name, names)) before.set(key, of);
    const others = change(names);
    for (const key of before.keys()) {
      this.#byKey.delete(key);
      dirty.add(key);
    }
    for (const each of new Set([name, ...others, ...before.values()])) {
      if (!this.#services.has(each)) continue;
      const key = keyOf(namespace, names.of(each));
      this.#byKey.set(key, each);
      dirty.add(key);
    }
  }

  /** The services whose name could be another without or with this one, by key. */
  *#affected(
    namespace: string,
    name: string,
    names: ServiceNames,
  ): Generator<readonly [string, string]> {
    for (const each of names.sharing(name)) {
      const key = keyOf(namespace, names.of(each));
      if (this.#byKey.get(key) === each) yield [key, each];
    }
  }
}

/** `namespace/name`. */
export function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
