import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { skipWithout, until } from '@meshkeeper/testbed';
import { duration, HttpProtocolOptions, pack } from '@meshkeeper/xds';
import { httpChain, listener, staticCluster } from '../stage.ts';
import { bothEngines } from './engines.ts';

const bytes = (value: Buffer) => value;
const method = (name: string, streams: boolean): MethodDefinition<Buffer, Buffer> => ({
  path: `/test.Echo/${name}`,
  requestStream: streams,
  responseStream: streams,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
});
const SERVICE = { unary: method('Unary', false), chat: method('Chat', true) };

/** What the server has seen. */
let tries = 0;
let cancelled = 0;

function unary(call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>): void {
  const text = call.request.toString();
  const trailer = new Metadata();
  trailer.set('x-trailer', 'yes');
  tries++;
  if (text === 'hang') call.on('cancelled', () => cancelled++);
  else if (text === 'fail')
    reply({ code: status.NOT_FOUND, details: 'nö: 50 %', metadata: trailer });
  else if (text === 'flaky' && tries === 1) reply({ code: status.UNAVAILABLE, details: 'later' });
  else {
    const head = new Metadata();
    head.set('x-head', String(call.metadata.get('x-ask')[0] ?? 'none'));
    call.sendMetadata(head);
    reply(null, call.request, trailer);
  }
}

function chat(call: ServerDuplexStream<Buffer, Buffer>): void {
  call.on('data', (piece: Buffer) => call.write(piece));
  call.on('end', () => call.end());
  call.on('cancelled', () => cancelled++);
}

const HTTP2 = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const SPEAKS_HTTP2 = {
  [HTTP2]: pack(HTTP2, HttpProtocolOptions, { explicitHttpConfig: { http2ProtocolOptions: {} } }),
};

describe('gRPC goes through both data planes', { skip: skipWithout('envoy') }, () => {
  const engines = bothEngines(async (stage, stack) => {
    const server = new Server();
    server.addService(SERVICE, { unary, chat });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    stack.defer(() => server.forceShutdown());
    const options = { typedExtensionProtocolOptions: SPEAKS_HTTP2 };
    stage.put('cluster', staticCluster('rpc', [port], options));
    const route = {
      cluster: 'rpc',
      timeout: duration(0),
      maxStreamDuration: { grpcTimeoutHeaderMax: duration(0) },
      retryPolicy: { retryOn: 'unavailable', retryBackOff: { baseInterval: duration(1) } },
    };
    const virtualHosts = [
      {
        name: 'rpc',
        domains: ['*'],
        routes: [{ match: { prefix: '/test.Echo/', grpc: {} }, route }],
      },
    ];
    stage.put('listener', listener('http', [httpChain({ routeConfig: { virtualHosts } })]));
  });

  const each = (name: string, body: (client: Client, engine: string) => Promise<void>) =>
    test(name, async () => {
      for (const engine of engines) {
        const address = `127.0.0.1:${engine.port('http')}`;
        const client = new Client(address, credentials.createInsecure());
        try {
          await body(client, engine.name);
        } finally {
          client.close();
        }
      }
    });

  interface Result {
    readonly error: ServiceError | null;
    readonly value: string | undefined;
    readonly head: Metadata | undefined;
    readonly trailers: Metadata | undefined;
  }
  const ask = (client: Client, text: string, path = SERVICE.unary.path, deadline?: number) =>
    new Promise<Result>((resolve) => {
      const metadata = new Metadata();
      metadata.set('x-ask', 'asked');
      let head: Metadata | undefined;
      let trailers: Metadata | undefined;
      let result: Pick<Result, 'error' | 'value'> | undefined;
      const options = deadline === undefined ? {} : { deadline: Date.now() + deadline };
      const done = () => {
        if (result && trailers) resolve({ ...result, head, trailers });
      };
      client
        .makeUnaryRequest(
          path,
          bytes,
          bytes,
          Buffer.from(text),
          metadata,
          options,
          (error, value) => {
            result = { error, value: value?.toString() };
            done();
          },
        )
        .on('metadata', (found) => {
          head = found;
        })
        .on('status', ({ metadata: found }) => {
          trailers = found;
          done();
        });
    });

  each('calls, with what comes before and behind them', async (client, engine) => {
    const { error, value, head, trailers } = await ask(client, 'hello');
    assert.equal(error, null, engine);
    assert.equal(value, 'hello', engine);
    assert.deepEqual(head?.get('x-head'), ['asked'], engine);
    assert.deepEqual(trailers?.get('x-trailer'), ['yes'], engine);
  });

  each('failures, the server’s and the data plane’s', async (client, engine) => {
    const failed = await ask(client, 'fail');
    assert.equal(failed.error?.code, status.NOT_FOUND, engine);
    assert.equal(failed.error?.details, 'nö: 50 %', engine);
    assert.deepEqual(failed.trailers?.get('x-trailer'), ['yes'], engine);
    const nowhere = await ask(client, 'x', '/other.Service/Method');
    assert.equal(nowhere.error?.code, status.UNIMPLEMENTED, engine);
  });

  each('a call that the server would not take is made again', async (client, engine) => {
    tries = 0;
    const { error, value } = await ask(client, 'flaky');
    assert.equal(error, null, engine);
    assert.equal(value, 'flaky', engine);
    assert.equal(tries, 2, engine);
  });

  each('a conversation goes both ways at once', async (client, engine) => {
    const call: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
      SERVICE.chat.path,
      bytes,
      bytes,
    );
    const got: string[] = [];
    const wakes: (() => void)[] = [];
    call.on('data', (piece: Buffer) => {
      got.push(piece.toString());
      for (const wake of wakes.splice(0)) wake();
    });
    const ended = new Promise<number>((resolve) => {
      call.on('status', ({ code }) => resolve(code));
    });
    for (let i = 0; i < 5; i++) {
      const next = new Promise<void>((resolve) => wakes.push(resolve));
      call.write(Buffer.from(`word ${i}`));
      await next;
    }
    call.write(Buffer.alloc(1_000_000, 'x'));
    call.end();
    assert.equal(await ended, status.OK, engine);
    assert.deepEqual(got.slice(0, 5), ['word 0', 'word 1', 'word 2', 'word 3', 'word 4'], engine);
    assert.equal(got[5]?.length, 1_000_000, engine);
  });

  each('who hangs up ends the call at the server', async (client, engine) => {
    const before = cancelled;
    const call = client.makeBidiStreamRequest(SERVICE.chat.path, bytes, bytes);
    call.on('error', () => {});
    call.once('data', () => call.cancel());
    call.write(Buffer.from('hello'));
    await until(() => cancelled > before, { message: `${engine} ends it` });
  });

  each('a deadline ends the call on both sides', async (client, engine) => {
    const before = cancelled;
    const { error } = await ask(client, 'hang', SERVICE.unary.path, 300);
    assert.equal(error?.code, status.DEADLINE_EXCEEDED, engine);
    await until(() => cancelled > before, { message: `${engine} ends it` });
  });

  each('many calls at once', async (client, engine) => {
    const all = await Promise.all(Array.from({ length: 300 }, (_, i) => ask(client, `n${i}`)));
    assert(
      all.every(({ value }, i) => value === `n${i}`),
      engine,
    );
  });
});
