import { createHash } from 'node:crypto';
import type { Catalog } from '@meshkeeper/mesh';
import { type Kept, type KeptKey, type KeptLeases, newLeaseId } from '@meshkeeper/recipes';
import type { Entry, Registration } from '@meshkeeper/registries';
import { CreateMode, isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import type { Check } from './check.ts';
import { type Encoded, encodeFor, type Target } from './targets.ts';

/** The kind of a registration's lease. */
export const REGISTRATION = 'registration';

/** What instances are registered with. */
export interface RegistrationsOptions {
  readonly zk: ZooKeeper;
  readonly leases: KeptLeases;
  readonly targets: readonly Target[];
  readonly catalog: Catalog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** An instance that asks to be registered. */
export interface RegistrationRequest extends Registration {
  readonly id: string;
  /** Milliseconds. */
  readonly ttl: number;
  /** The name of a registry, or of a dialect. Default: the first registry that can say it. */
  readonly dialect?: string | undefined;
  /** How replicas are to check it. */
  readonly check?: Check | undefined;
}

/** A registered instance, as it is told. */
export interface RegisteredView {
  readonly service: string;
  readonly id: string;
  readonly registry: string;
  /** Its znodes. */
  readonly paths: readonly string[];
  /** Milliseconds. */
  readonly ttl: number;
  /** Milliseconds from when this was said that it stays registered without a heartbeat. */
  readonly expiresIn: number;
}

/** What became of a registration. */
export type Registered =
  | { readonly type: 'registered'; readonly view: RegisteredView }
  /** Somebody else has registered that id, or has a znode where it would be. */
  | { readonly type: 'taken'; readonly path: string };

/** What a registration's record says beside. */
interface More {
  readonly registry: string;
  /** When it was registered, in milliseconds since the epoch. */
  readonly at: number;
  /** Of what its znodes say. */
  readonly digest: string;
  /** What was asked for, where it is checked. */
  readonly checked?: RegistrationRequest & { readonly check: Check };
  /** Checks have found that it is not. Default true. */
  readonly fit: boolean;
}

/**
 * Instances that register by HTTP and stay by their heartbeats, through any replica. Their znodes are
 * those that the registry's own library would write, but persistent: each set stands and falls with a
 * lease.
 */
export class Registrations {
  readonly #options: RegistrationsOptions;

  constructor(options: RegistrationsOptions) {
    this.#options = options;
  }

  /**
   * Registers an instance, or changes what it says. The same again is a heartbeat.
   * @throws RegistryError UNWRITABLE when no registry can say it
   */
  async put(request: RegistrationRequest, signal: AbortSignal): Promise<Registered> {
    const { leases, now } = this.#options;
    const { ttl } = request;
    const key = keyOf(request.service, request.id);
    for (let newest = false; ; newest = true) {
      signal.throwIfAborted();
      const begin = performance.now();
      const known = newest
        ? await leases.store.findNewest(key, signal)
        : await leases.store.find(key, signal);
      const before = known && moreOf(known);
      const at = before?.at ?? now();
      const { check } = request;
      const targets = this.#targetsFor(request, before?.registry);
      const fit = check === undefined || (before?.fit ?? true);
      // Where it can't be said that an instance is unfit, there is no use in checking it.
      if (check !== undefined) encodeFor(targets, { ...request, health: 'unhealthy' }, at);
      const { entries, target } = encodeFor(targets, asFound(request, fit), at);
      const own = entries.filter(({ merge }) => merge === undefined);
      const more: More = {
        ...{ registry: target.registry, at, digest: digestOf(own), fit },
        ...(check && { checked: { ...request, check } }),
      };
      if (known !== undefined) {
        const changed = before?.digest !== more.digest;
        if (changed && !standsAt(known, own)) {
          // Another place: it is registered anew.
          await leases.store.end(known, signal);
          continue;
        }
        await this.#share(entries, signal);
        const data = changed ? own.map((entry) => entry.data) : undefined;
        const written = await leases.store.write(
          known,
          { ttl, more: { ...more }, verify: true, ...(data && { data }) },
          signal,
        );
        if (written.type === 'written')
          return { type: 'registered', view: viewOf(written.kept, begin) };
        continue;
      }
      const elsewhere = await this.#elsewhere(request, signal);
      if (elsewhere !== undefined) {
        if (newest) return { type: 'taken', path: elsewhere };
        continue;
      }
      await this.#share(entries, signal);
      const created = await leases.store.create({
        ...{ ...key, id: newLeaseId(), ttl, state: 'held', more: { ...more } },
        nodes: own.map(({ path, data, mode, parents }) => ({
          ...{ path, data, parents },
          sequential:
            mode === CreateMode.EPHEMERAL_SEQUENTIAL || mode === CreateMode.PERSISTENT_SEQUENTIAL,
        })),
      });
      if (created.type === 'taken') {
        if (newest) return { type: 'taken', path: created.path };
      } else if (created.type === 'created')
        return { type: 'registered', view: viewOf(created.kept, begin) };
    }
  }

  /** Keeps an instance registered. Undefined for one that isn't: it has to register again. */
  async heartbeat(
    service: string,
    id: string,
    signal: AbortSignal,
  ): Promise<RegisteredView | undefined> {
    const begin = performance.now();
    const { leases } = this.#options;
    const kept = await leases.keepAlive(keyOf(service, id), signal, undefined, { verify: true });
    return kept.type === 'kept' ? viewOf(kept.kept, begin) : undefined;
  }

  /** Says in a registry what checks have found of an instance. */
  async found(leaseId: string, fit: boolean, signal: AbortSignal): Promise<void> {
    const { leases } = this.#options;
    for (;;) {
      const kept = await leases.store.read(leaseId, signal);
      const more = kept && moreOf(kept);
      if (kept === undefined || more?.checked === undefined || more.fit === fit) return;
      const { checked, registry, at } = more;
      const targets = this.#targetsFor(checked, registry).slice(0, 1);
      const { entries } = encodeFor(targets, asFound(checked, fit), at);
      const own = entries.filter(({ merge }) => merge === undefined);
      const changed: More = { ...more, fit, digest: digestOf(own) };
      const data = own.map((entry) => entry.data);
      const written = await leases.store.write(kept, { more: { ...changed }, data }, signal);
      if (written.type !== 'changed') return;
    }
  }

  /** Takes an instance out of its registry. False when it was not registered here. */
  remove(service: string, id: string, signal: AbortSignal): Promise<boolean> {
    return this.#options.leases.end(keyOf(service, id), signal);
  }

  /** Where it may be written: where it is, or where it is to be, first. */
  #targetsFor({ dialect }: RegistrationRequest, registry: string | undefined): readonly Target[] {
    const { targets } = this.#options;
    const fit = targets.filter(
      (target) =>
        dialect === undefined || target.registry === dialect || target.dialect.name === dialect,
    );
    const isThere = (target: Target) => target.registry === registry;
    return [...fit.filter(isThere), ...fit.filter((target) => !isThere(target))];
  }

  /** The znode of another's instance with that id; undefined when nobody has it. */
  async #elsewhere(
    { service, id }: RegistrationRequest,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { catalog, targets, zk } = this.#options;
    const endpoint = catalog.snapshot.services.get(service)?.endpoints.find((it) => it.id === id);
    if (endpoint === undefined) return undefined;
    const { registry, path } = endpoint.origin;
    // What is served may be gone already, and of other ensembles nothing can be asked.
    if (!targets.some((target) => target.registry === registry)) return path;
    return (await zk.exists(path, { signal })) === null ? undefined : path;
  }

  /** Sees to it that what many share has what this instance needs of it. */
  async #share(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    const { zk } = this.#options;
    for (const { path, data: own, merge } of entries) {
      if (merge === undefined) continue;
      for (;;) {
        try {
          const { data, stat } = await zk.get(path, { signal });
          const merged = merge(data, own);
          if (merged !== undefined) await zk.set(path, merged, { version: stat.version, signal });
          break;
        } catch (error) {
          if (isZooKeeperError(error, 'BAD_VERSION')) continue;
          if (!isZooKeeperError(error, 'NO_NODE')) throw error;
        }
        try {
          await zk.create(path, own, { parents: true, signal });
          break;
        } catch (error) {
          if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
        }
      }
    }
  }
}

