import assert from 'node:assert/strict';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { until } from '@meshkeeper/testbed';
import { DeltaDiscoveryRequest } from '../src/codec/messages.ts';
import {
  ADD_ORDER,
  DiscoveryServer,
  formatHostPort,
  makeResource,
  RESOURCE_TYPES,
  ResourceSet,
  type ResourceType,
} from '../src/index.ts';
import { DELTA_ADS } from '../src/server/services.ts';

const listen = { host: '127.0.0.1', port: 0 };
const signal = AbortSignal.timeout(60_000);
const MB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Bytes outside of the heap that are in use: what is to be sent is there. */
function held(): number {
  gc();
  return process.memoryUsage().arrayBuffers;
}

/** A stream of which nobody takes anything: what its window holds goes out, and no more. */
function stalled(session: ClientHttp2Session, name: string): ClientHttp2Stream {
  const stream = session.request({
    ...{ ':method': 'POST', ':path': DELTA_ADS },
    ...{ 'content-type': 'application/grpc', te: 'trailers' },
  });
  stream.on('error', () => {});
  const { typeUrl } = RESOURCE_TYPES.route;
  const resourceNamesSubscribe = [name];
  const request = DeltaDiscoveryRequest.encode({ typeUrl, resourceNamesSubscribe }).finish();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(request.length, 1);
  stream.write(Buffer.concat([head, request]));
  return stream;
}

test('what a slow reader is to be sent takes the memory of one response, however much changes', async () => {
  const sets = Object.fromEntries(ADD_ORDER.map((type) => [type, new ResourceSet()])) as Record<
    ResourceType,
    ResourceSet
  >;
  // Nothing is held back because it was not acknowledged: only the socket is slow.
  let now = 0;
  const clock = () => now;
  const server = await DiscoveryServer.start({ view: () => sets }, { listen, clock }, { signal });
  await using _ = server;
  const names = Array.from({ length: 20 }, (_, i) => `large-${i}`);
  const change = (content: number) => {
    for (const name of names) {
      const filler = `${content}`.padStart(MB, '0');
      sets.route.set(makeResource('route', name, { name, requestHeadersToRemove: [filler] }));
    }
    now += 10_000;
    server.changed(new Map([['route', new Set(names)]]));
  };
  change(0);
  const sessions = names.map((name) => {
    const session = connect(`http://${formatHostPort(server.address)}`);
    stalled(session, name);
    return session;
  });
  await until(() => server.proxies().length === names.length, { signal });
  for (let i = 0; i < 20; i++) await turn();
  const before = held();
  for (let content = 1; content <= 30; content++) {
    change(content);
    for (let i = 0; i < 5; i++) await turn();
  }
  // Twenty are served now, and twenty wait for their sockets; a queue would be six hundred more.
  const more = (held() - before) / MB;
  assert.ok(more < 100, `${more.toFixed()} MB more`);
  for (const session of sessions) session.destroy();
});
