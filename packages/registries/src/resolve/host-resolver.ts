import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** What is known of a host name. */
type Entry =
  | { readonly type: 'looking-up'; readonly last: string | undefined }
  | { readonly type: 'resolved'; readonly address: string; readonly at: number }
  | { readonly type: 'failed'; readonly message: string; readonly at: number };

/** What a resolver takes. */
export interface HostResolverOptions {
  /** Called when a host's address came, changed, or could not be had. */
  readonly changed: (host: string) => void;
  /** The system's by default. */
  readonly lookup?: (host: string) => Promise<string>;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/** After so many milliseconds a name is looked up again, when it is asked for. */
const FRESH = 30_000;
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
  readonly #queue: string[] = [];
  #underWay = 0;
  #closed = false;

  constructor(options: HostResolverOptions) {
    this.#options = options;
  }

  /** The IP address, if known; an IP address is its own. */
  address(host: string): string | undefined {
    if (isIP(host) !== 0) return host;
    const entry = this.#entries.get(host);
    if (entry === undefined || (entry.type !== 'looking-up' && this.#now() - entry.at > FRESH))
      this.#start(host, entry?.type === 'resolved' ? entry.address : undefined);
    if (entry?.type === 'resolved') return entry.address;
    return entry?.type === 'looking-up' ? entry.last : undefined;
  }

  /** Why a host has no address; undefined while it has one or is being looked up. */
  failure(host: string): string | undefined {
    const entry = this.#entries.get(host);
    return entry?.type === 'failed' ? entry.message : undefined;
  }

  /** Looks up again what failed or is old. To be called now and then. */
  refresh(): void {
    for (const [host, entry] of this.#entries)
      if (entry.type !== 'looking-up' && this.#now() - entry.at > FRESH)
        this.#start(host, entry.type === 'resolved' ? entry.address : undefined);
  }

  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
  }

  #start(host: string, last: string | undefined): void {
    this.#entries.set(host, { type: 'looking-up', last });
    this.#queue.push(host);
    this.#next();
  }

  #next(): void {
    while (this.#underWay < CONCURRENCY && !this.#closed) {
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
    const before = this.#entries.get(host);
    const last = before?.type === 'looking-up' ? before.last : undefined;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`no answer in ${TIMEOUT} ms`)), TIMEOUT);
    try {
      const address = await Promise.race([this.#lookup(host), late]);
      this.#entries.set(host, { type: 'resolved', address, at: this.#now() });
      if (address !== last && !this.#closed) this.#options.changed(host);
    } catch (error) {
      const message = `${host} can't be resolved: ${error instanceof Error ? error.message : error}`;
      // An address that worked is better than none.
      this.#entries.set(
        host,
        last === undefined
          ? { type: 'failed', message, at: this.#now() }
          : { type: 'resolved', address: last, at: this.#now() },
      );
      if (last === undefined && !this.#closed) this.#options.changed(host);
    } finally {
      clearTimeout(timer);
    }
  }

  #lookup(host: string): Promise<string> {
    if (this.#options.lookup) return this.#options.lookup(host);
    return systemLookup(host).then(({ address }) => address);
  }

  #now(): number {
    return this.#options.now?.() ?? performance.now();
  }
}
