import { isZooKeeperError, persistently, type TransactionOp } from '@meshkeeper/zookeeper';
import type { NamespaceRef } from '../model/names.ts';
import type { StoreContext } from './context.ts';
import { encode } from './records.ts';

/** An application that nothing was said of. */
export const NEW_APPLICATION = { links: [], fourEyes: false } as const;

/** Makes a namespace that is empty, and its application. What is there stays. */
export async function found(
  context: StoreContext,
  ref: NamespaceRef,
  signal: AbortSignal,
): Promise<void> {
  const { zk, paths } = context;
  await foundApplication(context, ref.application, signal);
  const { pointer, content, releases, schedule, secrets } = paths.namespace(ref);
  const children = [content, releases, schedule, secrets];
  // The pointer has no data before there is something to point to.
  const all: TransactionOp[] = [pointer, ...children].map((path) => ({ op: 'create', path }));
  try {
    await persistently(zk, () => zk.multi(all, { signal }), signal);
  } catch (error) {
    if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
  }
}

/** Makes an application without namespaces. What is there stays. */
export async function foundApplication(
  { zk, paths }: StoreContext,
  application: string,
  signal: AbortSignal,
): Promise<void> {
  const path = paths.application(application);
  for (const [each, data, parents] of [
    [paths.root, '', true],
    [path, encode('application', { ...NEW_APPLICATION, links: [] }), false],
  ] as const)
    try {
      await persistently(zk, () => zk.create(each, data, { parents, signal }), signal);
    } catch (error) {
      if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
    }
}
