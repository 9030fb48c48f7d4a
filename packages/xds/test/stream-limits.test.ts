import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { describe, test } from 'node:test';
import { Client, credentials, status } from '@grpc/grpc-js';
import { until } from '@meshkeeper/testbed';
import { DeltaDiscoveryRequest } from '../src/codec/messages.ts';
import { formatHostPort, RESOURCE_TYPES, startXdsServer, type XdsServer } from '../src/index.ts';
import { bytesMethod, DELTA_ADS } from '../src/server/services.ts';
import { Catalog, service } from './fixture.ts';

const listen = { host: '127.0.0.1', port: 0 };
const signal = AbortSignal.timeout(20_000);

/** A bare incremental stream, and the code of the status that it ends with. */
function open(server: XdsServer) {
  const address = formatHostPort(server.address);
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_send_message_length': -1,
  });
  const { path, requestSerialize, responseDeserialize } = bytesMethod(DELTA_ADS);
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const ended = new Promise<number>((resolve) => {
    call.on('error', (error: Error & { code: number }) => resolve(error.code));
    call.on('end', () => resolve(status.OK));
  });
  const send = (request: DeltaDiscoveryRequest) =>
    call.write(Buffer.from(DeltaDiscoveryRequest.encode(request).finish()));
  return { client, call, ended, send };
}

describe('limits of a stream', () => {
  test('a stream that takes nothing is ended, the others are served', async () => {
    await using server = await startXdsServer({ listen, stallTimeout: 200 }, { signal });
    const catalog = new Catalog();
    const services = Array.from({ length: 8000 }, (_, i) => service(`service-${i}`, [1]));
    server.update(...catalog.put(...services));
    const session = connect(`http://${formatHostPort(server.address)}`);
    // Nobody reads it, so that it takes what its window holds and no more.
    const stalled = session.request({
      ':method': 'POST',
      ':path': DELTA_ADS,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stalled.on('error', () => {});
    const node = { id: 'stalled' };
    const { typeUrl } = RESOURCE_TYPES.cluster;
    const request = DeltaDiscoveryRequest.encode({ typeUrl, node }).finish();
    const head = Buffer.alloc(5);
    head.writeUInt32BE(request.length, 1);
    stalled.write(Buffer.concat([head, request]));
    await until(() => server.proxies().some(({ id }) => id === 'stalled'), { signal });
    const other = open(server);
    const got = new Promise<void>((resolve) => other.call.on('data', () => resolve()));
    other.send({ typeUrl: RESOURCE_TYPES.endpoint.typeUrl, resourceNamesSubscribe: ['service-1'] });
    await got;
    await until(() => server.proxies().every(({ id }) => id !== 'stalled'), { signal });
    session.destroy();
    other.client.close();
  });

  test('bytes that are no request, and requests beyond the limit, end the stream', async () => {
    await using server = await startXdsServer({ listen }, { signal });
    const garbage = open(server);
    garbage.call.on('data', () => {});
    garbage.call.write(Buffer.from('ffffffff', 'hex'));
    assert.equal(await garbage.ended, status.INVALID_ARGUMENT);
    const long = open(server);
    long.call.on('data', () => {});
    long.call.write(Buffer.alloc(5 * 1024 * 1024));
    assert.equal(await long.ended, status.RESOURCE_EXHAUSTED);
    garbage.client.close();
    long.client.close();
  });

  test('a proxy that ends its half, or goes away, is forgotten', async () => {
    await using server = await startXdsServer({ listen }, { signal });
    server.update(...new Catalog().put(service('shop', [1])));
    const polite = open(server);
    polite.call.on('data', () => {});
    polite.send({ typeUrl: RESOURCE_TYPES.cluster.typeUrl });
    const abrupt = open(server);
    abrupt.send({ typeUrl: RESOURCE_TYPES.cluster.typeUrl });
    await until(() => server.proxies().length === 2, { signal });
    polite.call.end();
    assert.equal(await polite.ended, status.OK);
    abrupt.call.on('error', () => {});
    abrupt.call.cancel();
    await until(() => server.proxies().length === 0, { signal });
    polite.client.close();
    abrupt.client.close();
  });

  test('closing the server tells the proxies to go elsewhere', async () => {
    const server = await startXdsServer({ listen }, { signal });
    const { client, call, ended, send } = open(server);
    call.on('data', () => {});
    send({ typeUrl: RESOURCE_TYPES.cluster.typeUrl });
    await until(() => server.proxies().length === 1, { signal });
    await server.close();
    assert.equal(await ended, status.UNAVAILABLE);
    client.close();
  });
});
