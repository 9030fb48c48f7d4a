import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import type { Check } from './check.ts';
import { servesGrpc } from './grpc-health.ts';

/** Checks an instance once. False when it fails, or takes too long. */
export async function probe(
  { address, port }: { readonly address: string; readonly port: number },
  { http, grpc, timeout }: Check,
  stop: AbortSignal,
): Promise<boolean> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(Math.ceil(timeout))]);
  try {
    if (grpc !== undefined) return await servesGrpc({ host: address, port }, grpc, signal);
    if (http === undefined) {
      const socket = connect({ host: address, port });
      try {
        await once(socket, 'connect', { signal });
      } finally {
        socket.destroy();
      }
      return true;
    }
    const asked = request({ host: address, port, path: http, agent: false, signal });
    asked.end();
    const [response] = await once(asked, 'response', { signal });
    response.resume();
    return response.statusCode >= 200 && response.statusCode < 300;
  } catch {
    return false;
  }
}
