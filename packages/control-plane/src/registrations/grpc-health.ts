import { Client, credentials } from '@grpc/grpc-js';
import { formatHostPort, type HostPort } from '../config/listen.ts';

const CHECK = '/grpc.health.v1.Health/Check';
/** `HealthCheckResponse.status`: field 1, a varint; SERVING is 1. */
const SERVING = Buffer.from([0x08, 1]);

/**
 * Whether a gRPC server says that it serves, by `grpc.health.v1`.
 * @param service empty: the server as a whole
 * @throws the call's error
 */
export async function servesGrpc(
  at: HostPort,
  service: string,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  const channel = { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_http_proxy': 0 };
  const client = new Client(formatHostPort(at), credentials.createInsecure(), channel);
  const asIs = (bytes: Buffer) => bytes;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const call = client.makeUnaryRequest(CHECK, asIs, asIs, request(service), (error, answer) =>
    error === null ? resolve(answer) : reject(error),
  );
  const stop = () => call.cancel();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return (await promise)?.subarray(0, SERVING.length).equals(SERVING) ?? false;
  } finally {
    signal.removeEventListener('abort', stop);
    client.close();
  }
}

/** `HealthCheckRequest`: its only field is the service's name, of less than 128 bytes. */
function request(service: string): Buffer {
  const name = Buffer.from(service);
  return name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
}
