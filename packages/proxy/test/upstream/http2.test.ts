import assert from 'node:assert/strict';
import { constants, type Http2ServerResponse } from 'node:http2';
import { test } from 'node:test';
import { silentServer, startFaultProxy, until } from '@meshkeeper/testbed';
import { duration } from '@meshkeeper/xds';
import type { UpstreamStream } from '../../src/upstream/stream.ts';
import { http2Backend } from '../http2-backend.ts';
import { HTTP2, http2 } from './http2-options.ts';
import { Collector, GET, loopback, startCluster } from './test-cluster.ts';

/** A server that answers when it is told to. */
async function patient(settings = {}) {
  const waiting: Http2ServerResponse[] = [];
  const server = await http2Backend((_, response) => waiting.push(response), { settings });
  const release = () => {
    for (const response of waiting.splice(0)) response.end('ok');
  };
  return { server, port: server.port, waiting, release };
}

/** Leaves the request to the test. */
class Caller extends Collector {
  readonly #stream = Promise.withResolvers<UpstreamStream>();

  get stream(): Promise<UpstreamStream> {
    return this.#stream.promise;
  }

  override opened(stream: UpstreamStream): void {
    this.#stream.resolve(stream);
  }
}

test('a connection carries as many streams as both sides let it, and another the rest', async () => {
  const limits = [
    { message: http2({ maxConcurrentStreams: { value: 3 } }), settings: {} },
    { message: HTTP2, settings: { maxConcurrentStreams: 3 } },
  ];
  for (const { message, settings } of limits) {
    const slow = await patient(settings);
    await using _ = slow.server;
    await using web = startCluster(message, loopback([slow.port]));
    const asked = Array.from({ length: 7 }, () => web.ask());
    await until(() => slow.waiting.length === 7);
    assert.deepEqual([slow.server.accepted(), web.cluster.connections], [3, 3]);
    slow.release();
    for (const { body } of await Promise.all(asked)) assert.equal(body, 'ok');
  }
});

test('what the breaker does not let connect waits for a stream to end', async () => {
  const slow = await patient();
  await using _ = slow.server;
  const thresholds = [{ maxConnections: { value: 1 }, maxPendingRequests: { value: 1 } }];
  const message = {
    ...http2({ maxConcurrentStreams: { value: 1 } }),
    circuitBreakers: { thresholds },
  };
  await using web = startCluster(message, loopback([slow.port]));
  const first = web.ask();
  await until(() => slow.waiting.length === 1);
  const second = web.ask();
  assert.equal((await web.ask()).failure?.reason, 'overflow');
  slow.release();
  assert.equal((await first).body, 'ok');
  await until(() => slow.waiting.length === 1);
  slow.release();
  assert.equal((await second).body, 'ok');
  assert.equal(slow.server.accepted(), 1);
});

test('a server that says goodbye finishes what it has, and gets the rest on a new connection', async () => {
  const slow = await patient();
  await using _ = slow.server;
  await using web = startCluster(HTTP2, loopback([slow.port]));
  const first = web.ask();
  await until(() => slow.waiting.length === 1);
  for (const session of slow.server.sessions) session.goaway(constants.NGHTTP2_NO_ERROR);
  const others = Promise.all(
    Array.from({ length: 50 }, async () => {
      for (;;) {
        const answer = await web.ask();
        if (answer.failure?.reason !== 'refused') return answer;
      }
    }),
  );
  await until(() => slow.waiting.length === 51);
  slow.release();
  assert.equal((await first).body, 'ok');
  for (const { body, failure } of await others) assert.equal(body, 'ok', failure?.detail);
  assert(slow.server.accepted() >= 2);
  await until(() => web.cluster.connections === 1);
});

