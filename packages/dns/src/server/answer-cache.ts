import type { SrvRing } from '../wire/srv-ring.ts';

/** An answer that was found and encoded once. */
export type CachedReply =
  | { readonly type: 'records'; readonly choices: readonly EncodedChoice[] }
  /** There is nothing of the type: the start of authority that says for how long. */
  | { readonly type: 'no-data'; readonly soa: Buffer };

/** A choice as it is sent; see `Choice`. */
export interface EncodedChoice {
  readonly share: number;
  readonly answers: readonly Buffer[];
  readonly additional: readonly Buffer[];
  /** All of it in one piece, where these are SRV records. */
  readonly ring: SrvRing | undefined;
}

/** Which questions are kept: what is asked, by whoever is at one place. */
interface CachedName {
  readonly service: string;
  /** By type and place. */
  readonly replies: Map<number, CachedReply>;
}

/** Types have 16 bits. */
const TYPES = 0x1_0000;

/**
 * Encoded answers by name as it is sent, type and the caller's place. Only names of services are kept,
 * which nobody can make up; the oldest go first.
 */
export class AnswerCache {
  readonly #max: number;
  readonly #names = new Map<string, CachedName>();
  readonly #byService = new Map<string, Set<string>>();

  /** @param max number of names */
  constructor(max: number) {
    this.#max = max;
  }

  /** Number of names. */
  get size(): number {
    return this.#names.size;
  }

  get(name: string, type: number, place: number): CachedReply | undefined {
    return this.#names.get(name)?.replies.get(place * TYPES + type);
  }

  /** Keeps what is known of a service's name. */
  set(name: string, type: number, place: number, service: string, reply: CachedReply): void {
    let cached = this.#names.get(name);
    if (cached === undefined) {
      for (const oldest of this.#names.keys()) {
        if (this.#names.size < this.#max) break;
        this.#delete(oldest);
      }
      cached = { service, replies: new Map() };
      this.#names.set(name, cached);
      const names = this.#byService.get(service);
      if (names === undefined) this.#byService.set(service, new Set([name]));
      else names.add(name);
    }
    cached.replies.set(place * TYPES + type, reply);
  }

  /** Forgets what is known of a service. */
  drop(service: string): void {
    for (const name of this.#byService.get(service) ?? []) this.#names.delete(name);
    this.#byService.delete(service);
  }

  clear(): void {
    this.#names.clear();
    this.#byService.clear();
  }

  #delete(name: string): void {
    const service = this.#names.get(name)?.service;
    this.#names.delete(name);
    if (service === undefined) return;
    const names = this.#byService.get(service);
    names?.delete(name);
    if (names?.size === 0) this.#byService.delete(service);
  }
}
