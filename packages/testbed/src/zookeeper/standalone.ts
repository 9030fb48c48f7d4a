import { readFile } from 'node:fs/promises';
import { freePort } from '../free-port.ts';
import { ZooKeeperServer } from './server.ts';
import type { ZooKeeperOptions } from './server-options.ts';

/**
 * Starts a real, standalone Apache ZooKeeper on a loopback port, and waits until it serves. It
 * takes about a second: share one between the tests of a file.
 *
 * @throws TestbedError `component-missing`, `start-failed`; the signal's reason.
 */
export async function startZooKeeper(options: ZooKeeperOptions = {}): Promise<ZooKeeperServer> {
  for (let attempt = 1; ; attempt++) {
    const server = await ZooKeeperServer.prepare(options, options.port ?? (await freePort()));
    try {
      await server.start({ signal: options.signal });
      return server;
    } catch (error) {
      // Between finding a free port and its use, somebody else may take it.
      const log = await readFile(server.log, 'utf8').catch(() => '');
      await server.close();
      const again = options.port === undefined && attempt < 3;
      if (!again || !log.includes('Address already in use')) throw error;
    }
  }
}
