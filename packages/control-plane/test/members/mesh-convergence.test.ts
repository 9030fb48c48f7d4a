import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { Convergence } from '../../src/convergence/convergence.ts';
import { MeshConvergence } from '../../src/members/mesh-convergence.ts';
import type { MeshProgress } from '../../src/members/mesh-standing.ts';
import type { Knowledge, Member } from '../../src/members/other-members.ts';
import type { Statement } from '../../src/members/statement.ts';
import { connectedProxy } from '../connected-proxy.ts';

/** A replica whose xDS server and whose fellows are played by the test. Revision n of policies is in snapshot 10 n. */
function stage() {
  const server = { revision: 10, proxy: () => ({ refused: [] }) };
  const own = new Convergence(
    () => server,
    () => 77,
  );
  const listeners = new Set<() => void>();
  const members = new Map<string, Member>();
  const others = {
    knowledge: 'all' as Knowledge,
    get list() {
      return [...members.values()];
    },
    onChange: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const revisions = {
    snapshotOf: (policies: number) =>
      policies * 10 <= server.revision ? policies * 10 : undefined,
  };
  const told: MeshProgress[] = [];
  const mesh = new MeshConvergence(own, revisions, others);
  return {
    ...{ mesh, told, listeners },
    last: () => told.at(-1)!,
    wait: (policies: number, timeout?: number) => {
      const progress = (found: MeshProgress) => void told.push(found);
      return mesh.wait(policies, { progress, ...(timeout !== undefined && { timeout }) });
    },
    connect: (stream: number, id: string) => own.observer.connected?.(connectedProxy(stream, id)),
    disconnect: (stream: number, id: string) =>
      own.observer.disconnected?.(connectedProxy(stream, id)),
    apply: (stream: number, revision: number) =>
      own.observer.applied?.({ proxy: connectedProxy(stream), revision, at: 5 }),
    serve(revision: number) {
      server.revision = revision;
      own.observer.served?.(revision);
    },
    say(id: string, policies: number, applied: number | undefined, more: Partial<Statement> = {}) {
      const lacking = applied === policies ? 0 : 1;
      const counts = { connected: 1, pending: lacking, rejected: 0 };
      const said = {
        ...{ host: id, since: 0, policies, counts, behind: [], arrived: [] },
        ...(applied !== undefined && { applied }),
        ...more,
      };
      members.set(id, { id, path: `/${id}`, said });
      tell();
    },
    leave(id: string) {
      members.delete(id);
      tell();
    },
    know(knowledge: Knowledge) {
      others.knowledge = knowledge;
      tell();
    },
  };
}

describe('a wait for the data planes of all replicas', () => {
  test('is over when the last has it, here or there, and leaves nothing behind', async () => {
    for (const lastIsHere of [true, false]) {
      const { say, connect, apply, serve, wait, listeners } = stage();
      connect(1, 'mine');
      say('b', 1, 1);
      const outcome = wait(2);
      const steps = [
        () => {
          serve(20);
          apply(1, 20);
        },
        () => {
          say('b', 2, 1);
          say('b', 2, 2);
        },
      ];
      const [first, last] = lastIsHere ? steps.toReversed() : steps;
      first?.();
      assert.equal(await isPending(outcome), true);
      last?.();
      const { converged, counts, revision } = await outcome;
      assert.deepEqual([converged, counts.applied, revision], [true, 2, 20]);
      assert.equal(listeners.size, 0);
    }
  });

  test('a replica that goes away is not waited for, but its data planes may come here', async () => {
    const { say, leave, connect, apply, serve, wait, last } = stage();
    serve(20);
    say('b', 2, 1);
    const outcome = wait(2);
    leave('b');
    assert.equal(await isPending(outcome), true);
    assert.equal(last().unsettled, true);
    connect(1, 'theirs');
    await until(() => last().counts.pending === 1);
    apply(1, 20);
    const { converged, others } = await outcome;
    assert.deepEqual([converged, others.map(({ type }) => type)], [true, ['gone']]);
  });

  test('of one that had it nothing is to come', async () => {
    const { say, leave, connect, apply, serve, wait, last } = stage();
    serve(20);
    connect(1, 'mine');
    say('b', 2, 2);
    const outcome = wait(2);
    leave('b');
    assert.equal(await isPending(outcome), true);
    assert.deepEqual([last().unsettled, last().others], [false, []]);
    apply(1, 20);
    assert.equal((await outcome).converged, true);
  });

  test('a replica with a new session is not gone', async () => {
    const { say, leave, serve, wait } = stage();
    serve(20);
    say('b', 2, 1);
    const outcome = wait(2);
    leave('b');
    say('b', 2, 2);
    assert.deepEqual(
      (await outcome).others.map(({ type }) => type),
      ['member'],
    );
  });

  test('a data plane that went from here to another is not gone, even when it has it there at once', async () => {
    const { say, connect, disconnect, serve, wait, last } = stage();
    serve(20);
    connect(1, 'mover');
    say('b', 2, 2);
    const outcome = wait(2);
    disconnect(1, 'mover');
    await until(() => last().unsettled);
    assert.equal(last().counts.gone, 1);
    say('b', 2, 2, { arrived: ['mover'], counts: { connected: 2, pending: 0, rejected: 0 } });
    const { converged, counts, own } = await outcome;
    assert.deepEqual([converged, counts.gone, counts.applied, own.behind], [true, 0, 2, []]);
  });

  test('alone nobody can come to another: who goes away ends it', async () => {
    const { connect, disconnect, serve, wait } = stage();
    serve(20);
    connect(1, 'mine');
    const outcome = wait(2);
    disconnect(1, 'mine');
    const { converged, counts, unsettled } = await outcome;
    assert.deepEqual([converged, counts.gone, unsettled], [true, 1, false]);
  });

  test('while the others are being read it is not over; with ZooKeeper away they are what they were', async () => {
    const { say, know, serve, wait } = stage();
    serve(20);
    know('reading');
    const reading = wait(2);
    assert.equal(await isPending(reading), true);
    know('away');
    const { converged, knowledge } = await reading;
    assert.deepEqual([converged, knowledge], [true, 'away']);
    say('b', 2, 1);
    const late = await wait(2, 1);
    assert.deepEqual([late.converged, late.timedOut, late.counts.pending], [false, true, 1]);
    say('b', 2, 2);
    assert.equal((await wait(2)).converged, true);
  });
});

/** Whether it is still waited for when all that was told is done. */
async function isPending(outcome: Promise<unknown>): Promise<boolean> {
  const turns = async () => {
    for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => setImmediate(resolve));
    return true;
  };
  return Promise.race([outcome.then(() => false), turns()]);
}
