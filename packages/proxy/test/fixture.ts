import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import {
  diff,
  EMPTY_SNAPSHOT,
  type Endpoint,
  NO_LOCALITY,
  type Protocol,
  type Service,
  type Snapshot,
} from '@meshkeeper/mesh';
import { startXdsServer, type XdsServer, type XdsServerOptions } from '@meshkeeper/xds';
import { type EmbeddedProxy, type ProxyOptions, startProxy } from '../src/index.ts';

const ANY_PORT = { host: '127.0.0.1', port: 0 };

/** A server that listens on loopback. */
export interface Backend extends AsyncDisposable {
  readonly port: number;
  readonly server: Server;
  /** Connections that were accepted. */
  readonly connections: () => number;
  /** Drops every connection and stops listening, as a killed process does. */
  kill(): Promise<void>;
}

/** A real HTTP backend. */
export async function backend(handler: RequestListener, port = 0): Promise<Backend> {
  const server = createServer({ keepAliveTimeout: 60_000 }, handler);
  let connections = 0;
  server.on('connection', () => connections++);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const kill = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    port: (server.address() as AddressInfo).port,
    server,
    connections: () => connections,
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

/** A server that says bytes as they are, for what no proper HTTP server says. */
export async function rawBackend(
  handler: (socket: Socket, request: string) => void,
  greet: (socket: Socket) => void = () => {},
): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    greet(socket);
    socket.on('data', (bytes) => handler(socket, bytes.toString('latin1')));
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** An endpoint on loopback. */
export function endpoint(port: number, facts: Partial<Endpoint> = {}): Endpoint {
  const origin = { registry: 'test', path: `/${port}`, czxid: 1n, mzxid: 1n, mtime: 0 };
  return {
    id: String(port),
    address: '127.0.0.1',
    port,
    weight: 100,
    locality: NO_LOCALITY,
    health: 'healthy',
    metadata: {},
    origin,
    ...facts,
  };
}

/** A control plane and a proxy that it configures. */
export interface TestMesh extends AsyncDisposable {
  readonly proxy: EmbeddedProxy;
  readonly port: number;
  readonly url: string;
  readonly server: XdsServer;
  /** Sets a service's endpoints; resolves when the proxy has them. */
  set(name: string, endpoints: readonly Endpoint[], protocol?: Protocol): Promise<void>;
}

/** Starts a control plane with `services` and a proxy on a free port. */
export async function testMesh(
  services: Readonly<Record<string, readonly Endpoint[]>>,
  options: Partial<ProxyOptions> = {},
): Promise<TestMesh> {
  const judged = new Set<() => void>();
  const observer: NonNullable<XdsServerOptions['observer']> = {
    acked: () => {
      for (const wake of judged) wake();
    },
  };
  const server = await startXdsServer({ listen: ANY_PORT, observer });
  let snapshot: Snapshot = EMPTY_SNAPSHOT;
  const put = (changes: readonly Service[]) => {
    const before = snapshot;
    const changed = before.services.with(new Map(changes.map((each) => [each.name, each])));
    snapshot = { ...before, revision: before.revision + 1, services: changed };
    server.update(snapshot, diff(before, snapshot));
  };
  put(Object.entries(services).map(([name, endpoints]) => ({ name, protocol: 'http', endpoints })));
  const proxy = await startProxy({
    xds: { address: server.address, backoff: { base: 20, max: 50 } },
    node: { id: 'proxy-1', cluster: 'test' },
    listeners: { gateway: ANY_PORT },
    random: () => 0,
    ...options,
  });
  const port = proxy.listeners.get('gateway')!.port;
  return {
    proxy,
    port,
    url: `http://127.0.0.1:${port}`,
    server,
    async set(name, endpoints, protocol = 'http') {
      const wanted = endpoints.map((each) => each.port).sort();
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = () => {
        const cluster = proxy.status().clusters.find((each) => each.name === name);
        const ports = cluster?.endpoints.map((each) => each.port).sort();
        if (JSON.stringify(ports) === JSON.stringify(wanted)) resolve();
      };
      judged.add(look);
      put([{ name, protocol, endpoints }]);
      await promise;
      judged.delete(look);
    },
    async [Symbol.asyncDispose]() {
      await proxy.close({ drainTimeout: 0 });
      await server.close();
    },
  };
}

/** Sends bytes as they are, and gives all that comes back until the proxy closes or `until` is in it. */
export async function raw(port: number, bytes: string, until?: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const { promise, resolve } = Promise.withResolvers<void>();
  let got = '';
  socket.on('data', (piece) => {
    got += piece.toString('latin1');
    if (until !== undefined && got.includes(until)) resolve();
  });
  socket.on('close', () => resolve());
  socket.write(bytes, 'latin1');
  const timer = setTimeout(resolve, 5_000);
  await promise;
  clearTimeout(timer);
  socket.destroy();
  return got;
}
