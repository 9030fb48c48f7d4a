import { connect, type Socket } from 'node:net';

/** Where and how to connect. Times in milliseconds. */
export interface SocketOptions {
  readonly address: string;
  readonly port: number;
  readonly tcpKeepalive: number | undefined;
}

/** Begins to connect; `connected` is called at most once. */
export function openSocket(
  { address: host, port, tcpKeepalive }: SocketOptions,
  connected: () => void,
): Socket {
  const keepAlive = tcpKeepalive !== undefined;
  const socket = connect({
    ...{ host, port, noDelay: true, keepAlive },
    ...(keepAlive && { keepAliveInitialDelay: tcpKeepalive }),
  });
  socket.once('connect', connected);
  return socket;
}
