import type { Protocol } from '@meshkeeper/mesh';

/** What applications' protocols are here: `appProtocol`, or what the name of a port begins with. */
const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  http: 'http',
  'http-web': 'http',
  'kubernetes.io/ws': 'http',
  http2: 'http2',
  h2c: 'http2',
  'kubernetes.io/h2c': 'http2',
  grpc: 'grpc',
  dubbo: 'dubbo',
  // TLS that ends at the application, and what is neither HTTP nor Dubbo.
  'kubernetes.io/wss': 'tcp',
  https: 'tcp',
  tls: 'tcp',
  tcp: 'tcp',
  mongo: 'tcp',
  mysql: 'tcp',
  redis: 'tcp',
};

/** What a port speaks: by its appProtocol, then by its name, as `grpc-api`; else `otherwise`. */
export function portProtocol(
  { name = '', appProtocol }: { readonly name?: string; readonly appProtocol?: string },
  otherwise: Protocol,
): Protocol {
  const stated = appProtocol?.toLowerCase();
  if (stated !== undefined && Object.hasOwn(PROTOCOLS, stated)) return PROTOCOLS[stated]!;
  const prefix = name.split('-')[0]!.toLowerCase();
  return Object.hasOwn(PROTOCOLS, prefix) ? PROTOCOLS[prefix]! : otherwise;
}
