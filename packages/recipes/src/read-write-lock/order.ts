import { inOrder, type Predecessor, sequenceOf } from '../mutex/turn.ts';

/** What the znodes of readers and of writers are called, before their numbers. */
export const READ = '__READ__';
export const WRITE = '__WRIT__';

/** A writer waits for the znode just before it, be it a reader's or a writer's. */
export const beforeWriter: Predecessor = (children, own) => {
  const queue = inOrder(children, READ, WRITE);
  return queue[queue.indexOf(own) - 1];
};

/**
 * A reader waits for writers only: for the last one before it, which is the last to go if all go in
 * turn. (Curator's wait for the first, and are all woken by every writer.)
 */
export const beforeReader: Predecessor = (children, own) => {
  const number = sequenceOf(own, READ)!;
  return inOrder(children, WRITE).findLast((writer) => sequenceOf(writer, WRITE)! < number);
};
