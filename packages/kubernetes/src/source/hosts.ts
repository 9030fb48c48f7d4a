import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** For how many milliseconds an address is good. */
export const HOST_TTL = 30_000;
/** How long a name server may take, in milliseconds. */
const PATIENCE = 2_000;

/** Addresses of host names. One that was found stays until another is. */
export class Hosts {
  readonly #lookup: (host: string) => Promise<string>;
  readonly #now: () => number;
  readonly #known = new Map<
    string,
    { readonly address: string | undefined; readonly at: number }
  >();

  constructor(
    now: () => number,
    lookup: (host: string) => Promise<string> = async (host) => (await systemLookup(host)).address,
  ) {
    this.#now = now;
    this.#lookup = lookup;
  }

  /** The address, as far as it is known; an address is its own. */
  address(host: string): string | undefined {
    return isIP(host) === 0 ? this.#known.get(host)?.address : host;
  }

  /** Looks up those that aren't known, or not any more. */
  async look(hosts: Iterable<string>): Promise<void> {
    const old = [...new Set(hosts)].filter((host) => {
      const known = this.#known.get(host);
      return isIP(host) === 0 && (known === undefined || this.#now() - known.at >= HOST_TTL);
    });
    await Promise.all(old.map((host) => this.#resolve(host)));
  }

  async #resolve(host: string): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, PATIENCE, undefined);
    const address = await Promise.race([this.#lookup(host).catch(() => undefined), late]);
    clearTimeout(timer);
    const before = this.#known.get(host)?.address;
    this.#known.set(host, { address: address ?? before, at: this.#now() });
  }
}
