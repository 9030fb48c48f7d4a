import { connect } from 'node:http2';
import type { Instance } from './instance.ts';
import type { MetadataInfo } from './metadata-info.ts';
import { decodeResponse, encodeRequest } from './metadata-message.ts';

const SERVICE = 'org.apache.dubbo.metadata.MetadataServiceV2';
/** More is no metadata. */
const MAX_RESPONSE = 16 * 1024 * 1024;
/** A gRPC message is preceded by whether it is compressed, and its length. */
const PREFIX = 5;

/**
 * Asks an instance what its revision provides, by a Triple call (gRPC) to its metadata service.
 * @throws Error when it does not say
 */
export async function fetchMetadata(
  instance: Instance,
  signal: AbortSignal,
): Promise<MetadataInfo> {
  const { host, application, revision, metadataService } = instance;
  if (metadataService === undefined) throw new Error('it has no metadata service');
  const authority = `${host.includes(':') ? `[${host}]` : host}:${metadataService.port}`;
  try {
    const message = await call(authority, application, encodeRequest(revision), signal);
    const info = decodeResponse(message);
    // An instance that has another revision by now tells of that.
    if (info.revision !== revision)
      throw new Error(`it told of revision ${info.revision || '(none)'} instead`);
    return info;
  } catch (error) {
    const reason = signal.aborted
      ? 'no answer in time'
      : error instanceof Error
        ? error.message
        : error;
    throw new Error(`the metadata service at ${authority} failed: ${reason}`, { cause: error });
  }
}

/** One unary call, on a connection of its own. */
async function call(
  authority: string,
  application: string,
  message: Buffer,
  signal: AbortSignal,
): Promise<Buffer> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  promise.catch(() => {}); // awaited below, unless the request itself throws
  const session = connect(`http://${authority}`);
  const abort = () => reject(new Error('given up'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    session.on('error', reject);
    session.on('goaway', () => reject(new Error('it closes its connections')));
    const stream = session.request({
      ':method': 'POST',
      ':path': `/${SERVICE}/GetMetadataInfo`,
      'content-type': 'application/grpc+proto',
      te: 'trailers',
      'tri-service-version': '2.0.0',
      'tri-service-group': application,
    });
    const chunks: Buffer[] = [];
    let length = 0;
    let status: string | undefined;
    const statusOf = (headers: Record<string, unknown>) => {
      const code = headers['grpc-status'];
      if (code !== undefined && code !== '0')
        reject(new Error(`gRPC status ${code}: ${headers['grpc-message'] ?? 'no message'}`));
      if (code !== undefined) status = String(code);
    };
    stream.on('response', (headers) => {
      statusOf(headers);
      if (headers[':status'] !== 200) reject(new Error(`HTTP status ${headers[':status']}`));
    });
    stream.on('trailers', statusOf);
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_RESPONSE) reject(new Error(`more than ${MAX_RESPONSE} bytes`));
      else chunks.push(chunk);
    });
    stream.on('error', reject);
    stream.on('close', () => {
      if (status !== '0') return reject(new Error('the call ended without a status'));
      const body = Buffer.concat(chunks);
      if (body.length < PREFIX || body[0] !== 0 || body.readUInt32BE(1) !== body.length - PREFIX)
        return reject(new Error('its answer is no gRPC message'));
      resolve(body.subarray(PREFIX));
    });
    const prefix = Buffer.alloc(PREFIX);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    session.destroy();
  }
}
