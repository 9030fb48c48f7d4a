import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** What is known of a host name. */
interface Entry {
  address: string | undefined;
  /** Why the last lookup found nothing. */
  failure: string | undefined;
  /** When the last lookup ended. */
  at: number;
  lookingUp: boolean;
}

/** What a resolver takes. */
export interface HostResolverOptions {
  /** Called when a host's address came, changed, or could not be had. */
  readonly changed: (host: string) => void;
  /** The system's by default. */
  readonly lookup?: (host: string) => Promise<string>;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
  /** For how many milliseconds an address is good; a third of it for a failure. Default 30,000. */
  readonly ttl?: number;
}

/** For how many milliseconds an address is good, unless it is said otherwise. */
export const DEFAULT_TTL = 30_000;
/** The system's lookups share four threads with the file system: two of them are left alone. */
const CONCURRENCY = 2;
const TIMEOUT = 5_000;

/**
 * Addresses of host names, without ever waiting: what isn't known yet is looked up beside, and one
 * name that can't be resolved holds up nobody. An address that was found stays until another is.
 */
export class HostResolver {
  readonly #options: HostResolverOptions;
  readonly #entries = new Map<string, Entry>();
  #queue: string[] = [];
  #underWay = 0;
  /** Names whose first lookup has not ended. */
  readonly #unknown = new Set<string>();

  constructor(options: HostResolverOptions) {
    this.#options = options;
  }

  /** The IP address, if known; an IP address is its own. */
  address(host: string): string | undefined {
    if (isIP(host) !== 0) return host;
    let entry = this.#entries.get(host);
    if (entry === undefined) {
      entry = { address: undefined, failure: undefined, at: -Infinity, lookingUp: false };
      this.#entries.set(host, entry);
    }
    this.#renew(host, entry);
    return entry.address;
  }

  /** Why a host has no address; undefined while it has one, or was not looked up yet. */
  failure(host: string): string | undefined {
    const entry = this.#entries.get(host);
    return entry?.address === undefined ? entry?.failure : undefined;
  }

  /** True when every name that was asked for has been looked up once. */
  get settled(): boolean {
    return this.#unknown.size === 0;
  }

  /** Looks up again what failed or is old, and forgets all others than these. To be called now and then. */
  refresh(hosts: { has(host: string): boolean }): void {
    for (const [host, entry] of this.#entries)
      if (hosts.has(host)) this.#renew(host, entry);
      else if (!entry.lookingUp) this.#entries.delete(host);
  }

  /** Begins no more lookups, until it is asked again. */
  pause(): void {
    for (const host of this.#queue) {
      this.#entries.delete(host);
      this.#unknown.delete(host);
    }
    this.#queue = [];
  }

  #renew(host: string, entry: Entry): void {
    const { ttl = DEFAULT_TTL } = this.#options;
    const good = entry.address === undefined ? ttl / 3 : ttl;
    if (entry.lookingUp || this.#now() - entry.at <= good) return;
    entry.lookingUp = true;
    if (entry.at === Number.NEGATIVE_INFINITY) this.#unknown.add(host);
    this.#queue.push(host);
    this.#next();
  }

  #next(): void {
    while (this.#underWay < CONCURRENCY) {
      const host = this.#queue.shift();
      if (host === undefined) return;
      this.#underWay++;
      void this.#resolve(host).finally(() => {
        this.#underWay--;
        this.#next();
      });
    }
  }

  async #resolve(host: string): Promise<void> {
    const entry = this.#entries.get(host);
    if (entry === undefined) return;
    const { address, failure } = entry;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`no answer in ${TIMEOUT} ms`)), TIMEOUT);
    try {
      entry.address = await Promise.race([this.#lookup(host), late]);
      entry.failure = undefined;
    } catch (error) {
      entry.failure = `${host} can't be resolved: ${error instanceof Error ? error.message : error}`;
    } finally {
      clearTimeout(timer);
    }
    entry.at = this.#now();
    entry.lookingUp = false;
    this.#unknown.delete(host);
    // A failure doesn't matter where there is an address: one that worked is better than none.
    if (entry.address !== address || (address === undefined && entry.failure !== failure))
      this.#options.changed(host);
  }

  #lookup(host: string): Promise<string> {
    if (this.#options.lookup) return this.#options.lookup(host);
    return systemLookup(host).then(({ address }) => address);
  }

  #now(): number {
    return this.#options.now?.() ?? performance.now();
  }
}
