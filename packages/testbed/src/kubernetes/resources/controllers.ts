import { type KubernetesObject, objects, part } from '../object.ts';
import { type Change, keyOf } from '../storage/storage.ts';
import type { ResourceCatalog } from './catalog.ts';
import { timestamp } from './object-checks.ts';

/** How long after its creation a definition is served: about as long as was measured. */
const ESTABLISHED = 50;

/**
 * What happens by itself: definitions are served, what a deleted namespace held goes, and so do
 * objects whose owners have gone. Nothing else does: no Pod runs, no Service gets endpoints.
 */
export class Controllers implements Disposable {
  readonly #catalog: ResourceCatalog;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #following: Disposable[] = [];

  constructor(catalog: ResourceCatalog) {
    this.#catalog = catalog;
    const follow = (group: string, plural: string, react: (change: Change) => void) =>
      this.#following.push(catalog.storage({ group, plural }).follow(react));
    follow('apiextensions.k8s.io', 'customresourcedefinitions', (change) =>
      this.#definition(change),
    );
    follow('', 'namespaces', ({ type, object }) => {
      if (type !== 'DELETED' && object.metadata.deletionTimestamp !== undefined)
        this.#later(0, () => this.#empty(object));
    });
    for (const { group, plural } of catalog.types)
      follow(group, plural, ({ type, object }) => {
        if (type === 'DELETED') this.#later(0, () => this.#collect(object));
      });
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const following of this.#following) following[Symbol.dispose]();
  }

  #later(delay: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delay);
    this.#timers.add(timer);
  }

  #definition({ type, object }: Change): void {
    if (type === 'DELETED') {
      for (const { group, plural } of this.#catalog.undefine(object)) {
        const storage = this.#catalog.storage({ group, plural });
        for (const key of storage.keys) storage.delete(key);
      }
      return;
    }
    const isEstablished = objects(part(object, 'status'), 'conditions').some(
      (condition) => condition.type === 'Established',
    );
    if (isEstablished) this.#catalog.define(object);
    else this.#later(ESTABLISHED, () => this.#establish(object.metadata.name));
  }

  #establish(name: string): void {
    const storage = this.#catalog.storage({
      group: 'apiextensions.k8s.io',
      plural: 'customresourcedefinitions',
    });
    const object = storage.get(name);
    if (object === undefined) return;
    const spec = part(object, 'spec');
    const condition = (type: string, reason: string, message: string) => ({
      ...{ type, status: 'True', reason, message, lastTransitionTime: timestamp() },
    });
    storage.put(name, {
      ...object,
      status: {
        conditions: [
          condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
          condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
        ],
        acceptedNames: part(spec, 'names'),
        storedVersions: objects(spec, 'versions')
          .filter((version) => version.storage === true)
          .map((version) => version.name ?? ''),
      },
    });
  }

  #empty(namespace: KubernetesObject): void {
    const { name } = namespace.metadata;
    for (const storage of this.#catalog.storages)
      for (const key of storage.keys) if (key.startsWith(`${name}/`)) storage.delete(key);
    this.#catalog.storage({ group: '', plural: 'namespaces' }).delete(name);
  }

  /** Deletes what belonged to an object alone that has gone. */
  #collect(owner: KubernetesObject): void {
    const { uid } = owner.metadata;
    for (const storage of this.#catalog.storages)
      for (const key of storage.keys) {
        const object = storage.get(key)!;
        const owners = object.metadata.ownerReferences ?? [];
        if (!owners.some((one) => one.uid === uid)) continue;
        const left = owners.filter((one) => one.uid !== uid);
        const at = keyOf(object.metadata.namespace, object.metadata.name);
        if (left.length === 0) storage.delete(at);
        else
          storage.put(at, { ...object, metadata: { ...object.metadata, ownerReferences: left } });
      }
  }
}