function keyOf(service: string, id: string): KeptKey {
  return { kind: REGISTRATION, subject: service, holder: id };
}

function moreOf({ record: { more } }: Kept): More | undefined {
  const { registry, at, digest, checked, fit = true } = more ?? {};
  if (typeof registry !== 'string' || typeof at !== 'number' || typeof digest !== 'string')
    return undefined;
  return {
    ...{ registry, at, digest, fit: fit === true },
    // Written by `put`, by which it was checked.
    ...(typeof checked === 'object' &&
      checked !== null && { checked: checked as NonNullable<More['checked']> }),
  };
}

/** What is to be checked of a registration; undefined for one that isn't. */
export function checkedOf(kept: Kept) {
  const more = moreOf(kept);
  if (more?.checked === undefined) return undefined;
  const { check, address, port } = more.checked;
  return { check, address, port, fit: more.fit };
}

function asFound(request: RegistrationRequest, fit: boolean): RegistrationRequest {
  return fit ? request : { ...request, health: 'unhealthy' };
}

function digestOf(entries: Encoded['entries']): string {
  const hash = createHash('sha256');
  for (const { path, data } of entries) hash.update(`${path}\0${data.length}\0`).update(data);
  return hash.digest('base64url');
}

/** Whether what is to be said can be said by the znodes that are there. */
function standsAt({ record }: Kept, entries: readonly Entry[]): boolean {
  return (
    record.nodes.length === entries.length &&
    entries.every(
      ({ path, immutable, mode }, i) =>
        !immutable &&
        (mode === CreateMode.EPHEMERAL_SEQUENTIAL
          ? record.nodes[i]!.path.replace(/\d{10}$/, '') === path
          : record.nodes[i]!.path === path),
    )
  );
}

function viewOf(kept: Kept, begin: number): RegisteredView {
  const { subject, holder, ttl, nodes } = kept.record;
  return {
    ...{ service: subject, id: holder, ttl },
    registry: moreOf(kept)?.registry ?? '',
    paths: nodes.map(({ path }) => path),
    expiresIn: Math.max(0, Math.floor(begin + ttl - performance.now())),
  };
}
