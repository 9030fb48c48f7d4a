import assert from 'node:assert/strict';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Instance } from '../../src/dubbo/instance.ts';
import { fetchMetadata } from '../../src/dubbo/metadata-service.ts';

let server: Http2Server;
let answer: (stream: ServerHttp2Stream, request: Buffer) => void;

before(async () => {
  server = createServer();
  server.on('stream', (stream) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {}); // who asked is gone
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => answer(stream, Buffer.concat(chunks)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(() => server.close());

function instance(port = (server.address() as AddressInfo).port): Instance {
  return {
    ...{ application: 'shop', host: '127.0.0.1', port, ports: new Map(), revision: 'r1' },
    ...{ storage: 'local', metadataService: { protocol: 'tri', port, version: '2.0.0' } },
    ...{ since: 0, parameters: new Map() },
    origin: { registry: 'r', path: '/p', czxid: 1n, mzxid: 1n, mtime: 0 },
  };
}

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** A field of text, of less than 128 bytes. */
function field(number: number, text: string | Buffer): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

/** Sends a body and a status, as gRPC does. */
function send(stream: ServerHttp2Stream, body: Buffer, trailers: Record<string, string>): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}

const ok = { 'grpc-status': '0' };
const fetched = (signal = AbortSignal.timeout(20_000)) => fetchMetadata(instance(), signal);

test('what the service says', async () => {
  const pair = (name: string, value: string) => Buffer.concat([field(1, name), field(2, value)]);
  const service = Buffer.concat([
    ...[field(1, 'com.foo.A'), field(2, 'g'), field(3, '1.0'), field(4, 'tri')],
    Buffer.from([(5 << 3) | 0, 0x90, 0xa3, 0x01]),
    ...[field(6, 'api/com.foo.A'), field(7, pair('a', '1')), field(7, pair('b', 'é'))],
    // Fields that came later: of 8 bytes, of 4, and text.
    ...[
      Buffer.from([(8 << 3) | 1, 1, 2, 3, 4, 5, 6, 7, 8]),
      Buffer.from([(9 << 3) | 5, 1, 2, 3, 4]),
    ],
  ]);
  const body = Buffer.concat([
    ...[field(1, 'shop'), field(2, 'r1')],
    field(3, Buffer.concat([field(1, 'key'), field(2, service)])),
  ]);
  let asked: Buffer | undefined;
  answer = (stream, request) => {
    asked = request;
    send(stream, framed(body), ok);
  };
  assert.deepEqual(await fetched(), {
    application: 'shop',
    revision: 'r1',
    services: [
      {
        ...{ name: 'com.foo.A', group: 'g', version: '1.0', protocol: 'tri', port: 20_880 },
        path: 'api/com.foo.A',
        parameters: new Map(Object.entries({ a: '1', b: 'é' })),
      },
    ],
  });
  assert.deepEqual(asked, framed(field(1, 'r1')));
});

test('whatever it does instead is an error that says so', async () => {
  const info = framed(field(2, 'r1'));
  const cases: [RegExp, typeof answer][] = [
    [
      /gRPC status 5: no such thing/,
      (s) =>
        s.respond(
          { ':status': 200, 'grpc-status': '5', 'grpc-message': 'no such thing' },
          { endStream: true },
        ),
    ],
    [/gRPC status 13: no message/, (s) => send(s, info, { 'grpc-status': '13' })],
    [/HTTP status 404/, (s) => s.respond({ ':status': 404 }, { endStream: true })],
    [/told of revision r2 instead/, (s) => send(s, framed(field(2, 'r2')), ok)],
    [/told of revision \(none\) instead/, (s) => send(s, framed(Buffer.of()), ok)],
    [/without a status/, (s) => send(s, info, {})],
    [/no gRPC message/, (s) => send(s, Buffer.of(), ok)],
    [/no gRPC message/, (s) => send(s, info.subarray(1), ok)],
    [/no gRPC message/, (s) => send(s, Buffer.from([1, ...info.subarray(1)]), ok)],
    [/no metadata/, (s) => send(s, framed(Buffer.from([0x0f])), ok)],
    [/more than 16777216 bytes/, (s) => send(s, Buffer.alloc(17 * 2 ** 20), ok)],
    [/failed: /, (s) => s.session?.destroy()],
    [/failed: /, (s) => s.close(8)],
  ];
  for (const [message, how] of cases) {
    answer = how;
    await assert.rejects(fetched(), (error: Error) => {
      assert.match(error.message, /^the metadata service at 127\.0\.0\.1:\d+ failed: /);
      assert.match(error.message, message);
      return true;
    });
  }
});

test('one that never answers, and nobody there', async () => {
  const stop = new AbortController();
  answer = () => stop.abort();
  await assert.rejects(fetched(stop.signal), /no answer in time/);
  await assert.rejects(fetched(AbortSignal.abort()), /no answer in time/);
  await assert.rejects(fetchMetadata(instance(1), AbortSignal.timeout(20_000)), /ECONNREFUSED/);
});
