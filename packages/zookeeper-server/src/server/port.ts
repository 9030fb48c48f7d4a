import { createServer, type Server, type Socket } from 'node:net';
import { ZooKeeperServerError } from '../server-error.ts';

/** The TCP port that clients connect to. */
export class Port {
  readonly #listener: Server;
  #number = 0;

  constructor(accept: (socket: Socket) => void) {
    this.#listener = createServer({ highWaterMark: 64 * 1024 }, accept);
  }

  /** 0 until it is open. */
  get number(): number {
    return this.#number;
  }

  /**
   * Opens it; 0 stands for any that is free.
   *
   * @throws ZooKeeperServerError `port-busy`, `listen-failed`.
   */
  async open(host: string, port: number): Promise<void> {
    const bound = Promise.withResolvers<void>();
    this.#listener.once('error', (cause: NodeJS.ErrnoException) => {
      bound.reject(listenError(cause, host, port));
    });
    this.#listener.listen({ port, host }, bound.resolve);
    await bound.promise;
    const address = this.#listener.address();
    if (address !== null && typeof address === 'object') this.#number = address.port;
  }

  /** Takes no more connections; resolves when those that were taken are closed. */
  async close(): Promise<void> {
    if (!this.#listener.listening) return;
    await new Promise<void>((resolve) => this.#listener.close(() => resolve()));
  }
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number) {
  if (cause.code === 'EADDRINUSE')
    return new ZooKeeperServerError(
      'port-busy',
      `Port ${port} on ${host} is busy: another ZooKeeper server may be running there. Stop it, or give another port (0 takes a free one).`,
      { cause },
    );
  return new ZooKeeperServerError(
    'listen-failed',
    `Can't listen on ${host}:${port}: ${cause.message}. Give a host and port that this machine has and this user may take.`,
    { cause },
  );
}
