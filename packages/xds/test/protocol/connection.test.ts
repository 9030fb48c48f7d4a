import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { mock, test } from 'node:test';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { DeltaDiscoveryRequest } from '../../src/codec/messages.ts';
import { RESOURCE_TYPES, type ResourceType } from '../../src/index.ts';
import { SILENT } from '../../src/logger.ts';
import { Connection } from '../../src/server/connection.ts';
import { DiscoveryStream } from '../../src/server/discovery-stream.ts';
import { brief, Harness, type Sent, sentBy } from './harness.ts';

/** A stream that takes everything at once, and what was written to it. */
class Call extends Duplex {
  readonly sent: Sent[] = [];

  constructor() {
    super({ objectMode: true });
  }

  getPeer(): string {
    return 'test';
  }

  override _read(): void {}

  override _write(bytes: Buffer, _: string, done: () => void): void {
    this.sent.push(sentBy('delta', bytes));
    done();
  }
}

test('what endpoints wait for is over when it is, also while a cluster is not accepted', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const harness = new Harness();
    let now = 1000;
    const call = new Call();
    const stream: DiscoveryStream = new DiscoveryStream('delta', harness.context, () => {
      connection.flush();
    });
    // As much of a call as a connection uses.
    const grpc = call as unknown as ServerDuplexStream<Buffer, Buffer>;
    const connection = new Connection(grpc, { path: '', variant: 'delta' }, stream, 1, {
      ...{ clock: () => now, logger: SILENT, observer: {} },
      ...{ isReady: () => true, closed: () => {} },
    });
    const request = async (type: ResourceType, fields: object) => {
      const { typeUrl } = RESOURCE_TYPES[type];
      call.push(Buffer.from(DeltaDiscoveryRequest.encode({ typeUrl, ...fields }).finish()));
      await new Promise(setImmediate);
    };
    /** What came since; accepted unless it is to be left open. */
    const receive = async (accept: boolean) => {
      await new Promise(setImmediate);
      const came = call.sent.splice(0);
      for (const { type = 'cluster', nonce } of accept ? came : [])
        await request(type, { responseNonce: nonce });
      return brief(came);
    };
    harness.set('cluster', { a: 1 });
    harness.set('endpoint', { a: 1, b: 1 });
    await request('cluster', { resourceNamesSubscribe: ['*'] });
    await request('endpoint', { resourceNamesSubscribe: ['a', 'b'] });
    assert.deepEqual(await receive(true), ['cluster: a', 'endpoint: a b']);

    harness.set('cluster', { a: 2 });
    assert.deepEqual(await receive(false), ['cluster: a', 'endpoint: a']);
    // Held for seconds, by what was not accepted.
    harness.set('cluster', { a: 3 });
    // And this for some milliseconds.
    harness.set('endpoint', { b: 2 });
    assert.deepEqual(await receive(false), []);
    now += 21;
    mock.timers.tick(21);
    assert.deepEqual(await receive(false), ['endpoint: b']);
    now += 5000;
    mock.timers.tick(5000);
    assert.deepEqual(await receive(false), ['cluster: a', 'endpoint: a']);
    connection.end();
  } finally {
    mock.timers.reset();
  }
});
