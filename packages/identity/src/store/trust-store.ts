import { isZooKeeperError, persistently, type ZooKeeper } from '@meshkeeper/zookeeper';
import { IdentityError } from '../identity-error.ts';
import type { Paths } from './paths.ts';
import { parseTrust, type StoredTrust, type Trust } from './trust.ts';

/** Whom the mesh trusts, in ZooKeeper. Every change is made to what was read, or not at all. */
export class TrustStore {
  readonly #zk: ZooKeeper;
  readonly #paths: Paths;

  constructor(zk: ZooKeeper, paths: Paths) {
    this.#zk = zk;
    this.#paths = paths;
  }

  /** Undefined until there is something. */
  async read(signal: AbortSignal): Promise<Trust | undefined> {
    const { trust: path } = this.#paths;
    return persistently(
      this.#zk,
      async () => {
        try {
          await this.#zk.sync(path, { signal });
          const { data, stat } = await this.#zk.get(path, { signal });
          return { ...parseTrust(data, path), version: stat.version };
        } catch (error) {
          if (isZooKeeperError(error, 'NO_NODE')) return undefined;
          throw error;
        }
      },
      signal,
    );
  }

  /** Of several that begin at once one does, and all get what that one has made. */
  async begin(first: StoredTrust, signal: AbortSignal): Promise<Trust> {
    const { trust: path } = this.#paths;
    const data = JSON.stringify(first);
    try {
      await persistently(
        this.#zk,
        () => this.#zk.create(path, data, { parents: true, signal }),
        signal,
      );
    } catch (error) {
      if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
    }
    const trust = await this.read(signal);
    if (trust !== undefined) return trust;
    throw new IdentityError('MALFORMED', `${path} was deleted by somebody`);
  }

  /** @throws IdentityError STALE when it is not what was read any more */
  async change(from: Trust, to: StoredTrust, signal: AbortSignal): Promise<Trust> {
    const { trust: path } = this.#paths;
    const { format, trustDomain, authorities } = to;
    const data = JSON.stringify({ format, trustDomain, authorities });
    try {
      const { version } = await this.#zk.set(path, data, { version: from.version, signal });
      return { ...to, version };
    } catch (error) {
      if (!isZooKeeperError(error, 'BAD_VERSION')) throw error;
      throw new IdentityError(
        'STALE',
        'the authorities were changed meanwhile: look at them again',
      );
    }
  }
}
