import { ZooKeeperError } from '@meshkeeper/zookeeper';
import type { QueueKind } from './kept-queue.ts';

/** Where locks and elections are that have a name and no path of their own. */
export const QUEUE_FOLDERS: Readonly<Record<QueueKind, string>> = {
  lock: '/meshkeeper/locks',
  election: '/meshkeeper/elections',
};

/** Of one part of a path: what ZooKeeper refuses, and what moves a terminal's cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const UNFIT = /^\.{1,2}$|[\u0000-\u001f\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff]/;
const LONGEST = 1_000;

/**
 * The znode that a lock's or election's holders and waiters stand under. A name is one of ours; what
 * begins with `/` is a path, that of Curator and others on the same ensemble.
 * @throws ZooKeeperError INVALID_ARGUMENT: what is wrong, and what to write instead
 */
export function queuePath(kind: QueueKind, name: string): string {
  const refuse = (detail: string) => new ZooKeeperError('INVALID_ARGUMENT', { detail });
  const isPath = name.startsWith('/');
  const parts = isPath ? name.slice(1).split('/') : [name];
  if (name.length > LONGEST) throw refuse(`a name has ${LONGEST} characters at most`);
  if (parts.some((part) => part === '' || UNFIT.test(part)))
    throw refuse(`"${name}" is no name of a znode: no part of it may be empty, . or ..`);
  if (!isPath) {
    if (name.includes('/'))
      throw refuse(`"${name}" has a / in it: a name has none, and a path begins with it`);
    return `${QUEUE_FOLDERS[kind]}/${name}`;
  }
  const isWithin = (folder: string) => name === folder || name.startsWith(`${folder}/`);
  const ours = Object.values(QUEUE_FOLDERS).some((folder) => name.startsWith(`${folder}/`));
  if (isWithin('/zookeeper') || (isWithin('/meshkeeper') && !ours))
    throw refuse(
      `${name} belongs to ${isWithin('/zookeeper') ? 'ZooKeeper' : 'Meshkeeper'} itself: choose another path, or a name without /`,
    );
  return name;
}

/** What a path is called: the name, if it is one of those that have one. */
export function queueName(kind: QueueKind, path: string): string {
  const folder = `${QUEUE_FOLDERS[kind]}/`;
  return path.startsWith(folder) && !path.includes('/', folder.length)
    ? path.slice(folder.length)
    : path;
}
