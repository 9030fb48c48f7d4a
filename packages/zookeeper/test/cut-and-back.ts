import type { FaultProxy } from '@meshkeeper/testbed';
import type { ZooKeeper } from '../src/index.ts';

/** Does what loses a client's connection, and waits for the next one. */
export async function lostAndBack(client: ZooKeeper, lose: () => unknown): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let lost = false;
  const stop = client.onState(({ type }) => {
    lost ||= type === 'disconnected';
    if (lost && type === 'connected') resolve();
  });
  try {
    await lose();
    await promise;
  } finally {
    stop();
  }
}

/** Breaks a client's connection and waits for the next one. */
export function cutAndBack(proxy: FaultProxy, client: ZooKeeper): Promise<void> {
  return lostAndBack(client, () => proxy.cut());
}
