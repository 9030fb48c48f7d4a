import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import type { EndpointSlice, KubernetesObject, KubernetesService } from '../api/objects.ts';
import type { ReflectorChange } from '../reflector/reflection.ts';
import {
  MANAGED_BY,
  MANAGED_BY_LABEL,
  SERVICE_ANNOTATION,
  SERVICE_NAME_LABEL,
  WEIGHTS_ANNOTATION,
} from './ownership.ts';
import type { PresentSlice } from './pack.ts';
import { type SlicePort, sliceSetKey } from './slice.ts';
import { keyOf } from './wanted-services.ts';
import { parseWeights } from './weights.ts';

/** A Service of ours that is there. */
export interface PresentService {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** What it is called in the mesh. */
  readonly service: string | undefined;
  readonly headless: boolean;
  readonly ports: NonNullable<NonNullable<KubernetesService['spec']>['ports']>;
}

/** A slice of ours that is there. */
export interface PresentOwnSlice extends PresentSlice {
  readonly namespace: string;
  readonly resourceVersion: string;
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly ports: readonly SlicePort[];
  /** {@link sliceSetKey} */
  readonly set: string;
  /** Name of its Service; empty when nothing says so. */
  readonly service: string;
  readonly managedBy: string | undefined;
  /** Of the Service that it goes with. */
  readonly owner: string | undefined;
}

/** A ServiceEntry of ours that is there. */
export interface PresentEntry {
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  /** Only compared. */
  readonly spec: unknown;
}

/** All of ours that there is of one service. */
export interface Present {
  readonly service: PresentService | undefined;
  readonly slices: ReadonlyMap<string, PresentOwnSlice>;
  readonly entry: PresentEntry | undefined;
}

/** istio.io's ServiceEntry. */
export interface ServiceEntry extends KubernetesObject {
  readonly spec?: unknown;
}

export function presentService({ metadata, spec }: KubernetesService): PresentService {
  const { namespace = '', name, uid = '', resourceVersion = '', annotations } = metadata;
  return {
    ...{ namespace, name, uid, resourceVersion },
    service: annotations?.[SERVICE_ANNOTATION],
    headless: spec?.clusterIP === 'None',
    ports: spec?.ports ?? [],
  };
}

export function presentSlice(slice: EndpointSlice): PresentOwnSlice {
  const { metadata, addressType } = slice;
  const { namespace = '', name, resourceVersion = '', labels, annotations } = metadata;
  const weights = parseWeights(annotations?.[WEIGHTS_ANNOTATION]);
  const ports = (slice.ports ?? []).map(
    ({ name: of = '', port = 0, protocol = 'TCP', ...more }) => ({
      ...{ name: of, port, protocol },
      ...more,
    }),
  );
  return {
    ...{ namespace, name, resourceVersion, addressType, ports },
    set: sliceSetKey({ addressType, ports }),
    service: labels?.[SERVICE_NAME_LABEL] ?? '',
    managedBy: labels?.[MANAGED_BY_LABEL],
    owner: metadata.ownerReferences?.[0]?.uid,
    endpoints: (slice.endpoints ?? []).map((endpoint) => ({
      endpoint,
      weight: weights.get(endpoint.addresses[0] ?? '') ?? DEFAULT_WEIGHT,
    })),
  };
}

export function presentEntry({ metadata, spec }: ServiceEntry): PresentEntry {
  const { namespace = '', name, resourceVersion = '' } = metadata;
  return { namespace, name, resourceVersion, spec };
}

/** True of a slice whose labels say that it is ours, and that goes with this Service. */
export function isInOrder({ managedBy, owner }: PresentOwnSlice, uid: string): boolean {
  return managedBy === MANAGED_BY && owner === uid;
}

const NONE: ReadonlyMap<string, PresentOwnSlice> = new Map();