test('a stream that is refused has not been looked at, one that is reset may have', async () => {
  const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM } = constants;
  await using server = await http2Backend((incoming, response) => {
    const refused = incoming.url === '/refused';
    response.stream.on('error', () => {});
    response.stream.close(refused ? NGHTTP2_REFUSED_STREAM : NGHTTP2_INTERNAL_ERROR);
  });
  await using web = startCluster(HTTP2, loopback([server.port]));
  assert.equal((await web.ask({ target: '/refused' })).failure?.reason, 'refused');
  assert.equal((await web.ask({ target: '/reset' })).failure?.reason, 'reset');
});

test('a response that breaks off has failed, however the stream ends', async () => {
  await using server = await http2Backend((incoming, response) => {
    response.stream.on('error', () => {});
    response.writeHead(200, { 'content-length': 100 });
    const { session } = response.stream;
    response.write('some', () => {
      if (incoming.url === '/reset') response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      else if (incoming.url === '/clean') response.stream.close(constants.NGHTTP2_NO_ERROR);
      // When what was written has gone out.
      else session?.ping(() => session.destroy());
    });
  });
  await using web = startCluster(HTTP2, loopback([server.port]));
  for (const target of ['/reset', '/clean', '/gone']) {
    const { status, failure } = await web.ask({ target });
    assert.deepEqual([status, failure?.reason], [200, 'reset'], target);
  }
});

test('messages go both ways while a call lasts, and trailers end it', async () => {
  await using rpc = await http2Backend((incoming, response) => {
    response.writeHead(200, { 'content-type': 'application/grpc' });
    response.addTrailers({ 'grpc-status': '0', 'grpc-message': 'done' });
    incoming.on('data', (piece: Buffer) => response.write(`echo ${piece}`));
    incoming.on('end', () => response.end());
  });
  await using web = startCluster(HTTP2, loopback([rpc.port]));
  const to = web.cluster.pick()!;
  const heard: string[] = [];
  class Call extends Caller {
    override body(piece: Buffer, last: boolean): void {
      heard.push(piece.toString());
      super.body(piece, last);
    }
  }
  const call = new Call(to);
  const head = { ...GET, method: 'POST', body: { type: 'chunked' }, trailers: true } as const;
  web.cluster.open(to, head, call, { idleTimeout: 0 });
  const stream = await call.stream;
  for (const word of ['one', 'two', 'three']) {
    stream.write(Buffer.from(word));
    await until(() => heard.at(-1) === `echo ${word}`);
  }
  stream.finish();
  const { trailers, failure } = await call.answer;
  assert.equal(failure, undefined);
  assert.deepEqual(trailers, ['grpc-status', '0', 'grpc-message', 'done']);
});

test('a request’s own trailers arrive; one without a body has none', async () => {
  const seen: string[] = [];
  await using server = await http2Backend((incoming, response) => {
    incoming.resume();
    incoming.on('end', () => {
      seen.push(String(incoming.trailers['x-sum']));
      response.end();
    });
  });
  await using web = startCluster(HTTP2, loopback([server.port]));
  const to = web.cluster.pick()!;
  const sender = new Caller(to);
  const head = { ...GET, method: 'POST', body: { type: 'chunked' } } as const;
  web.cluster.open(to, head, sender, { idleTimeout: 0 });
  const stream = await sender.stream;
  stream.write(Buffer.from('body'));
  stream.finish(['x-sum', '42']);
  assert.equal((await sender.answer).failure, undefined);
  assert.equal((await web.ask()).failure, undefined);
  assert.deepEqual(seen, ['42', 'undefined']);
});

test('a call that is given up is given up there too', async () => {
  const slow = await patient();
  await using _ = slow.server;
  await using web = startCluster(HTTP2, loopback([slow.port]));
  const to = web.cluster.pick()!;
  const stream = web.cluster.open(to, GET, new Collector(to), { idleTimeout: 0 });
  await until(() => slow.waiting.length === 1);
  const closed = Promise.withResolvers<number>();
  const { stream: theirs } = slow.waiting[0]!;
  theirs.on('close', () => closed.resolve(theirs.rstCode));
  stream.cancel('unwanted');
  assert.equal(await closed.promise, constants.NGHTTP2_CANCEL);
  assert.equal(web.cluster.activeRequests, 0);
});

