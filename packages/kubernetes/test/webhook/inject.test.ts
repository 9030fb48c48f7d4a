import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createProgram } from 'meshkeeper';
import { inject } from '../../src/webhook/inject.ts';
import type { Pod } from '../../src/webhook/pod.ts';
import { review } from '../../src/webhook/review.ts';

const TEMPLATE = {
  image: 'meshkeeper:1',
  server: 'https://meshkeeper.meshkeeper.svc:7070',
  xds: 'meshkeeper.meshkeeper.svc:7071',
};

function pod(annotations: Record<string, string> = {}, over: Partial<Pod['spec']> = {}): Pod {
  return {
    metadata: { labels: { 'meshkeeper.io/inject': 'true' }, annotations },
    spec: { containers: [{ name: 'app', ports: [{ containerPort: 8080 }] }], ...over },
  };
}

function args(of: Pod): readonly string[] {
  const injection = inject(of, TEMPLATE);
  assert.equal(injection.type, 'patch');
  assert.ok(injection.type === 'patch');
  const value = injection.patch[0]!.value as { args: string[] } | { args: string[] }[];
  return (Array.isArray(value) ? value[0]! : value).args;
}

const ORDERS = { 'meshkeeper.io/service': 'orders' };

describe('injection', () => {
  it('adds a native sidecar', () => {
    const injection = inject(pod(ORDERS), TEMPLATE);
    assert.ok(injection.type === 'patch');
    assert.deepEqual(
      injection.patch.map(({ path }) => path),
      ['/spec/initContainers', '/spec/volumes'],
    );
    const [container] = injection.patch[0]!.value as Record<string, unknown>[];
    assert.equal(container?.restartPolicy, 'Always');
    assert.ok(args(pod(ORDERS)).join(' ').includes('--service orders --port 8080'));
  });

  it('goes before init containers that there are', () => {
    const injection = inject(
      pod(ORDERS, { initContainers: [{ name: 'migrate' }], volumes: [{ name: 'data' }] }),
      TEMPLATE,
    );
    assert.ok(injection.type === 'patch');
    assert.deepEqual(
      injection.patch.map(({ path }) => path),
      ['/spec/initContainers/0', '/spec/volumes/0'],
    );
  });

  it('leaves alone what has one, and what does not ask', () => {
    const has = pod(ORDERS, { initContainers: [{ name: 'meshkeeper-sidecar' }] });
    assert.equal(inject(has, TEMPLATE).type, 'none');
    assert.equal(
      inject({ ...pod(ORDERS), metadata: { annotations: ORDERS } }, TEMPLATE).type,
      'none',
    );
  });

  it('takes the name of the app, the first TCP port and the check', () => {
    const named: Pod = {
      metadata: {
        labels: { 'meshkeeper.io/inject': 'true', 'app.kubernetes.io/name': 'cart' },
        annotations: { 'meshkeeper.io/check': '/healthz' },
      },
      spec: {
        containers: [
          { name: 'dns', ports: [{ containerPort: 53, protocol: 'UDP' }] },
          { name: 'app', ports: [{ containerPort: 9090, protocol: 'TCP' }] },
        ],
      },
    };
    const told = args(named).join(' ');
    assert.match(told, /--service cart --port 9090 /);
    assert.match(told, /--check \/healthz/);
    assert.match(args(pod({ ...ORDERS, 'meshkeeper.io/port': '81' })).join(' '), /--port 81 /);
  });

  it('starts the sidecar with flags that it has', () => {
    const [name, ...flags] = args(pod({ ...ORDERS, 'meshkeeper.io/check': '/healthz' }));
    const program = createProgram();
    const command = program.commands.find((each) => each.name() === name);
    const { unknown, operands } = command!.parseOptions(flags);
    assert.deepEqual([program.parseOptions(unknown).unknown, operands], [[], []]);
  });

  it('refuses what does not say enough, and says what to write', () => {
    const message = (of: Pod) => {
      const injection = inject(of, TEMPLATE);
      assert.ok(injection.type === 'refused');
      return injection.message;
    };
    assert.match(message(pod()), /annotation meshkeeper\.io\/service/);
    assert.match(message(pod({ ...ORDERS, 'meshkeeper.io/port': 'web' })), /is no number/);
    assert.match(message(pod({ ...ORDERS, 'meshkeeper.io/port': '70000' })), /1 to 65535/);
    assert.match(message(pod(ORDERS, { containers: [{ name: 'a' }] })), /containerPort/);
    assert.match(message(pod(ORDERS, { hostNetwork: true })), /network of its node/);
  });
});

describe('reviews', () => {
  const asked = (object: unknown, over: object = {}) => ({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u1',
      operation: 'CREATE',
      resource: { group: '', version: 'v1', resource: 'pods' },
      object,
      ...over,
    },
  });

  it('answer with a patch, under the uid that was asked', () => {
    const { response } = review(asked(pod(ORDERS)), TEMPLATE)!;
    assert.deepEqual(
      [response.uid, response.allowed, response.patchType],
      ['u1', true, 'JSONPatch'],
    );
    assert.equal(JSON.parse(Buffer.from(response.patch!, 'base64').toString()).length, 2);
  });

  it('deny with a reason', () => {
    const { response } = review(asked(pod()), TEMPLATE)!;
    assert.deepEqual([response.allowed, response.status?.code], [false, 422]);
  });

  it('let everything else through', () => {
    for (const each of [
      asked(pod(ORDERS), { operation: 'UPDATE' }),
      asked(pod(ORDERS), { subResource: 'ephemeralcontainers' }),
      asked({ spec: { containers: 'none' } }),
      asked(null),
    ]) {
      const { response } = review(each, TEMPLATE)!;
      assert.deepEqual([response.allowed, response.patch], [true, undefined]);
    }
  });

  it('of nothing are none', () => {
    for (const body of [undefined, 'x', {}, { ...asked(pod()), kind: 'Pod' }])
      assert.equal(review(body, TEMPLATE), undefined);
  });
});
