import type { Overlay } from '@meshkeeper/mesh';
import { watchTree, type ZNode } from '@meshkeeper/registries';
import { isZooKeeperError, type Logger, type ZooKeeper } from '@meshkeeper/zookeeper';
import { endpointOverlay, OVERLAYS, ownerOf, serviceOverlay } from './overlay-paths.ts';
import { encodeHold, type HoldWord, NO_WORD, parseHold, parseOverlay } from './stored.ts';

/** What the store tells of. */
export type OverlayChange =
  | {
      readonly service: string;
      readonly endpoint: string;
      /** Undefined when it was taken back. */
      readonly overlay: Overlay | undefined;
    }
  /** An operator holds the service, or lets go what is held of it. */
  | { readonly service: string; readonly hold: boolean };

type EndpointChange = Extract<OverlayChange, { readonly endpoint: string }>;

/** Tries of a compare-and-set before giving up. */
const TRIES = 5;

/** The operators' words over endpoints and services, in ZooKeeper under `/meshkeeper/overlays`. */
export class OverlayStore {
  readonly #zk: ZooKeeper;
  readonly #logger: Logger;
  /** The overlays by their znode's path. */
  readonly #known = new Map<string, EndpointChange>();
  /** The last word on each service, by its znode's path. */
  readonly #holds = new Map<string, HoldWord>();

  constructor(zk: ZooKeeper, logger: Logger) {
    this.#zk = zk;
    this.#logger = logger;
  }

  /** Every overlay there is, then every change. Ends when the signal aborts. */
  async *changes(signal: AbortSignal): AsyncGenerator<readonly OverlayChange[]> {
    const unreadable = (path: string, error: Error) =>
      this.#logger.warn({ path, err: error }, 'an overlay can not be read');
    let pending: OverlayChange[] | undefined = [];
    for await (const event of watchTree(this.#zk, OVERLAYS, { signal, unreadable })) {
      if (event.type === 'changes') {
        const removed = event.removed.flatMap(({ path }) => this.#forget(path));
        const changes = [...removed, ...this.#read(event.upserted, pending !== undefined)];
        if (pending === undefined) yield changes;
        else pending.push(...changes);
      } else if (event.type === 'complete' && pending !== undefined) {
        yield pending;
        pending = undefined;
      }
    }
  }

  /** Writes an endpoint's overlay, whatever was there. */
  async put(
    service: string,
    endpoint: string,
    overlay: Overlay,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#put(endpointOverlay(service, endpoint), JSON.stringify(overlay), signal);
  }

  /** Holds a service, or lets go what is held of it: the last word counts. */
  async hold(service: string, hold: boolean, now: number, signal: AbortSignal): Promise<void> {
    await this.#put(serviceOverlay(service), encodeHold(hold, now), signal);
  }

  /** Takes an endpoint's overlay back; one that isn't there is no error. */
  async delete(service: string, endpoint: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#zk.delete(endpointOverlay(service, endpoint), { signal });
    } catch (error) {
      if (!isZooKeeperError(error, 'NO_NODE')) throw error;
    }
  }

  async #put(path: string, data: string, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const stat = await this.#zk.exists(path, { signal });
        if (stat === null) await this.#zk.create(path, data, { parents: true, signal });
        else await this.#zk.set(path, data, { version: stat.version, signal });
        return;
      } catch (error) {
        const lostRace =
          isZooKeeperError(error, 'BAD_VERSION') ||
          isZooKeeperError(error, 'NODE_EXISTS') ||
          isZooKeeperError(error, 'NO_NODE');
        if (!lostRace || attempt === TRIES) throw error;
      }
    }
  }

  #forget(path: string): OverlayChange[] {
    const word = this.#holds.get(path);
    this.#holds.delete(path);
    const owner = ownerOf(path);
    if (word?.hold && owner !== undefined) return [{ service: owner.service, hold: false }];
    const known = this.#known.get(path);
    if (known === undefined) return [];
    this.#known.delete(path);
    return [{ ...known, overlay: undefined }];
  }

  *#read(nodes: Iterable<ZNode>, atStart: boolean): Generator<OverlayChange> {
    for (const { path, data } of nodes) {
      const owner = ownerOf(path);
      if (owner === undefined) continue;
      const { service, endpoint } = owner;
      if (endpoint === undefined) {
        yield* this.#readHold(path, service, data, atStart);
        continue;
      }
      const overlay = parseOverlay(data);
      if (overlay === undefined) {
        this.#logger.warn({ path }, 'an overlay is malformed and was left out');
        yield* this.#forget(path);
        continue;
      }
      const change = { service, endpoint, overlay };
      this.#known.set(path, change);
      yield change;
    }
  }

  *#readHold(
    path: string,
    service: string,
    data: Buffer,
    atStart: boolean,
  ): Generator<OverlayChange> {
    const word = parseHold(data);
    const before = this.#holds.get(path) ?? NO_WORD;
    this.#holds.set(path, word);
    // A release from before this process was there let go what was held then.
    const released = !atStart && word.at !== before.at;
    if (word.hold || released) yield { service, hold: word.hold };
  }
}
