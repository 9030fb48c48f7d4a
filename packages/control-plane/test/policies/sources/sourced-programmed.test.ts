import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Progress, ProxyStanding } from '../../../src/convergence/standing.ts';
import type { Member } from '../../../src/members/other-members.ts';
import type { SourcedStatement, Statement } from '../../../src/members/statement.ts';
import { programmedAt } from '../../../src/policies/sourced-programmed.ts';
import { connectedProxy } from '../../connected-proxy.ts';

function own(counts: Partial<Progress['counts']>, behind: readonly ProxyStanding[] = []): Progress {
  const none = { applied: 0, pending: 0, rejected: 0, gone: 0 };
  return { revision: 7, served: true, counts: { ...none, ...counts }, behind };
}

function member(connected: number, sourced?: Partial<SourcedStatement>): Member {
  const said = {
    ...{ host: 'h', since: 0, behind: [], arrived: [] },
    counts: { connected, pending: 0, rejected: 0 },
    ...(sourced && { sourced: { digest: 'd', pending: 0, rejected: 0, words: [], ...sourced } }),
  } satisfies Statement;
  return { id: 'other', path: '/meshkeeper/members/other', said };
}

const found = (progress: Progress, ...others: readonly Member[]) => {
  const { status, reason, message } = programmedAt(progress, 'd', others);
  return `${status} ${reason} ${message}`.trim();
};

describe('whether all data planes have what a source has', () => {
  test('by those of this replica', () => {
    assert.equal(found(own({ applied: 2 })), 'True Programmed');
    assert.equal(
      found(own({ applied: 2, pending: 1 })),
      'False Pending 1 data plane does not have it yet',
    );
    assert.equal(found(own({})), 'Unknown NoDataPlane no data plane is connected');
    assert.equal(found(own({ gone: 1 })), 'Unknown NoDataPlane no data plane is connected');
    const refused = [{ type: 'route', name: 'outbound', message: 'no', since: 7 }] as never;
    const standing = { type: 'rejected', revision: undefined, refused } as const;
    const behind = [{ proxy: connectedProxy(1, 'envoy-1'), standing }];
    assert.equal(found(own({ pending: 1, rejected: 1 }, behind)), 'False Rejected envoy-1: no');
  });

  test('and by what the others say of theirs, if that is the same', () => {
    assert.equal(found(own({}), member(2, {})), 'True Programmed');
    assert.match(found(own({ applied: 1 }), member(2, { pending: 1 })), /^False Pending 1 /);
    const words = ['envoy-2: never'];
    assert.equal(
      found(own({ applied: 1 }), member(2, { rejected: 1, words })),
      'False Rejected envoy-2: never',
    );
    // Of something else, or of nothing, all of its data planes are on their way.
    assert.match(found(own({ applied: 1 }), member(2, { digest: 'x' })), /^False Pending 2 /);
    assert.match(found(own({ applied: 1 }), member(2)), /^False Pending 2 /);
    assert.equal(found(own({ applied: 1 }), member(0)), 'True Programmed');
    const unread = { ...member(0), said: undefined };
    assert.match(found(own({ applied: 1 }), unread), /^False Pending what the replica other says/);
  });
});
