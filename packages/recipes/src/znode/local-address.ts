import { networkInterfaces } from 'node:os';

/** What Curator writes where a recipe has no data of its own: the client's address, for people. */
export function localAddress(): string {
  for (const addresses of Object.values(networkInterfaces()))
    for (const { family, internal, address } of addresses ?? [])
      if (family === 'IPv4' && !internal) return address;
  return '127.0.0.1';
}
