import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { oneProxyText, proxiesText } from '../src/output/proxies.ts';
import { proxyChangeLines } from '../src/output/proxy-change-lines.ts';
import { span } from '../src/output/span.ts';
import type { ProxiesView, RefusedView, StreamView } from '../src/proxies.ts';

const AT = '2026-01-01T12:00:10.000Z';

function stream(over: Partial<StreamView> = {}): StreamView {
  const type = { wildcard: true, subscribed: 0, sentVersion: 'v2', ackedVersion: 'v1' };
  return {
    ...{ stream: 1, id: 'edge', cluster: 'gateway', variant: 'delta', peer: '10.0.0.1:5' },
    ...{ userAgent: 'envoy', userAgentVersion: '1.40.0' },
    ...{ connectedSince: '2026-01-01T12:00:00.000Z', appliedRevision: 7, state: 'synced' },
    locality: { region: 'eu', zone: '', subzone: '' },
    types: [{ ...type, type: 'Cluster', state: 'synced', ackedAt: AT }],
    refused: [],
    ...over,
  };
}

function refused(name: string, over: Partial<RefusedView> = {}): RefusedView {
  const at = '2026-01-01T12:00:05.000Z';
  return { type: 'Cluster', name, version: 'v3', message: 'bad\n', at, certain: true, ...over };
}

const view = (...proxies: StreamView[]): ProxiesView => {
  return { at: AT, revision: 9, proxies, departed: [] };
};

describe('data planes for people', () => {
  test('a row each stream; how far behind it is; what went away', () => {
    const { types: _, refused: __, state: ___, ...gone } = stream({ stream: 3, id: 'old' });
    const text = proxiesText({
      ...view(
        stream(),
        stream({ id: 'late', behind: { revisions: 2, since: '2026-01-01T11:57:00.000Z' } }),
      ),
      departed: [{ ...gone, disconnectedSince: AT }],
    });
    assert.deepEqual(
      text.split('\n').map((line) => line.replace(/ {2,}/g, ' | ')),
      [
        'ID | CLUSTER | CDS | EDS | LDS | RDS | BEHIND | AGENT | SINCE',
        'edge | gateway | synced | - | - | - | - | envoy 1.40.0 | 2026-01-01T12:00:00.000Z',
        'late | gateway | synced | - | - | - | 2 (3m) | envoy 1.40.0 | 2026-01-01T12:00:00.000Z',
        `old | gateway | - | - | - | - | - | envoy 1.40.0 | gone since ${AT}`,
      ],
    );
    assert.match(proxiesText(view()), /^no data plane is connected: start one/);
  });

  test('a column for secrets and virtual hosts only where somebody asks for them', () => {
    const asked = (type: string) => {
      const state = { state: 'synced', wildcard: false, subscribed: 1, sentVersion: 'v' } as const;
      return stream({ types: [{ ...state, type }] });
    };
    assert.match(proxiesText(view(asked('Secret'))), /RDS +SDS +BEHIND/);
    const both = proxiesText(view(asked('Secret'), asked('VirtualHost')));
    assert.match(both, /RDS +VHDS +SDS +BEHIND/);
  });

  test('what is rejected: by name, or that it is one of those that came together', () => {
    const together = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) =>
      refused(name, { certain: false, type: 'Listener' }),
    );
    const text = proxiesText(view(stream({ refused: [refused('shop'), ...together] })));
    const since = '2026-01-01T12:00:05.000Z (5s)';
    assert.deepEqual(text.split('\n').slice(-2), [
      `edge rejects CDS shop since ${since}: bad`,
      `edge rejects LDS one or more of a, b, c, d, e and 1 more since ${since}: bad`,
    ]);
  });

  test('one of them: where it is, what it has of each type, what it reports', () => {
    const load = {
      ...{ cluster: 'shop', requestsPerSecond: 12.5, errorsPerSecond: 0.1, inProgress: 3 },
      ...{ dropped: 1, interval: 10_000 },
    };
    const text = oneProxyText({
      ...{ at: AT, id: 'edge', revision: 7, streams: [stream()] },
      load: [load, { ...load, cluster: 'idle', requestsPerSecond: 0, inProgress: 0, dropped: 0 }],
    });
    assert.doesNotMatch(text, /idle/);
    for (const line of [
      /^edge \(gateway\): envoy 1\.40\.0, delta, from 10\.0\.0\.1:5$/m,
      /^ {2}connected since 2026-01-01T12:00:00\.000Z \(10s\)$/m,
      /^ {2}region eu$/m,
      /^ {2}has applied revision 7, the newest$/m,
      /^CDS +synced +all +v2 +v1 +2026-01-01T12:00:10\.000Z$/m,
      /^shop +12\.5 +0\.1 +3 +1 +10s$/m,
    ])
      assert.match(text, line);
  });

  test('its own words can not move the cursor', () => {
    const wipe = '\u001b[2J';
    const text = proxiesText(view(stream({ id: `x${wipe}`, refused: [refused(wipe)] })));
    assert.ok(!text.includes(wipe), text);
  });
});

test('what changed of data planes, as lines', () => {
  const first = view(stream(), stream({ stream: 2, id: 'other' }));
  assert.deepEqual(proxyChangeLines(undefined, view(stream())), [
    `${AT}  edge  connected  envoy 1.40.0`,
    `${AT}  edge  has applied revision 7`,
  ]);
  assert.deepEqual(proxyChangeLines(first, first), []);
  const later = view(stream({ appliedRevision: 8, refused: [refused('shop')] }));
  assert.deepEqual(proxyChangeLines(first, later), [
    `${AT}  other  disconnected`,
    `${AT}  edge  rejects CDS shop: bad`,
    `${AT}  edge  has applied revision 8`,
  ]);
  assert.deepEqual(proxyChangeLines(later, later), [], 'a rejection that lasts is told once');
});

test('a span in its largest unit', () => {
  const spans = [-5, 999, 59_999, 60_000, 3_600_000, 172_800_000].map(span);
  assert.deepEqual(spans, ['0s', '0s', '59s', '1m', '1h', '2d']);
});
