import type { Overlay } from '@meshkeeper/mesh';
import { watchTree, type ZNode } from '@meshkeeper/registries';
import { isZooKeeperError, type Logger, type ZooKeeper } from '@meshkeeper/zookeeper';
import { z } from 'zod';
import { endpointOverlay, OVERLAYS, ownerOf } from './overlay-paths.ts';

/** What an overlay's znode holds. */
const stored = z.object({
  drain: z.boolean().optional(),
  weight: z.number().int().min(0).optional(),
  health: z.enum(['healthy', 'unhealthy', 'draining', 'unknown']).optional(),
});

/** What the store tells of. */
export type OverlayChange = {
  readonly service: string;
  readonly endpoint: string;
  /** Undefined when it was taken back. */
  readonly overlay: Overlay | undefined;
};

/** Tries of a compare-and-set before giving up. */
const TRIES = 5;

/** The operators' words over endpoints, in ZooKeeper under `/meshkeeper/overlays`. */
export class OverlayStore {
  readonly #zk: ZooKeeper;
  readonly #logger: Logger;
  /** The overlays by their znode's path. */
  readonly #known = new Map<string, OverlayChange>();

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
        const changes = [...removed, ...this.#read(event.upserted)];
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
    const path = endpointOverlay(service, endpoint);
    const data = JSON.stringify(overlay);
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

  /** Takes an endpoint's overlay back; one that isn't there is no error. */
  async delete(service: string, endpoint: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#zk.delete(endpointOverlay(service, endpoint), { signal });
    } catch (error) {
      if (!isZooKeeperError(error, 'NO_NODE')) throw error;
    }
  }

  #forget(path: string): OverlayChange[] {
    const known = this.#known.get(path);
    if (known === undefined) return [];
    this.#known.delete(path);
    return [{ ...known, overlay: undefined }];
  }

  *#read(nodes: Iterable<ZNode>): Generator<OverlayChange> {
    for (const { path, data } of nodes) {
      const owner = ownerOf(path);
      if (owner === undefined) continue;
      const overlay = parse(data);
      if (overlay === undefined) {
        this.#logger.warn({ path }, 'an overlay is malformed and was left out');
        yield* this.#forget(path);
        continue;
      }
      const change = { ...owner, overlay };
      this.#known.set(path, change);
      yield change;
    }
  }
}

function parse(data: Buffer): Overlay | undefined {
  try {
    const { drain, weight, health } = stored.parse(JSON.parse(data.toString()));
    return {
      ...(drain !== undefined && { drain }),
      ...(weight !== undefined && { weight }),
      ...(health !== undefined && { health }),
    };
  } catch {
    return undefined;
  }
}
