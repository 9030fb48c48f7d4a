import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  effective,
  NO_POLICIES,
  type Policies,
  type Protocol,
  RETRY_DEFAULTS,
  type RetrySettings,
  type ServiceSettings,
  type TrafficPolicy,
} from '../../src/index.ts';

const operator = { source: 'policies', path: 'ServicePolicy/a' };
const registry = { source: 'dubbo', path: '/dubbo/rule' };
const override = { source: 'dubbo', path: '/dubbo/override' };
const said = <T>(value: T, origin = registry) => ({ value, origin });
const RETRIES: RetrySettings = { ...RETRY_DEFAULTS, attempts: 5, on: ['5xx'] };

function settings(of: Partial<ServiceSettings>): ServiceSettings {
  return { origin: operator, ports: [], subsets: [], healthChecks: [], timeouts: {}, ...of };
}

function applied(of?: ServiceSettings): Policies {
  return { ...NO_POLICIES, settings: () => of };
}

function service(policy?: TrafficPolicy, protocol: Protocol = 'grpc') {
  return { name: 'a', protocol, ...(policy && { policy }) };
}

const STATED: TrafficPolicy = {
  loadBalancing: said('round-robin'),
  perTryTimeout: said(1000),
  retries: said(2),
  methods: [
    { method: 'greet', perTryTimeout: said(5000, override), timeout: said(9000) },
    { method: 'list', retries: said(0, override) },
  ],
};

describe('what holds', () => {
  test('is nothing where nobody states anything', () => {
    const { balancing, timeout, perTryTimeout, retries, methods, notApplied } = effective(
      service(),
      NO_POLICIES,
    );
    assert.deepEqual([balancing, timeout, perTryTimeout, retries], Array(4).fill(undefined));
    assert.deepEqual([methods, notApplied], [[], []]);
  });

  test('is what the registry states, of a method before of the service', () => {
    assert.deepEqual(effective(service(STATED), NO_POLICIES), {
      balancing: { ...said({ type: 'weighted-round-robin' }), overridden: [] },
      perTryTimeout: { ...said(1000), overridden: [] },
      retries: { ...said({ ...RETRY_DEFAULTS, attempts: 2 }), overridden: [] },
      methods: [
        {
          method: 'greet',
          timeout: { ...said(9000), overridden: [] },
          perTryTimeout: { ...said(5000, override), overridden: [said(1000)] },
          retries: { ...said({ ...RETRY_DEFAULTS, attempts: 2 }), overridden: [] },
        },
        {
          method: 'list',
          perTryTimeout: { ...said(1000), overridden: [] },
          retries: {
            ...said({ ...RETRY_DEFAULTS, attempts: 0 }, override),
            overridden: [said(2)],
          },
        },
      ],
      notApplied: [],
    });
  });

  test('is what an operator states, before all of the registry, field by field', () => {
    const stated = settings({
      balancing: { type: 'random' },
      timeouts: { perTry: 0 },
      retries: RETRIES,
    });
    assert.deepEqual(effective(service(STATED), applied(stated)), {
      balancing: { ...said({ type: 'random' }, operator), overridden: [said('round-robin')] },
      perTryTimeout: { ...said(0, operator), overridden: [said(1000)] },
      retries: { ...said(RETRIES, operator), overridden: [said(2)] },
      methods: [
        {
          method: 'greet',
          timeout: { ...said(9000), overridden: [] },
          perTryTimeout: {
            ...said(0, operator),
            overridden: [said(5000, override), said(1000)],
          },
          retries: { ...said(RETRIES, operator), overridden: [said(2)] },
        },
        {
          method: 'list',
          perTryTimeout: { ...said(0, operator), overridden: [said(1000)] },
          retries: { ...said(RETRIES, operator), overridden: [said(0, override), said(2)] },
        },
      ],
      notApplied: [],
    });
  });

  test('is the same object while neither changes', () => {
    const stated = settings({ timeouts: { request: 1 } });
    const one = effective(service(STATED), applied(stated));
    assert.equal(effective(service(STATED), applied(stated)), one);
    assert.notEqual(effective(service({ ...STATED }), applied(stated)), one);
    const other = effective(service(STATED), applied(settings({ timeouts: { request: 2 } })));
    assert.equal(other.timeout?.value, 2);
    assert.equal(effective(service(STATED), NO_POLICIES).timeout, undefined);
  });

  test('of services without a registry’s policy goes by what they speak', () => {
    const all = applied(settings({ timeouts: { request: 7 } }));
    const spoken = (protocol: Protocol) => effective(service(undefined, protocol), all);
    const [http, tcp] = [spoken('http'), spoken('tcp')];
    assert.deepEqual([http.timeout?.value, tcp.timeout], [7, undefined]);
    assert.deepEqual([spoken('http'), spoken('tcp')], [http, tcp]);
    assert.ok(spoken('http') === http && spoken('tcp') === tcp);
  });
});

/** What is not applied: what, whose, and how its reason begins. */
function inVain(policy: TrafficPolicy, protocol?: Protocol, of?: ServiceSettings): string[] {
  return effective(service(policy, protocol), applied(of)).notApplied.map(
    ({ what, origin, reason }) =>
      `${what} (${origin.path}): ${reason.slice(0, reason.indexOf(' '))}`,
  );
}

describe('what no data plane does', () => {
  test('is to hash without a key, until an operator says how', () => {
    const hashed: TrafficPolicy = { loadBalancing: said('ring-hash') };
    assert.equal(effective(service(hashed), NO_POLICIES).balancing, undefined);
    assert.deepEqual(inVain(hashed), ['loadBalancing ring-hash (/dubbo/rule): Dubbo']);
    assert.deepEqual(inVain(hashed, 'grpc', settings({ balancing: { type: 'random' } })), []);
  });

  test('is what holds for some callers, what routes by what Dubbo knows, and balancing of a method', () => {
    const policy: TrafficPolicy = {
      methods: [{ method: 'greet', loadBalancing: said('random') }],
      callers: [
        { match: [], timeout: said(5), methods: [{ method: 'list', retries: said(1, override) }] },
      ],
      routing: [{ name: 'tags', value: [], origin: override }],
    };
    assert.deepEqual(inVain(policy), [
      'loadBalancing random of method greet (/dubbo/rule): data',
      'timeout 5 of some callers (/dubbo/rule): it',
      'retries 1 of method list of some callers (/dubbo/override): it',
      'routing tags (/dubbo/override): it',
    ]);
  });

  test('is anything with requests where it sees connections only', () => {
    const { balancing, methods, ...tries } = effective(service(STATED, 'dubbo'), NO_POLICIES);
    assert.equal(balancing?.value.type, 'weighted-round-robin');
    assert.deepEqual([methods, Object.keys(tries)], [[], ['notApplied']]);
    assert.deepEqual(inVain(STATED, 'dubbo'), [
      'perTryTimeout 1000 (/dubbo/rule): data',
      'retries 2 (/dubbo/rule): data',
      'timeout 9000 of method greet (/dubbo/rule): data',
      'perTryTimeout 5000 of method greet (/dubbo/override): data',
      'retries 0 of method list (/dubbo/override): data',
    ]);
    const spoken = settings({ protocol: 'http2' });
    assert.deepEqual(inVain(STATED, 'dubbo', spoken), []);
  });
});
