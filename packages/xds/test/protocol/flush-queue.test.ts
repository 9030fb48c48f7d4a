import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Connection } from '../../src/server/connection.ts';
import { FlushQueue } from '../../src/server/flush-queue.ts';

/** As much of a connection as the queue uses. */
function connection(flush: () => void): Connection {
  return { flush } as Connection;
}

test('many are flushed two hundred a turn, in order; those that are gone are not', async () => {
  using queue = new FlushQueue();
  const flushed: number[] = [];
  const all = Array.from({ length: 450 }, (_, i) => connection(() => void flushed.push(i)));
  queue.addAll(all);
  queue.addAll(all.slice(0, 10));
  assert.equal(flushed.length, 0, 'not at once');
  const counts: number[] = [];
  while (flushed.length < 449) {
    await turn();
    counts.push(flushed.length);
    // Between two turns others have theirs: this one goes away.
    if (counts.length === 1) queue.delete(all[300] as Connection);
  }
  assert.deepEqual(counts, [200, 400, 449]);
  const rest = Array.from({ length: 450 }, (_, i) => i).filter((i) => i !== 300);
  assert.deepEqual(flushed, rest);
});

test('what has arrived is handled before', async (t) => {
  const path = join(tmpdir(), `flush-queue-${process.pid}.sock`);
  const server = createServer().listen(path);
  await once(server, 'listening');
  const client = connect(path);
  const [accepted] = (await once(server, 'connection')) as [Socket];
  t.after(() => {
    client.destroy();
    server.close();
  });
  using queue = new FlushQueue();
  const order: string[] = [];
  const handled = new Promise((resolve) =>
    accepted.on('data', () => {
      order.push('request');
      resolve(undefined);
    }),
  );
  const flushed = new Promise((resolve) =>
    setTimeout(() => {
      // Both at one time, as a change that comes while a request is on its way.
      queue.add(
        connection(() => {
          order.push('push');
          resolve(undefined);
        }),
      );
      client.write('request');
    }),
  );
  await Promise.all([handled, flushed]);
  assert.deepEqual(order, ['request', 'push']);
});
