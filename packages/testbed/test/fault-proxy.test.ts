import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { type FaultProxy, startFaultProxy, until } from '../src/index.ts';

const echo = createServer((socket) => socket.on('error', () => {}).pipe(socket));
let proxy: FaultProxy;
const clients: Client[] = [];

before(async () => {
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
});
after(() => echo.close());
beforeEach(async () => {
  const { port } = echo.address() as AddressInfo; // It listens on TCP.
  proxy = await startFaultProxy({ target: { host: '127.0.0.1', port } });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await proxy.close();
});

test('it forwards both ways, and an orderly end', async () => {
  const client = await dial();
  client.socket.end('hello');
  await once(client.socket, 'close');
  assert.equal(client.received, 'hello');
  assert.equal(client.error, undefined);
  await until(() => proxy.connections === 0);
  assert.equal(proxy.accepted, 1);
});

test('it forwards a megabyte unharmed', async () => {
  const client = await dial();
  client.socket.end('x'.repeat(1 << 20));
  await once(client.socket, 'close');
  assert.equal(client.received.length, 1 << 20);
});

test('cut resets what is open and accepts anew', async () => {
  const client = await dial();
  await client.says('hello');
  proxy.cut();
  await until(() => client.error);
  assert.equal(client.error?.code, 'ECONNRESET');
  await (await dial()).says('again');
});

test('refuse and accept', async () => {
  const client = await dial();
  proxy.refuse();
  await assert.rejects(dial(), { code: 'ECONNREFUSED' });
  await client.says('still open');
  await proxy.accept();
  await (await dial()).says('again');
});

test('stall holds everything back, unstall lets it go', async () => {
  const client = await dial();
  await client.says('one');
  proxy.stall();
  client.socket.write('two');
  const late = await dial();
  late.socket.write('three');
  await assert.rejects(
    until(() => client.received !== 'one' || late.received !== '', { timeout: 100 }),
    { code: 'timeout' },
  );
  assert.equal(proxy.connections, 2);
  proxy.unstall();
  await until(() => client.received === 'onetwo' && late.received === 'three');
});

test('a stall of one direction lets the other go', async () => {
  const client = await dial();
  await client.says('one');
  const heard: string[] = [];
  echo.once('connection', (socket) => socket.on('data', (data) => heard.push(`${data}`)));
  proxy.stall('to client');
  const late = await dial();
  late.socket.write('two');
  await until(() => heard.join('') === 'two');
  assert.equal(late.received, '');
  proxy.unstall();
  await until(() => late.received === 'two');
  proxy.stall('to server');
  late.socket.write('three');
  await assert.rejects(until(() => heard.join('') !== 'two', { timeout: 100 }));
  proxy.unstall();
  await until(() => late.received === 'twothree');
});

test('a stall hides that a side has closed', async () => {
  const client = await dial();
  await client.says('one');
  const served = () => new Promise<number>((done) => echo.getConnections((_, n) => done(n)));
  await until(async () => (await served()) === 1);
  proxy.stall();
  client.socket.resetAndDestroy();
  await assert.rejects(until(async () => (await served()) === 0, { timeout: 100 }));
  proxy.unstall();
  await until(async () => (await served()) === 0);
});

test('delay', async () => {
  const client = await dial();
  proxy.delay(60);
  const started = performance.now();
  await client.says('slow');
  assert(performance.now() - started >= 119, 'once each way');
});

test('closeMidFrame gives the next connection so many bytes and a reset', async () => {
  proxy.closeMidFrame(5);
  const client = await dial();
  client.socket.write('hello world');
  await until(() => client.error);
  assert.equal(client.received, 'hello');
  assert.equal(client.error?.code, 'ECONNRESET');
  await (await dial()).says('hello world');
});

test('setTarget moves new connections', async () => {
  const other = createServer((socket) => socket.end('other'));
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const client = await dial();
  const { port } = other.address() as AddressInfo; // It listens on TCP.
  proxy.setTarget({ host: '127.0.0.1', port });
  await client.says('hello');
  const moved = await dial();
  await until(() => moved.received === 'other');
  other.close();
});

test('an unreachable target resets the client', async () => {
  proxy.setTarget({ host: '127.0.0.1', port: 1 });
  const client = await dial();
  await until(() => client.error);
});

test('the signal closes it', async () => {
  const controller = new AbortController();
  const { port } = echo.address() as AddressInfo; // It listens on TCP.
  const target = { host: '127.0.0.1', port };
  const other = await startFaultProxy({ target, signal: controller.signal });
  const client = await dial(other.port);
  controller.abort();
  await until(() => client.error);
  await assert.rejects(dial(other.port), { code: 'ECONNREFUSED' });
});

interface Client {
  socket: Socket;
  received: string;
  error: NodeJS.ErrnoException | undefined;
  /** Sends a text and waits for its echo. */
  says(text: string): Promise<void>;
}

async function dial(port = proxy.port): Promise<Client> {
  const socket = connect(port, '127.0.0.1');
  const client: Client = {
    socket,
    received: '',
    error: undefined,
    async says(text) {
      socket.write(text);
      await until(() => client.received.endsWith(text), { interval: 2 });
    },
  };
  await once(socket, 'connect');
  socket.on('error', (error) => {
    client.error = error;
  });
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    client.received += chunk;
  });
  clients.push(client);
  return client;
}
