import { CreateMode, type Stat } from '@meshkeeper/jute';
import type { Data } from '../data.ts';
import { parentOf, validatePath } from '../path.ts';
import { isZooKeeperError } from '../zookeeper-error.ts';
import type { Calls } from './calls.ts';
import type { CreateOptions } from './options.ts';
import { createPart } from './transaction.ts';

/** A znode that was made: its whole name, with the sequence number if any. */
export interface Created {
  readonly path: string;
  readonly stat: Stat;
}

/** A container may be reaped between its creation and its first child's; so often it is made again. */
const TRIES = 5;

/** With a sequence number behind it, a path may end with a slash. */
export function validateNewPath(path: string, operation: string): void {
  validatePath(path.length > 1 && path.endsWith('/') ? `${path}0` : path, operation);
}

/**
 * create2, createContainer or createTTL, whichever the mode needs. With `parents`, missing ones are
 * made as containers, which the server removes when they are empty again.
 */
export async function create(
  calls: Calls,
  path: string,
  data: Data | undefined,
  options: CreateOptions,
): Promise<Created> {
  validateNewPath(path, 'create');
  const part = createPart(calls.server(path), { ...options, data });
  for (let attempt = 1; ; attempt++) {
    try {
      const made = await calls.call(part.op, part.request, path, options.signal);
      return { path: calls.strip(made.path), stat: made.stat };
    } catch (error) {
      const parent = parentOf(path);
      const missing = options.parents && isZooKeeperError(error, 'NO_NODE') && parent !== '/';
      if (!missing || attempt === TRIES) throw error;
      await createContainer(calls, parent, options.signal);
    }
  }
}

async function createContainer(
  calls: Calls,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await create(calls, path, null, { mode: CreateMode.CONTAINER, parents: true, signal });
  } catch (error) {
    if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
  }
}
