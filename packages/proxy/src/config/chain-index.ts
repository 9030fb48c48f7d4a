import type { ChainMatch } from './filter-chain.ts';

/** What is known of a connection before anything is done with it. */
export interface ConnectionFacts {
  readonly transport: 'tls' | 'raw';
  /** Lower case. */
  readonly serverName: string | undefined;
}

interface Candidates<T> {
  readonly tls?: T;
  readonly raw?: T;
  readonly any?: T;
}

/**
 * Finds the filter chain of a connection as Envoy does: by the server name (the exact one, the longest
 * wildcard, then none), and among those by the transport protocol. There is no way back: what the
 * most exact name has nothing for is for nobody, but for the chain for the rest.
 */
export class ChainIndex<T> {
  readonly #byName = new Map<string, Candidates<T>>();
  readonly #rest: T | undefined;
  /** Some chain depends on what the client says first. */
  readonly needsFirstBytes: boolean;

  constructor(
    chains: readonly { readonly match: ChainMatch; readonly chain: T }[],
    rest: T | undefined,
  ) {
    this.#rest = rest;
    for (const { match, chain } of chains) {
      const names = match.serverNames.length > 0 ? match.serverNames : [''];
      for (const name of names) {
        const known = this.#byName.get(name) ?? {};
        this.#byName.set(name, { ...known, [match.transport ?? 'any']: chain });
      }
    }
    this.needsFirstBytes = chains.some(
      ({ match }) => match.serverNames.length > 0 || match.transport !== undefined,
    );
  }

  /** The chain; undefined when there is none for such a connection. */
  find({ transport, serverName }: ConnectionFacts): T | undefined {
    const candidates = this.#candidates(serverName ?? '');
    return candidates?.[transport] ?? candidates?.any ?? this.#rest;
  }

  #candidates(name: string): Candidates<T> | undefined {
    const exact = this.#byName.get(name);
    if (exact || name === '') return exact;
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const found = this.#byName.get(`*${name.slice(dot)}`);
      if (found) return found;
    }
    return this.#byName.get('');
  }
}
