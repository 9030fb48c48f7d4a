import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ControlPlane, loadConfig, startControlPlane } from '@meshkeeper/control-plane';
import { until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { meshkeeper } from './support/command.ts';

const ORDERS = 'com.acme.Orders';
const RULE = `/dubbo/config/dubbo/${ORDERS}::.condition-router`;

describe('meshkeeper authz check', () => {
  const stack = new AsyncDisposableStack();
  let plane: ControlPlane;
  let zk: ZooKeeper;
  const run = (...args: readonly string[]) =>
    meshkeeper(['--server', plane.api, '-o', 'json', 'authz', 'check', ...args]);
  const check = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(stderr, '');
    const { allowed, ...told } = JSON.parse(stdout);
    assert.equal(code, allowed ? 0 : 3);
    return { allowed, ...told };
  };

  before(async () => {
    const server = stack.use(await startZooKeeperServer({ port: 0, tickTime: 200 }));
    zk = stack.use(await connect({ connect: server.connect }));
    const url = `dubbo://127.0.0.1:20880/${ORDERS}?application=bank&interface=${ORDERS}&side=provider`;
    const provider = `/dubbo/${ORDERS}/providers/${encodeURIComponent(url)}`;
    await zk.create(provider, '', { parents: true });
    const listen = '127.0.0.1:0';
    const loaded = await loadConfig({
      flags: {
        zookeeper: { connect: server.connect },
        controlPlane: { api: { listen }, xds: { listen }, dns: { listen } },
      },
    });
    const dubbo = { name: 'dubbo', dialect: 'dubbo', root: '/dubbo', priority: 0, prefix: '' };
    const config = { ...loaded, registries: [dubbo] };
    const logger = { debug() {}, info() {}, warn() {} };
    plane = stack.use(await startControlPlane({ config, logger }));
    await plane.ready;
  });
  after(() => stack.disposeAsync());

  test('what nobody refuses is allowed, and it is said what that does not mean', async () => {
    const { allowed, from, decidedBy, notes } = await check('shop', ORDERS);
    assert.ok(allowed);
    assert.deepEqual(from, { service: 'shop', spiffeId: 'spiffe://mesh/service/shop' });
    assert.equal(decidedBy, undefined);
    assert.match(notes[0], /everybody call whom they can reach/);
  });

  test('a rule that refuses a caller is told, with who says so, who keeps to it, and what it relies on', async () => {
    const conditions = ['application=shop =>', 'method=drop & attachments[tier]=lead =>'];
    await zk.create(RULE, JSON.stringify({ force: true, conditions }), { parents: true });
    const url = `${plane.api}/api/v1/authz/check?from=shop&to=${ORDERS}`;
    const isAllowed = async () => {
      const verdict: { readonly allowed?: boolean } = JSON.parse(await (await fetch(url)).text());
      return verdict.allowed;
    };
    await until(async () => (await isAllowed()) === false);
    const denied = await check('shop', ORDERS);
    assert.deepEqual(denied.decidedBy, {
      rule: `condition ${conditions[0]}`,
      ...{ source: 'dubbo', path: RULE },
    });
    assert.ok(denied.unproven.includes('application'));
    assert.match(denied.notes.join(), /Dubbo's own clients.*only mutual TLS could prove/);
    assert.deepEqual(
      (await check('spiffe://mesh/service/shop', ORDERS)).decidedBy,
      denied.decidedBy,
      'a name, or the identity of it',
    );
    assert.ok((await check('bank', ORDERS)).allowed);
    assert.ok((await check('bank', ORDERS, '--method', 'drop')).allowed);
    const lead = ['--method', 'drop', '--header', 'tier=lead', '--header', 'a=b=c'];
    const dropped = await check('bank', ORDERS, ...lead);
    assert.equal(dropped.decidedBy.rule, `condition ${conditions[1]}`);
    const foreign = await check('spiffe://elsewhere/service/shop', ORDERS);
    assert.deepEqual([foreign.allowed, foreign.from.service], [true, undefined]);
    assert.match(foreign.notes.join(), /another trust domain/);
    const table = await meshkeeper([
      ...['--server', plane.api, '-o', 'table', 'authz', 'check', 'shop', ORDERS],
    ]);
    assert.equal(table.code, 3);
    assert.match(table.stdout, /^denied: shop calls com\.acme\.Orders\n {2}by the rule "condition/);
  });

  test('a service that there is not is not found; what is no caller and no header is told', async () => {
    const unknown = await run('shop', 'com.acme.Order');
    assert.equal(unknown.code, 3);
    assert.match(unknown.stderr, /no service is called "com\.acme\.Order".*"com\.acme\.Orders"/);
    assert.equal((await run('spiffe://mesh/orders', ORDERS)).code, 1);
    assert.equal((await run('shop', ORDERS, '--header', 'tier')).code, 2);
  });
});
