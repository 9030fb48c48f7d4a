import { describe, test } from 'node:test';
import { skipWithout, startZooKeeper, tempDir } from '@meshkeeper/testbed';
import { startMeshkeeper } from '../support/command.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { dataPlanes } from '../support/data-plane.ts';
import { scenario } from './scenario.ts';

interface Server extends AsyncDisposable {
  readonly connect: string;
}

/** The servers there are, by name. */
const servers: Readonly<Record<string, () => Promise<Server>>> = {
  'Apache ZooKeeper': () => startZooKeeper(),
  async 'the embedded server'() {
    const data = await tempDir();
    const server = await startMeshkeeper(['zookeeper', '--port', '0', '--data', data.path]);
    return {
      connect: server.ready.zookeeper,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await data.close();
      },
    };
  },
};

const skip = skipWithout('zookeeper', 'envoy', 'curator');

// What takes most of the time is waiting for sessions to end, which the two can do together.
describe('one scenario', { skip, concurrency: true }, () => {
  for (const [serverName, startServer] of Object.entries(servers))
    test(`on ${serverName}`, async (t) => {
      await using server = await startServer();
      await using controlPlane = await startControlPlane(server.connect);
      const { api, xds } = controlPlane.ready;
      for (const [name, startDataPlane] of Object.entries(dataPlanes))
        await t.test(`with ${name}`, async (t) => {
          await using dataPlane = await startDataPlane(xds, 'the-gateway');
          await scenario(t, { zookeeper: server.connect, api, dataPlane });
        });
    });
});
