import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A loopback TCP port that nobody listens on.
 *
 * It lies below the range that systems take outgoing ports from (32768 on Linux, 49152 on macOS
 * and Windows), so a server that is stopped for a while finds its port free when it comes back.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(20_000, 32_000);
    if (await canListen(port)) return port;
  }
  throw new Error('no free loopback port between 20000 and 32000 in 100 attempts');
}

/** `count` different free ports, for servers that need several at once. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

function canListen(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
    server.close(() => resolve(true));
  });
  return promise;
}
