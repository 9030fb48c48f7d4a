import type { Socket } from 'node:net';
import type { UpgradedSocket } from '../upstream/stream.ts';

/** Joins two sockets until one of them ends; nothing is left open when the other one stays silent. */
export function tunnel(client: Socket, server: UpgradedSocket, idleTimeout: number): void {
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.pipe(to);
    from.setTimeout(idleTimeout, () => from.destroy());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      if ('destroySoon' in to) to.destroySoon();
      else to.end(() => to.destroy());
    });
  }
}
