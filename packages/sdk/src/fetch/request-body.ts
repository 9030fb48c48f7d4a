import { SdkError } from '../sdk-error.ts';

/** The body of a request, as it was given. */
export type RequestBody =
  | { readonly type: 'none' }
  /** Can be sent as often as it takes. */
  | { readonly type: 'bytes'; readonly bytes: Buffer; readonly contentType?: string }
  /** Can be sent once; what was read of it may be kept by the data plane. */
  | {
      readonly type: 'stream';
      readonly stream: ReadableStream<Uint8Array>;
      readonly length?: number;
      readonly contentType?: string;
    };

/** What `fetch` takes as a body. */
export type BodySource = RequestInit['body'];

const NONE: RequestBody = { type: 'none' };

/** A body as `fetch` takes it; what is in memory stays where it is. */
export function requestBody(source: BodySource): RequestBody {
  if (source === undefined || source === null) return NONE;
  if (typeof source === 'string')
    return { type: 'bytes', bytes: Buffer.from(source), contentType: 'text/plain;charset=UTF-8' };
  if (source instanceof URLSearchParams) {
    const contentType = 'application/x-www-form-urlencoded;charset=UTF-8';
    return { type: 'bytes', bytes: Buffer.from(source.toString()), contentType };
  }
  if (source instanceof ArrayBuffer) return { type: 'bytes', bytes: Buffer.from(source) };
  if (ArrayBuffer.isView(source)) {
    const { buffer, byteOffset, byteLength } = source;
    return { type: 'bytes', bytes: Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength) };
  }
  if (source instanceof ReadableStream) {
    if (source.locked) throw new SdkError('INVALID_ARGUMENT', 'The body is being read already.');
    return { type: 'stream', stream: source };
  }
  return extracted(source);
}

/** Blobs, forms and iterables, as the platform reads them. */
function extracted(source: NonNullable<BodySource>): RequestBody {
  const { body, headers } = new Response(source as ConstructorParameters<typeof Response>[0]);
  const contentType = headers.get('content-type') ?? undefined;
  return {
    type: 'stream',
    // A response made of something has a body.
    stream: body as ReadableStream<Uint8Array>,
    ...(source instanceof Blob && { length: source.size }),
    ...(contentType !== undefined && { contentType }),
  };
}
