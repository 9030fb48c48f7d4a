import { watchTree } from '@meshkeeper/registries';
import { isZooKeeperError, joinPath, type Logger, type ZooKeeper } from '@meshkeeper/zookeeper';
import type { LastKnownTokens } from './last-known-tokens.ts';
import type { Role } from './roles.ts';
import { hashOf, newToken, type StoredToken, storedTokenSchema } from './token.ts';

/** Where tokens are kept: a znode each, by its name. */
export const TOKENS = '/meshkeeper/tokens';

/** What a token is made of. */
export interface NewToken {
  readonly name: string;
  readonly roles: readonly Role[];
  /** Milliseconds since the epoch; undefined: it does not expire. */
  readonly expiresAt?: number | undefined;
  /** Who makes it. */
  readonly by: string;
}

/**
 * The tokens of the API, in ZooKeeper. They are followed: a replica knows them without asking, and
 * what it knew last while ZooKeeper is away.
 */
export class TokenStore implements AsyncDisposable {
  readonly #zk: ZooKeeper;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #disk: LastKnownTokens | undefined;
  readonly #stop = new AbortController();
  readonly #byName = new Map<string, StoredToken>();
  readonly #byHash = new Map<string, StoredToken>();
  #known: boolean;
  #following: Promise<void> | undefined;

  /** @param disk where they are kept for a start while ZooKeeper is away */
  constructor(zk: ZooKeeper, logger: Logger, now: () => number = Date.now, disk?: LastKnownTokens) {
    this.#zk = zk;
    this.#logger = logger;
    this.#now = now;
    this.#disk = disk;
    for (const stored of disk?.last ?? []) this.#put(stored);
    this.#known = disk?.last !== undefined;
  }

  /** Begins to follow them. */
  start(): this {
    this.#following ??= this.#follow();
    return this;
  }

  /** False until they were read once: then it can't be told which token is none. */
  get known(): boolean {
    return this.#known;
  }

  /** The token's record; undefined when there is none, or it has expired. */
  find(token: string): StoredToken | undefined {
    const found = this.#byHash.get(hashOf(token));
    return found === undefined || this.#expired(found) ? undefined : found;
  }

  /** All of them, read from ZooKeeper, by name. */
  async list(signal: AbortSignal): Promise<readonly StoredToken[]> {
    try {
      await this.#zk.sync(TOKENS, { signal });
      const { children: names } = await this.#zk.children(TOKENS, { signal });
      const read = names.toSorted().map(async (name) => {
        const { data } = await this.#zk.get(joinPath(TOKENS, name), { signal });
        return parse(name, data);
      });
      const results = await Promise.allSettled(read);
      return results.flatMap((result) => {
        if (result.status === 'fulfilled') return result.value ?? [];
        if (isZooKeeperError(result.reason, 'NO_NODE')) return []; // revoked meanwhile
        throw result.reason;
      });
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return [];
      throw error;
    }
  }

  /**
   * Makes a token. It is given back this once, and is kept nowhere.
   * @throws ZooKeeperError NODE_EXISTS when there is one of that name
   */
  async create(
    { name, roles, expiresAt, by }: NewToken,
    signal: AbortSignal,
  ): Promise<{ readonly token: string; readonly stored: StoredToken }> {
    const token = newToken();
    const record = {
      hash: hashOf(token),
      roles: [...new Set(roles)],
      createdAt: this.#now(),
      createdBy: by,
      ...(expiresAt !== undefined && { expiresAt }),
    };
    const path = joinPath(TOKENS, name);
    await this.#zk.create(path, JSON.stringify(record), { parents: true, signal });
    const stored = { name, ...record };
    // Whoever is given it may use it at once, here.
    this.#put(stored);
    return { token, stored };
  }

  /** Takes a token back; false when there is none of that name. */
  async revoke(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#zk.delete(joinPath(TOKENS, name), { signal });
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return false;
      throw error;
    } finally {
      // Also where the answer was lost: who means to revoke it wants it to be of no use.
      this.#forget(name);
    }
    return true;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    // What was on disk, and is not in ZooKeeper, was revoked meanwhile.
    const unseen = new Set(this.#byName.keys());
    const unreadable = (path: string, err: Error) =>
      this.#logger.warn({ path, err }, 'a token can not be read, and is of no use');
    try {
      for await (const event of watchTree(this.#zk, TOKENS, { signal, unreadable })) {
        if (event.type === 'complete') {
          for (const name of unseen) this.#forget(name);
          unseen.clear();
          this.#known = true;
          this.#disk?.keep(this.#byName.values());
        }
        if (event.type !== 'changes') continue;
        for (const { path } of event.removed) this.#forget(path.slice(TOKENS.length + 1));
        for (const { path, data } of event.upserted) {
          const name = path.slice(TOKENS.length + 1);
          if (name === '' || name.includes('/')) continue;
          unseen.delete(name);
          const stored = parse(name, data);
          this.#forget(name);
          if (stored !== undefined) this.#put(stored);
          else this.#logger.warn({ path }, 'a token is malformed, and is of no use');
        }
        if (unseen.size === 0 && this.#known) this.#disk?.keep(this.#byName.values());
      }
    } catch (err) {
      if (!signal.aborted)
        this.#logger.warn({ err }, 'tokens can not be followed any more: they are what they were');
    }
  }

  #put(stored: StoredToken): void {
    this.#byName.set(stored.name, stored);
    this.#byHash.set(stored.hash, stored);
  }

  #forget(name: string): void {
    const known = this.#byName.get(name);
    if (known === undefined) return;
    this.#byName.delete(name);
    if (this.#byHash.get(known.hash) === known) this.#byHash.delete(known.hash);
  }

  #expired({ expiresAt }: StoredToken): boolean {
    return expiresAt !== undefined && expiresAt <= this.#now();
  }
}

function parse(name: string, data: Buffer): StoredToken | undefined {
  try {
    return { name, ...storedTokenSchema.parse(JSON.parse(data.toString())) };
  } catch {
    return undefined;
  }
}
