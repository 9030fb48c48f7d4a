import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ApiError } from './problem.ts';

/** Of what Node's parser refuses; the rest is `invalid-request`. */
const PROBLEMS: Readonly<Record<string, () => ApiError>> = {
  HPE_HEADER_OVERFLOW: () =>
    new ApiError('headers-too-large', 'the address and the headers take 16 KiB at most'),
  ERR_HTTP_REQUEST_TIMEOUT: () =>
    new ApiError('request-timeout', 'the request did not arrive in time: send it again'),
};

/** Answers what can't be read as a request, and ends its connection. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy(error);
    return;
  }
  const problem =
    PROBLEMS[error.code ?? '']?.() ??
    new ApiError('invalid-request', 'this is no HTTP/1.1 request');
  const body = JSON.stringify(problem.document());
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    'connection: close',
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
  ].join('\r\n');
  socket.end(`${head}\r\n\r\n${body}`);
}
