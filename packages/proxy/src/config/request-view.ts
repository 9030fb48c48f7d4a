import type { TextTest } from './string-match.ts';

/** The connection that a request came by. */
export interface ClientFacts {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** By TLS. */
  readonly secure: boolean;
}

/** What routes, filters and hashes see of a request. */
export interface RequestView {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The query without its question mark. */
  readonly query: string;
  /** The host, with its port if it came with one. */
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  readonly client: ClientFacts;
  /** The value of an end-to-end header by its lower-case name; several are joined by commas. */
  header(name: string): string | undefined;
  /** Whether a test holds of one of the values of such a header; undefined when there is none. */
  some(name: string, test: TextTest): boolean | undefined;
  /** In [0, 1). */
  random(): number;
}

/** A condition on a request. */
export type Condition = (request: RequestView) => boolean;

/** Finds the value of one header of a request. */
export type HeaderAccess = (request: RequestView) => string | undefined;

/** How a header is found, by its name or pseudo-name. */
export function headerAccess(name: string): HeaderAccess {
  const lower = name.toLowerCase();
  const pseudo = PSEUDO[lower];
  return pseudo ?? ((request) => request.header(lower));
}

/** As {@link RequestView.some}, of pseudo-headers too. */
export function headerTest(
  name: string,
): (request: RequestView, test: TextTest) => boolean | undefined {
  const lower = name.toLowerCase();
  const pseudo = PSEUDO[lower];
  if (!pseudo) return (request, test) => request.some(lower, test);
  return (request, test) => {
    const value = pseudo(request);
    return value === undefined ? undefined : test(value);
  };
}

const PSEUDO: Readonly<Record<string, HeaderAccess>> = {
  ':method': ({ method }) => method,
  ':path': ({ path, query }) => (query === '' ? path : `${path}?${query}`),
  ':authority': ({ authority }) => authority,
  ':scheme': ({ scheme }) => scheme,
  host: ({ authority }) => authority,
};

/** The raw value of the first query parameter of a name: nothing is decoded, as with Envoy. */
export function queryParameter(query: string, name: string): string | undefined {
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    if (equals < 0 ? pair === name : equals === name.length && pair.startsWith(name)) {
      return equals < 0 ? '' : pair.slice(equals + 1);
    }
  }
  return undefined;
}

/** True of gRPC: `application/grpc`, or that with a kind of messages behind. */
export function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(?:$|[+;])/.test(contentType);
}
