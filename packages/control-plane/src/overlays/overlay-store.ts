import type { Overlay } from '@meshkeeper/mesh';
import { watchTree, type ZNode } from '@meshkeeper/registries';
import { isZooKeeperError, type Logger, type Stat, type ZooKeeper } from '@meshkeeper/zookeeper';
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

/** Looks at the tag of what is there; throws when it must not be replaced. */
export type CheckTag = (tag: string | undefined) => void;

/** An entity tag: which znode, and which version of it. */
function tagOf({ czxid, version }: Pick<Stat, 'czxid' | 'version'>): string {
  return `"${czxid.toString(16)}-${version}"`;
}

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

  /**
   * Writes an endpoint's overlay, and gives its tag.
   * @param check looks at the tag of what is there, and throws when that must not be replaced
   */
  put(
    service: string,
    endpoint: string,
    overlay: Overlay,
    signal: AbortSignal,
    check: CheckTag = () => {},
  ): Promise<string> {
    return this.#put(endpointOverlay(service, endpoint), JSON.stringify(overlay), signal, check);
  }

  /** An endpoint's overlay as it is now, with its tag; undefined when there is none. */
  async get(
    service: string,
    endpoint: string,
    signal: AbortSignal,
  ): Promise<{ readonly overlay: Overlay; readonly tag: string } | undefined> {
    try {
      const path = endpointOverlay(service, endpoint);
      const { data, stat } = await this.#zk.get(path, { signal });
      const overlay = parseOverlay(data);
      return overlay && { overlay, tag: tagOf(stat) };
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return undefined;
      throw error;
    }
  }

  /** Holds a service, or lets go what is held of it: the last word counts. */
  async hold(service: string, hold: boolean, now: number, signal: AbortSignal): Promise<void> {
    await this.#put(serviceOverlay(service), encodeHold(hold, now), signal);
  }

  /** Takes an endpoint's overlay back; one that isn't there is no error. */
  async delete(
    service: string,
    endpoint: string,
    signal: AbortSignal,
    check: CheckTag = () => {},
  ): Promise<void> {
    const path = endpointOverlay(service, endpoint);
    for (let attempt = 1; ; attempt++) {
      const stat = await this.#zk.exists(path, { signal });
      check(stat === null ? undefined : tagOf(stat));
      if (stat === null) return;
      try {
        await this.#zk.delete(path, { version: stat.version, signal });
        return;
      } catch (error) {
        if (isZooKeeperError(error, 'NO_NODE')) return;
        if (!isZooKeeperError(error, 'BAD_VERSION') || attempt === TRIES) throw error;
      }
    }
  }

  async #put(
    path: string,
    data: string,
    signal: AbortSignal,
    check: CheckTag = () => {},
  ): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        const stat = await this.#zk.exists(path, { signal });
        check(stat === null ? undefined : tagOf(stat));
        if (stat !== null)
          return tagOf(await this.#zk.set(path, data, { version: stat.version, signal }));
        const made = await this.#zk.create(path, data, { parents: true, signal });
        return tagOf(made.stat);
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
