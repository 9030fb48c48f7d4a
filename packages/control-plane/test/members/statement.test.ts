import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { memberStanding } from '../../src/members/member-standing.ts';
import type { BehindProxy, Statement } from '../../src/members/statement.ts';
import { decodeStatement, encodeStatement } from '../../src/members/statement-format.ts';

const CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
const decode = (text: string) => decodeStatement(Buffer.from(text));

function statement(more: Partial<Statement> = {}): Statement {
  const counts = { connected: 3, pending: 0, rejected: 0 };
  return {
    ...{ host: 'web-1', since: 1_000, policies: 41, applied: 41, counts },
    ...{ behind: [], arrived: ['x'] },
    ...more,
  };
}
const pending = (id: string, policies?: number): BehindProxy => ({
  id,
  state: 'pending',
  policies,
});
const rejected = (id: string, since: number, policies?: number): BehindProxy => {
  const refused = { typeUrl: CLUSTER, name: 'shop', message: 'bad', since };
  return { id, state: 'rejected', policies, refused };
};

describe('what a replica says', () => {
  test('is read as it was written', () => {
    const counts = { connected: 3, pending: 1, rejected: 1 };
    const behind = [rejected('r', 41, 40), { ...pending('p', 40), refused: undefined }];
    const sourced = { digest: 'abc', pending: 1, rejected: 1, words: ['r: bad'] };
    const said = statement({ applied: 40, counts, behind, sourced });
    const read = decode(encodeStatement('me', said));
    assert.deepEqual(JSON.parse(JSON.stringify(read)), JSON.parse(JSON.stringify(said)));
  });

  test('is bounded, and holds no more than it must', () => {
    const long = 'x'.repeat(100_000);
    const refused = { typeUrl: long, name: long, message: long };
    const behind = Array.from({ length: 20 }, () => ({ ...pending(long), refused }));
    const sourced = { digest: 'd', pending: 0, rejected: 3, words: Array(3).fill(long) };
    const text = encodeStatement(
      'me',
      statement({ behind, sourced, arrived: Array(20).fill(long) }),
    );
    assert.ok(text.length < 32_000, String(text.length));
    // What another wrote is not longer once it is read.
    const many = { dataPlanes: { connected: 1 }, behind: [behind[0]] };
    const read = decode(JSON.stringify({ ...many, host: 'h'.repeat(9_999) }));
    assert.equal(read, undefined, 'longer than any');
    const some = decode(
      JSON.stringify({ ...many, behind: Array(30).fill(pending('p'.repeat(999))) }),
    );
    assert.deepEqual([some?.behind.length, some?.behind[0]?.id.length], [20, 200]);
  });

  test('whatever a znode holds, it is a statement or nothing', () => {
    const data = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .record(
          {
            ...{ host: fc.anything(), since: fc.anything(), policies: fc.anything() },
            applied: fc.oneof(fc.nat(), fc.anything()),
            dataPlanes: fc.oneof(
              fc.record({ connected: fc.nat(), pending: fc.anything() }),
              fc.anything(),
            ),
            behind: fc.oneof(
              fc.array(fc.record({ id: fc.string(), state: fc.anything() })),
              fc.anything(),
            ),
            sourced: fc.oneof(
              fc.record({ digest: fc.string(), pending: fc.anything(), words: fc.anything() }),
              fc.anything(),
            ),
          },
          { requiredKeys: [] },
        )
        .map((value) => Buffer.from(safely(value))),
    );
    fc.assert(
      fc.property(data, fc.nat(50), (bytes, wanted) => {
        const { counts } = memberStanding(decodeStatement(bytes), wanted);
        for (const count of Object.values(counts))
          assert.ok(Number.isSafeInteger(count) && count >= 0);
      }),
    );
  });

  test('without what decides about a wait it is nothing', () => {
    for (const text of ['', 'null', '{}', '[]', '"x"', '{"dataPlanes":{}}'])
      assert.equal(decode(text), undefined, text);
    const counted = '"dataPlanes":{"connected":2}';
    for (const wrong of ['"applied":"41"', '"policies":-1', '"policies":1.5', '"applied":null'])
      assert.equal(decode(`{${counted},${wrong}}`), undefined, wrong);
    assert.equal(decode(`{${counted},"behind":{},"since":"soon","more":1}`)?.counts.connected, 2);
  });
});

describe('how a replica stands to a revision', () => {
  const counts = (said: Statement | undefined, wanted: number) => {
    const { served, counts } = memberStanding(said, wanted);
    return [served, counts.applied, counts.pending, counts.rejected];
  };

  test('by what all have, and by what it serves', () => {
    assert.deepEqual(counts(statement(), 41), [true, 3, 0, 0]);
    assert.deepEqual(counts(statement(), 40), [true, 3, 0, 0]);
    assert.deepEqual(counts(statement(), 42), [false, 0, 3, 0], 'it does not serve it yet');
    assert.deepEqual(counts(undefined, 42), [false, 0, 0, 0], 'it may have any number of them');
  });

  test('one that serves nothing is waited for when it has data planes', () => {
    const none = { connected: 0, pending: 0, rejected: 0 };
    const nothing = { policies: undefined, applied: undefined };
    assert.deepEqual(counts(statement({ ...nothing, counts: none }), 1), [true, 0, 0, 0]);
    assert.deepEqual(counts(statement(nothing), 1), [false, 0, 3, 0]);
    assert.deepEqual(counts(statement({ counts: none }), 42), [false, 0, 0, 0]);
  });

  test('by each that it names, and by the number of the others', () => {
    const behind = [
      rejected('new', 41, 40),
      rejected('old', 40, 39),
      pending('p', 40),
      pending('q'),
    ];
    const said = statement({
      ...{ applied: undefined, behind },
      counts: { connected: 10, pending: 4, rejected: 3 },
    });
    assert.deepEqual(counts(said, 41), [true, 3, 4, 3]);
    // At 40 are one that rejects 41, and one that lacks only 41. The unnamed are what they were.
    assert.deepEqual(counts(said, 40), [true, 5, 3, 2]);
    assert.deepEqual(
      memberStanding(said, 40).behind.map(({ id, state }) => [id, state]),
      [
        ['old', 'rejected'],
        ['q', 'pending'],
      ],
    );
    // What is rejected of 41 keeps nobody from 40.
    const stuck = statement({
      ...{ applied: 39, behind: [rejected('new', 41, 39)] },
      counts: { connected: 1, pending: 0, rejected: 1 },
    });
    assert.deepEqual(counts(stuck, 40), [true, 0, 1, 0]);
    assert.deepEqual(counts(stuck, 41), [true, 0, 0, 1]);
    // What is rejected now may be what the next revision replaces.
    assert.deepEqual(counts(stuck, 42), [false, 0, 1, 0]);
  });

  test('one that says that not all have it, and not who, has nobody who has it', () => {
    assert.deepEqual(counts(statement({ applied: 40 }), 41), [true, 0, 3, 0]);
    assert.deepEqual(counts(statement({ applied: undefined }), 41), [true, 0, 3, 0]);
  });
});

/** JSON of something that may have none. */
function safely(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
