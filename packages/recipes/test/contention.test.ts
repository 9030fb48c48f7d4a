import { describe, test } from 'node:test';
import { acquisitions, holdContest } from './contention/contest.ts';
import { election, latch, mutex, readWriteLock, semaphore } from './contention/contests.ts';
import { onServers } from './on-servers.ts';
import { stage } from './stage.ts';

onServers('we, Curator and kazoo', (start) => {
  const on = stage(start, true);

  // In turn: a contest with the machine to itself has all of its contenders in the queue.
  describe('contend for one', { concurrency: false }, () => {
    for (const contest of [mutex, semaphore, election, latch, readWriteLock])
      test(`${contest.kind}: ${acquisitions(contest)} acquisitions, never too many holders`, () =>
        holdContest(on, contest));
  });
});
