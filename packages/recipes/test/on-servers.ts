import { describe } from 'node:test';
import { type StartServer, servers } from './servers.ts';

/** The same tests on each server, all at once: each test has paths of its own. */
export function onServers(title: string, tests: (start: StartServer) => void): void {
  const together = { concurrency: true };
  describe(title, together, () => {
    for (const [name, start] of Object.entries(servers))
      describe(`on ${name}`, together, () => tests(start));
  });
}
