import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration, type HealthCheck } from '@meshkeeper/xds';
import fc from 'fast-check';
import { parseHealthCheck } from '../../src/config/health-check-config.ts';
import { Problems } from '../../src/config/problems.ts';
import { checkInterval } from '../../src/health/check-interval.ts';
import { CheckSlots } from '../../src/health/check-slots.ts';
import { afterCheck, type CheckState, type ProbeResult } from '../../src/health/check-state.ts';

const SUCCESS: ProbeResult = { type: 'success' };
const wrong: ProbeResult = { type: 'failure', kind: 'answered', detail: 'status 500' };
const silent: ProbeResult = { type: 'failure', kind: 'unreachable', detail: 'refused' };
const THRESHOLDS = { unhealthyThreshold: 3, healthyThreshold: 2 };

/** The states that a row of results leads through: p(assing), f(ailing) or u(nchecked). */
function states(results: readonly ProbeResult[]): string {
  let state: CheckState = { type: 'unchecked' };
  const next = (result: ProbeResult) => {
    state = afterCheck(state, result, THRESHOLDS);
    return state.type[0];
  };
  return results.map(next).join('');
}

test('the first check decides, then the thresholds; a wrong answer needs none', () => {
  assert.equal(states([SUCCESS]), 'p');
  assert.equal(states([silent]), 'f');
  assert.equal(states([silent, SUCCESS, SUCCESS]), 'ffp');
  assert.equal(states([silent, SUCCESS, silent, SUCCESS, SUCCESS]), 'ffffp', 'in a row');
  assert.equal(states([SUCCESS, silent, silent, SUCCESS, silent, silent, silent]), 'ppppppf');
  assert.equal(states([SUCCESS, wrong]), 'pf');
});

test('whatever is found, health changes only after as much in a row as it takes', () => {
  const result = fc.constantFrom(SUCCESS, wrong, silent);
  fc.assert(
    fc.property(fc.array(result, { minLength: 1, maxLength: 50 }), (results) => {
      const seen = states(results);
      for (let i = 1; i < seen.length; i++) {
        if (seen[i] === seen[i - 1]) continue;
        const last = results.slice(Math.max(0, i - (seen[i] === 'p' ? 1 : 2)), i + 1);
        if (seen[i] === 'p') assert(last.every(({ type }) => type === 'success'));
        else assert(results[i] === wrong || last.every((each) => each === silent));
      }
    }),
    { seed: 4 },
  );
});

const parse = (message: HealthCheck) => {
  const problems = new Problems();
  const config = parseHealthCheck(message, problems);
  return { config, text: problems.text };
};

const CHECK: HealthCheck = {
  timeout: duration(1000),
  interval: duration(10_000),
  unhealthyThreshold: { value: 3 },
  healthyThreshold: { value: 2 },
  httpHealthCheck: { path: '/' },
};

test('how long it is to the next check depends on what is known', () => {
  const { config } = parse({
    ...CHECK,
    unhealthyInterval: duration(2000),
    unhealthyEdgeInterval: duration(500),
    healthyEdgeInterval: duration(300),
    noTrafficHealthyInterval: duration(90_000),
  });
  const none = () => 0;
  const at = (state: CheckState, used = true) => checkInterval(config.timing, state, used, none);
  assert.equal(at({ type: 'passing', failures: 0 }), 10_000);
  assert.equal(at({ type: 'passing', failures: 1 }), 300);
  assert.equal(at({ type: 'failing', successes: 0 }), 2000);
  assert.equal(at({ type: 'failing', successes: 1 }), 500);
  assert.equal(at({ type: 'passing', failures: 0 }, false), 90_000);
  assert.equal(at({ type: 'failing', successes: 0 }, false), 60_000);
  const { timing } = parse({
    ...CHECK,
    intervalJitter: duration(100),
    intervalJitterPercent: 20,
  }).config;
  const jittered = checkInterval(timing, { type: 'passing', failures: 0 }, true, () => 0.5);
  assert.equal(jittered, 10_000 + 1000 + 50);
});

test('a check that Envoy would not take, or that can’t be made here, is refused by its name', () => {
  assert.equal(parse(CHECK).text, undefined);
  const cases: [HealthCheck, RegExp][] = [
    [{ ...CHECK, timeout: null }, /^timeout/],
    [{ ...CHECK, interval: duration(0) }, /^interval/],
    [{ ...CHECK, unhealthyThreshold: null }, /^unhealthy_threshold/],
    [{ ...CHECK, healthyThreshold: null }, /^healthy_threshold/],
    [{ ...CHECK, httpHealthCheck: null }, /^health_checker/],
    [{ ...CHECK, httpHealthCheck: { path: 'x' } }, /^http_health_check\.path/],
    [{ ...CHECK, httpHealthCheck: { path: '/', method: 6 } }, /^http_health_check\.method/],
    [{ ...CHECK, httpHealthCheck: { path: '/', codecClientType: 2 } }, /codec_client_type/],
    [
      { ...CHECK, httpHealthCheck: { path: '/', send: { text: '00' } } },
      /^http_health_check\.send/,
    ],
    [
      { ...CHECK, httpHealthCheck: null, tcpHealthCheck: { send: { text: 'xyz' } } },
      /^tcp_health_check\.send\.text/,
    ],
  ];
  for (const [message, expected] of cases) assert.match(parse(message).text ?? '', expected);
});

test('no more checks run at once than there are slots', () => {
  const slots = new CheckSlots(2);
  const begun: number[] = [];
  const giveUp = [1, 2, 3, 4].map((i) => slots.take(() => begun.push(i)));
  assert.deepEqual(begun, [1, 2]);
  giveUp[2]!();
  slots.release();
  assert.deepEqual(begun, [1, 2, 4]);
  slots.release();
  slots.release();
  slots.take(() => begun.push(5));
  slots.take(() => begun.push(6));
  slots.take(() => begun.push(7));
  assert.deepEqual(begun, [1, 2, 4, 5, 6]);
});
