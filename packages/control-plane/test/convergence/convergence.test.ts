import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConnectedProxy, RefusedResource } from '@meshkeeper/xds';
import { Convergence } from '../../src/convergence/convergence.ts';
import type { Outcome, Progress } from '../../src/convergence/standing.ts';
import { connectedProxy as proxy } from '../connected-proxy.ts';

const signal = AbortSignal.timeout(10_000);

/** A convergence whose server is played by the test. */
function stage() {
  const refused = new Map<number, RefusedResource[]>();
  const server = {
    revision: 0,
    proxy: (stream: number) => ({ refused: refused.get(stream) ?? [] }),
  };
  const convergence = new Convergence(
    () => server,
    () => 77,
  );
  const { observer } = convergence;
  return {
    convergence,
    connect: (each: ConnectedProxy) => observer.connected?.(each),
    disconnect: (each: ConnectedProxy) => observer.disconnected?.(each),
    apply: (each: ConnectedProxy, revision: number) =>
      observer.applied?.({ proxy: each, revision, at: 5 }),
    serve: (revision: number) => {
      server.revision = revision;
      observer.served?.(revision);
    },
    reject: (each: ConnectedProxy, name: string, since: number) => {
      const typeUrl = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
      const told = { typeUrl, message: 'bad', at: 6, certain: true };
      refused.set(each.stream, [{ ...told, name, version: 'v', since }]);
      const judged = { proxy: each, typeUrl, version: 'v', names: [name], sentAt: 1 };
      observer.nacked?.({ ...judged, nackedAt: 6, message: 'bad' });
    },
    replace: (each: ConnectedProxy) => refused.delete(each.stream),
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

/** Whether it is still waited for, after a turn. */
async function waits(outcome: Promise<Outcome>): Promise<boolean> {
  await turn();
  return Promise.race([outcome.then(() => false), turn().then(() => true)]);
}

describe('a wait for a revision', () => {
  test('resolves when every data plane has applied it, or a newer one; progress is told', async () => {
    const { convergence, connect, apply, serve } = stage();
    const [a, b] = [proxy(1), proxy(2)];
    for (const each of [a, b]) connect(each);
    serve(4);
    apply(a, 4);
    const told: Progress[] = [];
    const outcome = convergence.wait(4, { signal, progress: (each) => void told.push(each) });
    assert.deepEqual(told.at(-1)?.counts, { applied: 1, pending: 1, rejected: 0, gone: 0 });
    assert.deepEqual(
      told.at(-1)?.behind.map(({ proxy: { id }, standing }) => [id, standing]),
      [['p2', { type: 'pending', revision: undefined }]],
    );
    apply(b, 3);
    assert.equal(await waits(outcome), true);
    apply(b, 5);
    const { converged, timedOut, behind, counts } = await outcome;
    assert.deepEqual([converged, timedOut, behind, counts.applied], [true, false, [], 2]);
    assert.equal(told.at(-1)?.counts.applied, 2);
  });

  test('a revision that is not served yet is waited for, also with no data plane at all', async () => {
    const { convergence, serve } = stage();
    const outcome = convergence.wait(2, { signal });
    serve(1);
    assert.equal(await waits(outcome), true);
    serve(2);
    assert.equal((await outcome).converged, true);
  });

  test('one that connects meanwhile must have it; one that goes away is told, not waited for', async () => {
    const { convergence, connect, disconnect, apply, serve } = stage();
    const [a, b, c] = [proxy(1), proxy(2), proxy(3)];
    connect(a);
    serve(1);
    const outcome = convergence.wait(1, { signal });
    for (const each of [b, c]) connect(each);
    apply(a, 1);
    apply(b, 1);
    assert.equal(await waits(outcome), true, 'the third lacks it');
    disconnect(c);
    const { converged, counts, behind } = await outcome;
    assert.deepEqual([converged, counts.applied, counts.gone], [true, 2, 1]);
    assert.deepEqual(behind, [{ proxy: c, standing: { type: 'gone', at: 77 } }]);
  });

  test('one that reconnects is not gone', async () => {
    const { convergence, connect, disconnect, apply, serve } = stage();
    const [a, b] = [proxy(1, 'edge'), proxy(2, 'edge')];
    connect(a);
    serve(1);
    const outcome = convergence.wait(1, { signal });
    disconnect(a);
    connect(b);
    assert.equal(await waits(outcome), true);
    apply(b, 1);
    assert.deepEqual((await outcome).counts, { applied: 1, pending: 0, rejected: 0, gone: 0 });
  });

  test('a rejection ends the wait for that one, with the resource and its words; others go on', async () => {
    const { convergence, connect, apply, reject, serve } = stage();
    const [a, b] = [proxy(1), proxy(2)];
    for (const each of [a, b]) connect(each);
    apply(a, 1);
    serve(2);
    const outcome = convergence.wait(2, { signal });
    reject(a, 'shop', 2);
    assert.equal(await waits(outcome), true, 'the other is still waited for');
    apply(b, 2);
    const { converged, timedOut, behind } = await outcome;
    assert.deepEqual([converged, timedOut, behind.length], [false, false, 1]);
    const standing = behind[0]?.standing;
    assert.equal(standing?.type, 'rejected');
    assert.deepEqual(
      standing?.type === 'rejected' && [standing.revision, standing.refused[0]?.name],
      [1, 'shop'],
    );
  });

  test('what was rejected before does not end it while its replacement is to come', async () => {
    const { convergence, connect, apply, reject, replace, serve } = stage();
    const a = proxy(1);
    connect(a);
    apply(a, 1);
    serve(2);
    reject(a, 'shop', 2);
    const outcome = convergence.wait(3, { signal });
    assert.equal(await waits(outcome), true, 'revision 3 may bring a better one');
    assert.equal(convergence.progress(3).counts.pending, 1);
    assert.equal(convergence.progress(2).counts.rejected, 1);
    replace(a);
    serve(3);
    assert.equal(await waits(outcome), true);
    apply(a, 3);
    assert.equal((await outcome).converged, true);
    assert.equal(convergence.progress(3).counts.applied, 1);
  });

  test('a rejection of something newer is none of it', async () => {
    const { convergence, connect, apply, reject, serve } = stage();
    const a = proxy(1);
    connect(a);
    serve(5);
    reject(a, 'shop', 5);
    const outcome = convergence.wait(4, { signal });
    assert.equal(await waits(outcome), true);
    apply(a, 4);
    assert.equal((await outcome).converged, true);
  });

  test('a timeout tells who is behind; a signal gives it up', async () => {
    const { convergence, connect, serve } = stage();
    connect(proxy(1));
    serve(1);
    const { converged, timedOut, counts } = await convergence.wait(1, { timeout: 1 });
    assert.deepEqual([converged, timedOut, counts.pending], [false, true, 1]);
    const stop = new AbortController();
    const outcome = convergence.wait(1, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await assert.rejects(outcome, /enough/);
  });
});