test('a stream on which nothing moves fails, and its connection goes on', async () => {
  const slow = await patient();
  await using _ = slow.server;
  await using web = startCluster(HTTP2, loopback([slow.port]));
  assert.equal((await web.ask({ idleTimeout: 30 })).failure?.reason, 'timeout');
  await until(() => slow.waiting.length === 1);
  const next = web.ask();
  await until(() => slow.waiting.length === 2);
  slow.release();
  assert.equal((await next).body, 'ok');
  assert.equal(slow.server.accepted(), 1);
});

test('a connection whose pings are not answered is given up', async () => {
  const slow = await patient();
  await using _ = slow.server;
  await using net = await startFaultProxy({ target: { host: '127.0.0.1', port: slow.port } });
  const connectionKeepalive = { interval: duration(20), timeout: duration(200) };
  await using web = startCluster(http2({ connectionKeepalive }), loopback([net.port]));
  const answered = web.ask();
  await until(() => slow.waiting.length === 1);
  slow.release();
  assert.equal((await answered).body, 'ok');
  const lost = web.ask();
  await until(() => slow.waiting.length === 1);
  net.stall();
  assert.equal((await lost).failure?.detail, 'no answer to a ping within 200 ms');
});

test('connections end that are idle, or open, for too long, or have carried enough', async () => {
  await using server = await http2Backend((_, response) => response.end('ok'));
  for (const message of [
    http2({}, { idleTimeout: duration(1000) }),
    http2({}, { maxConnectionDuration: duration(1000) }),
  ]) {
    await using web = startCluster(message, loopback([server.port]));
    await web.ask();
    web.cluster.sweep(Date.now() + 500);
    await web.ask();
    assert.equal(web.cluster.connections, 1);
    web.cluster.sweep(Date.now() + 2000);
    await until(() => web.cluster.connections === 0);
    assert.equal((await web.ask()).body, 'ok');
  }
  const before = server.accepted();
  const message = http2({}, { maxRequestsPerConnection: { value: 2 } });
  await using web = startCluster(message, loopback([server.port]));
  for (let i = 0; i < 6; i++) assert.equal((await web.ask()).body, 'ok');
  assert.equal(server.accepted() - before, 3);
});

test('an endpoint that leaves finishes its streams; one that can’t be reached is told so', async () => {
  const slow = await patient();
  await using _ = slow.server;
  await using silent = await silentServer();
  const message = { ...HTTP2, connectTimeout: duration(50) };
  await using web = startCluster(message, loopback([slow.port]));
  const last = web.ask();
  await until(() => slow.waiting.length === 1);
  const to = web.endpoint(slow.port);
  web.update({ endpoints: loopback([silent.port]) });
  assert.equal((await web.ask({ to })).failure?.reason, 'retired');
  assert.equal((await web.ask()).failure?.detail, 'connecting took too long');
  slow.release();
  assert.equal((await last).body, 'ok');
  await until(() => web.cluster.connections === 0);
});

test('an upgrade needs HTTP/1.1', async () => {
  await using server = await http2Backend((_, response) => response.end());
  await using web = startCluster(HTTP2, loopback([server.port]));
  const { failure } = await web.ask({ upgrade: 'websocket' });
  assert.deepEqual(failure, { reason: 'protocol', detail: 'no upgrades over HTTP/2' });
});

test('a cluster that changes its version of HTTP finishes what it has', async () => {
  const slow = await patient();
  await using _ = slow.server;
  await using web = startCluster(HTTP2, loopback([slow.port]));
  const first = web.ask();
  await until(() => slow.waiting.length === 1);
  const to = web.endpoint(slow.port);
  web.update({ cluster: {} });
  assert.equal(web.endpoint(slow.port), to);
  const other = await web.ask();
  assert(other.failure, 'the server speaks no HTTP/1');
  slow.release();
  assert.equal((await first).body, 'ok');
});
