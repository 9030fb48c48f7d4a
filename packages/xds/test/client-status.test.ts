import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, credentials, status } from '@grpc/grpc-js';
import { until } from '@meshkeeper/testbed';
import {
  ClientResourceStatus,
  ClientStatusRequest,
  ClientStatusResponse,
  ConfigStatus,
  type NodeMatcher,
} from '../src/codec/messages.ts';
import { formatHostPort } from '../src/index.ts';
import { Rig } from './conformance/rig.ts';
import { VARIANTS } from './conformance/variants.ts';

const CSDS = '/envoy.service.status.v3.ClientStatusDiscoveryService';
const asIs = (bytes: Buffer) => bytes;

let rig: Rig;
let client: Client;
before(async () => {
  rig = await Rig.start();
  client = new Client(formatHostPort(rig.server.xds), credentials.createInsecure());
});
after(async () => {
  client.close();
  await rig[Symbol.asyncDispose]();
});

const encode = (nodeMatchers: NodeMatcher[]) =>
  Buffer.from(ClientStatusRequest.encode({ nodeMatchers }).finish());

function fetch(
  nodeMatchers: NodeMatcher[],
): Promise<ReturnType<typeof ClientStatusResponse.decode>> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `${CSDS}/FetchClientStatus`,
      asIs,
      asIs,
      encode(nodeMatchers),
      (error, bytes) => {
        if (error !== null || bytes === undefined) reject(error ?? new Error('no bytes'));
        else resolve(ClientStatusResponse.decode(bytes));
      },
    );
  });
}

describe('client status (CSDS)', () => {
  for (const variant of VARIANTS) {
    test(`what was accepted, rejected, and is not there: ${variant.title}`, async () => {
      using scene = rig.connect(variant);
      const { peer } = scene;
      await scene.set('1', { endpoint: ['good', 'bad'] });
      peer.subscribe('endpoint', 'good', 'bad', 'none');
      await peer.accept('endpoint');
      await scene.update('endpoint', 'bad', '2');
      peer.nack(await peer.next('endpoint'), 'not so');
      await scene.quiet('endpoint');
      const states = await until(async () => {
        const { config } = await fetch([{ nodeId: { exact: scene.node } }]);
        const configs = config[0]?.genericXdsConfigs ?? [];
        return (
          configs.every((each) => each.clientStatus !== ClientResourceStatus.REQUESTED) && configs
        );
      }, {});
      const of = (name: string) => states.find((each) => each.name === name);
      const { ACKED, NACKED, DOES_NOT_EXIST } = ClientResourceStatus;
      const { SYNCED, ERROR, NOT_SENT } = ConfigStatus;
      assert.deepEqual([of('good')?.clientStatus, of('good')?.configStatus], [ACKED, SYNCED]);
      assert.equal(of('good')?.versionInfo, '1');
      assert.deepEqual([of('bad')?.clientStatus, of('bad')?.configStatus], [NACKED, ERROR]);
      assert.deepEqual(
        [of('bad')?.errorState?.details, of('bad')?.errorState?.versionInfo],
        ['not so', '2'],
      );
      const none = of('none');
      assert.deepEqual([none?.clientStatus, none?.configStatus], [DOES_NOT_EXIST, NOT_SENT]);
    });
  }

  test('by stream, and by matchers of the node id', async () => {
    const [variant] = VARIANTS;
    assert.ok(variant);
    using one = rig.connect(variant);
    using other = rig.connect(variant);
    for (const scene of [one, other]) {
      scene.peer.wildcard('cluster');
      await scene.peer.accept('cluster');
    }
    const ids = async (matcher: NodeMatcher) => {
      const { config } = await fetch([matcher]);
      return config.map(({ node }) => node?.id);
    };
    assert.deepEqual(await ids({ nodeId: { exact: one.node } }), [one.node]);
    assert.deepEqual(await ids({ nodeId: { suffix: other.node.slice(-2) } }), [other.node]);
    const all = { nodeId: { prefix: 'TEST-', ignoreCase: true } };
    assert.deepEqual((await ids(all)).toSorted(), [one.node, other.node].toSorted());
    assert.deepEqual(await ids({ nodeId: { contains: 'nobody' } }), []);
    await assert.rejects(fetch([{}]), { code: status.INVALID_ARGUMENT });

    const call = client.makeBidiStreamRequest(`${CSDS}/StreamClientStatus`, asIs, asIs);
    const answer = new Promise<Buffer>((resolve) => call.once('data', resolve));
    call.write(encode([{ nodeId: { exact: one.node } }]));
    const { config } = ClientStatusResponse.decode(await answer);
    assert.deepEqual(
      config.map(({ node }) => node?.id),
      [one.node],
    );
    call.end();
  });
});
