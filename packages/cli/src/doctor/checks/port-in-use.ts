import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Check, error, Unknown } from '../check.ts';

export const portInUse: Check = {
  id: 'port-in-use',
  group: 'machine',
  well: 'the ports that a control plane here would listen on are free',
  async find(facts) {
    const answers = await facts.api<unknown>('/healthz').catch(() => undefined);
    if (answers?.status === 200) throw new Unknown('a control plane is there');
    const { controlPlane, gateway } = await facts.config();
    const listeners = Object.entries({ ...controlPlane, gateway }).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && 'listen' in value
        ? [{ name, ...value.listen }]
        : [],
    );
    const taken = await Promise.all(
      listeners.map(async (listener) => ((await isTaken(listener)) ? [listener] : [])),
    );
    return taken
      .flat()
      .map(({ name, host, port }) =>
        error(
          `${host}:${port}, where the ${name} listener is to be, is in use`,
          `stop what listens there (ss -ltnp 'sport = :${port}'), or choose another port`,
        ),
      );
  },
};

async function isTaken({ host, port }: { host: string; port: number }): Promise<boolean> {
  if (port === 0) return false;
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return false;
  } catch (cause) {
    return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
  } finally {
    server.close();
  }
}
