import type { Socket } from 'node:net';

/** Joins two sockets until one of them ends; nothing is left open when the other one stays silent. */
export function tunnel(client: Socket, server: Socket, idleTimeout: number): void {
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.pipe(to);
    from.setTimeout(idleTimeout, () => from.destroy());
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroySoon());
  }
}
