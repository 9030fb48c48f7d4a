import type { Socket } from 'node:net';
import { readClientHello } from './client-hello.ts';

/** How a connection begins. */
export type FirstBytes =
  | { readonly type: 'tls'; readonly serverName: string | undefined }
  | { readonly type: 'http2' }
  | { readonly type: 'other' };

const OTHER: FirstBytes = { type: 'other' };
const HTTP2: FirstBytes = { type: 'http2' };
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const HANDSHAKE = 22;

/** What the bytes are the beginning of; undefined: more has to come. */
export function recognize(bytes: Buffer): FirstBytes | undefined {
  if (bytes[0] === HANDSHAKE) {
    const hello = readClientHello(bytes);
    return hello && { type: 'tls', ...hello };
  }
  const length = Math.min(bytes.length, PREFACE.length);
  if (bytes.compare(PREFACE, 0, length, 0, length) !== 0) return OTHER;
  return length === PREFACE.length ? HTTP2 : undefined;
}

/**
 * Waits for the first bytes of a connection, leaves them in it, and tells what they are. The socket is
 * paused then. One that says too little for `timeout` milliseconds (0: for ever) is dropped, and
 * nothing is told.
 */
export function peek(socket: Socket, timeout: number, found: (first: FirstBytes) => void): void {
  let held: Buffer | undefined;
  const timer = timeout > 0 ? setTimeout(() => socket.destroy(), timeout) : undefined;
  const close = () => clearTimeout(timer);
  const data = (bytes: Buffer) => {
    held = held ? Buffer.concat([held, bytes]) : bytes;
    const first = recognize(held);
    if (!first) return;
    clearTimeout(timer);
    socket.pause();
    socket.off('data', data).off('close', close).off('end', end);
    socket.unshift(held);
    found(first);
  };
  const end = () => socket.destroy();
  socket.on('data', data).on('close', close).on('end', end);
}
