import type { Socket } from 'node:net';
import type { ClientFacts } from '../config/request-view.ts';

/** What is known of the client of a connection. */
export function clientFacts(socket: Socket, secure: boolean): ClientFacts {
  const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = socket;
  return {
    remoteAddress: plain(remoteAddress),
    remotePort,
    localAddress: plain(localAddress),
    localPort,
    secure,
  };
}

/** An IPv4 address as such, also where the listener is bound to IPv6. */
function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
