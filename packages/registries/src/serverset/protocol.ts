import type { Protocol } from '@meshkeeper/mesh';

/** What endpoints of these names speak, in Finagle, TwitterServer and Aurora. */
const BY_NAME: ReadonlyMap<string, Protocol> = new Map([
  ['http', 'http'],
  ['admin', 'http'],
  ['aurora', 'http'],
  ['health', 'http'],
  ['http2', 'http2'],
  ['h2', 'http2'],
  ['grpc', 'grpc'],
]);

/** What an additional endpoint speaks by its name; `thrift`, `mux` and what says nothing are TCP. */
export function protocolOf(name: string): Protocol {
  return BY_NAME.get(name) ?? 'tcp';
}
