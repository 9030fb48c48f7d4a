import type { Protocol } from '@meshkeeper/mesh';

const PROTOCOLS: ReadonlySet<string> = new Set<Protocol>(['http', 'http2', 'grpc', 'tcp', 'dubbo']);

/** The protocol that metadata states by `protocol`; undefined when it states none of ours. */
export function statedProtocol({
  protocol,
}: Readonly<Record<string, string>>): Protocol | undefined {
  return isProtocol(protocol) ? protocol : undefined;
}

function isProtocol(text: string | undefined): text is Protocol {
  return text !== undefined && PROTOCOLS.has(text);
}
