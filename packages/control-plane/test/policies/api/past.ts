import assert from 'node:assert/strict';
import { test } from 'node:test';
import { route } from '../samples.ts';
import { type Answer, names, outcomes, type PolicyApi } from './stage.ts';

/** What was applied, and the way back. */
export function past(api: PolicyApi): void {
  const { call, apply } = api;

  test('history, and back', async () => {
    const first = await apply([route('a', ['orders'])], '?label=alice&reason=because');
    await apply([route('a', ['elsewhere']), route('b', ['orders'])], '?label=bob');
    const { body } = await call('GET', '/history?limit=2');
    assert.deepEqual(
      body.records.map(({ by, label, reason, changes }: Answer['body']) => [
        ...[by, label],
        ...[reason, changes],
      ]),
      [
        [
          ...['loopback', 'bob'],
          undefined,
          [
            { kind: 'HTTPRoute', name: 'a', change: 'changed' },
            { kind: 'HTTPRoute', name: 'b', change: 'created' },
          ],
        ],
        ['loopback', 'alice', 'because', [{ kind: 'HTTPRoute', name: 'a', change: 'created' }]],
      ],
    );
    assert.equal(body.next, first.revision);
    const { body: one } = await call('GET', `/history/${first.revision}`);
    assert.deepEqual(one.changes[0].after, route('a', ['orders']));
    assert.equal((await call('GET', '/history/9999')).body.code, 'not-recorded');

    const back = (query: string, revision: unknown = first.revision) =>
      call('POST', `/rollback${query}`, { revision });
    const dry = (await back('?dryRun')).body;
    assert.equal(outcomes(dry), 'configured,deleted');
    assert.equal(names((await call('GET', '')).body), 'HTTPRoute/a,HTTPRoute/b');
    const done = (await back('?label=carol')).body;
    assert.equal(done.revision, first.revision + 2);
    assert.equal(names((await call('GET', '')).body), 'HTTPRoute/a');
    const { body: newest } = await call('GET', '/history?limit=1');
    assert.equal(newest.records[0].rollbackTo, first.revision);
    assert.equal((await back('', 9999)).body.code, 'not-recorded');
    assert.equal((await back('', 'first')).status, 400);
    // Pages of other sites may send that without asking first.
    assert.equal((await call('POST', '/rollback')).status, 400);
    await api.clear();
  });

  test('a conflict says who and when', async () => {
    const first = await apply([route('a', ['orders'])]);
    await apply([route('a', ['elsewhere'])], '?label=bob');
    const { status, body } = await call('POST', `/apply?ifRevision=${first.revision}`, [
      route('a', ['mine']),
    ]);
    assert.deepEqual([status, body.code], [409, 'conflict']);
    const [{ at, ...conflict }] = body.conflicts;
    assert.match(at, /^20.*Z$/);
    assert.deepEqual(conflict, {
      policy: 'HTTPRoute/a',
      change: 'changed',
      by: 'loopback',
      revision: first.revision + 1,
    });
    await api.clear();
  });
}