/** All of ours that is there, as it was told, and as it was written since. By `namespace/name` of Services. */
export class PresentObjects {
  readonly #services = new Map<string, PresentService>();
  readonly #entries = new Map<string, PresentEntry>();
  /** By key of the slice. */
  readonly #slices = new Map<string, PresentOwnSlice>();
  readonly #byService = new Map<string, Map<string, PresentOwnSlice>>();

  get(key: string): Present {
    return {
      service: this.#services.get(key),
      slices: this.#byService.get(key) ?? NONE,
      entry: this.#entries.get(key),
    };
  }

  /** The keys of all services of which there is something. */
  get keys(): ReadonlySet<string> {
    return new Set([...this.#services.keys(), ...this.#byService.keys(), ...this.#entries.keys()]);
  }

  setService(service: PresentService): void {
    this.#services.set(keyOf(service.namespace, service.name), service);
  }

  deleteService(key: string): void {
    this.#services.delete(key);
  }

  setEntry(entry: PresentEntry): void {
    this.#entries.set(keyOf(entry.namespace, entry.name), entry);
  }

  deleteEntry(key: string): void {
    this.#entries.delete(key);
  }

  /** @returns the key of its Service */
  setSlice(slice: PresentOwnSlice): string {
    const at = keyOf(slice.namespace, slice.name);
    this.deleteSlice(at);
    const key = keyOf(slice.namespace, slice.service);
    this.#slices.set(at, slice);
    const slices = this.#byService.get(key) ?? new Map<string, PresentOwnSlice>();
    this.#byService.set(key, slices.set(slice.name, slice));
    return key;
  }

  /** @returns the key of its Service */
  deleteSlice(at: string): string | undefined {
    const slice = this.#slices.get(at);
    if (slice === undefined) return undefined;
    this.#slices.delete(at);
    const key = keyOf(slice.namespace, slice.service);
    const slices = this.#byService.get(key);
    slices?.delete(slice.name);
    if (slices?.size === 0) this.#byService.delete(key);
    return key;
  }

  /** What a reflector of Services in a namespace tells. @returns the keys that may be others now */
  tellServices(namespace: string, change: ReflectorChange<PresentService>): Iterable<string> {
    return tell(change, namespace, this.#services, (_, service) => this.setService(service));
  }

  tellEntries(namespace: string, change: ReflectorChange<PresentEntry>): Iterable<string> {
    return tell(change, namespace, this.#entries, (_, entry) => this.setEntry(entry));
  }

  tellSlices(namespace: string, change: ReflectorChange<PresentOwnSlice>): Iterable<string> {
    if (change.type === 'upsert') {
      const before = this.deleteSlice(change.key);
      return [...(before === undefined ? [] : [before]), this.setSlice(change.object)];
    }
    if (change.type === 'remove') {
      const key = this.deleteSlice(change.key);
      return key === undefined ? [] : [key];
    }
    const dirty = new Set<string>();
    for (const at of [...this.#slices.keys()])
      if (isIn(namespace, at) && !change.objects.has(at)) dirty.add(this.deleteSlice(at) ?? '');
    for (const slice of change.objects.values()) dirty.add(this.setSlice(slice));
    dirty.delete('');
    return dirty;
  }
}

function tell<T>(
  change: ReflectorChange<T>,
  namespace: string,
  held: Map<string, T>,
  set: (key: string, object: T) => void,
): Iterable<string> {
  if (change.type === 'upsert') set(change.key, change.object);
  else if (change.type === 'remove') held.delete(change.key);
  else {
    const dirty = new Set(change.objects.keys());
    for (const key of [...held.keys()])
      if (isIn(namespace, key) && !change.objects.has(key)) {
        held.delete(key);
        dirty.add(key);
      }
    for (const [key, object] of change.objects) set(key, object);
    return dirty;
  }
  return [change.key];
}

function isIn(namespace: string, key: string): boolean {
  return key.startsWith(`${namespace}/`);
}
