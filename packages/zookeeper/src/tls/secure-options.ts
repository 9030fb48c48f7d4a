import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import type { TlsPeer } from './tls-options.ts';

/** What Node's TLS has to know of a server. `host`: as in the connect string, not its address. */
export function secureOptions(host: string, peer: TlsPeer): ConnectionOptions {
  const name = peer.servername ?? host;
  const check = peer.checkServerIdentity ?? checkServerIdentity;
  return {
    // An address can't be told to the server, but is checked all the same.
    ...(isIP(name) === 0 && { servername: name }),
    checkServerIdentity: (_, certificate) => check(name, certificate),
    // Also where the environment says otherwise for the whole process.
    rejectUnauthorized: true,
  };
}
