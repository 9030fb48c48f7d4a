import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type Check, Unknown, warning } from '../check.ts';
import { type Instance, instancesOf } from '../instances.ts';

/** So many are tried: a large mesh is not called as a whole. */
const TRIED = 30;
/** Milliseconds that one may take. */
const PATIENCE = 2_000;

export const instanceUnreachable: Check = {
  id: 'instance-unreachable',
  group: 'registries',
  well: 'instances can be reached from here',
  async find(facts, signal) {
    const all = await instancesOf(facts);
    if (all.length === 0) throw new Unknown('there are no instances');
    const tried = all.slice(0, TRIED);
    const reached = await Promise.all(tried.map((instance) => reaches(instance, signal)));
    return tried
      .filter((_, i) => !reached[i])
      .map(({ service, id, address, port }) =>
        warning(
          `${address}:${port} (${service} ${id}) can't be reached from here`,
          'start it, or open the way to it; if only data planes have to reach it, that is as it should be',
        ),
      );
  },
};

async function reaches({ address, port }: Instance, signal: AbortSignal): Promise<boolean> {
  const socket = connect({ host: address, port });
  const answered = new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  try {
    return await Promise.race([answered, pause(PATIENCE, false, { signal })]);
  } finally {
    socket.destroy();
  }
}
