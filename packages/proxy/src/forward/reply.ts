import { isGrpc, type RequestView } from '../config/request-view.ts';
import type { ClientStream } from '../listen/client-stream.ts';

/** What the proxy answers itself. */
export interface Reply {
  readonly status: number;
  /** Of plain text; empty for none. */
  readonly body: string;
  /** Further fields, names and values in turns. */
  readonly fields?: readonly string[];
  /** Says why there is no response: a client that can be told so is told. */
  readonly failure?: string;
  /** Neither routes nor filters change it. */
  readonly asItIs?: boolean;
  /** What gRPC is told, where its own table of statuses says something else. */
  readonly grpcStatus?: number;
}

/** What an answer has to fit. */
export interface ReplyContext {
  /** The request; undefined when it could not be read. */
  readonly view: RequestView | undefined;
  /** The connection stays in step, so that it can have another request. */
  readonly keepAlive: boolean;
  /** What routes and filters do to the response's fields. */
  readonly edits: readonly ResponseEdit[] | undefined;
}

/** A change of a response's fields, in place: names and values in turns. */
export type ResponseEdit = (fields: string[]) => void;

/** A sentence of the proxy's own as a reply. */
export function sentence(status: number, text: string): Reply {
  return { status, body: `${text}\n`, failure: text };
}

/** Answers the request; the status that the client got. gRPC is told what it understands. */
export function sendReply(stream: ClientStream, reply: Reply, context: ReplyContext): number {
  const { view, keepAlive, edits } = context;
  if (reply.failure !== undefined && stream.fail) {
    stream.fail(reply.status, reply.failure);
    return reply.status;
  }
  if (!keepAlive) stream.lastOfConnection();
  const grpc = isGrpc(view?.header('content-type'));
  const status = grpc ? 200 : reply.status;
  const body = Buffer.from(grpc ? '' : reply.body);
  const fields = [
    ...(reply.fields ?? []),
    ...(grpc ? grpcFields(reply) : httpFields(status, body)),
  ];
  if (!reply.asItIs) for (const edit of edits ?? []) edit(fields);
  stream.respond(status, '', fields);
  if (body.length > 0 && view?.method !== 'HEAD') stream.end(body);
  else stream.end();
  return status;
}

function httpFields(status: number, body: Buffer): string[] {
  if (body.length > 0) {
    return ['content-length', String(body.length), 'content-type', 'text/plain; charset=utf-8'];
  }
  return status < 200 || status === 204 || status === 304 ? [] : ['content-length', '0'];
}

function grpcFields({ status, body, grpcStatus }: Reply): string[] {
  const fields = ['content-type', 'application/grpc'];
  fields.push('grpc-status', String(grpcStatus ?? GRPC_STATUSES[status] ?? UNKNOWN));
  const message = body.trim();
  if (message !== '') fields.push('grpc-message', percentEncoded(message));
  return fields;
}

/** gRPC's UNKNOWN. */
const UNKNOWN = 2;

/** gRPC's "HTTP to gRPC Status Code Mapping". */
const GRPC_STATUSES: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};

function percentEncoded(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += plain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** A host or a cluster's name, fit for a sentence: short, and printable ASCII. */
export function printable(text: string): string {
  const clean = text.replace(/[^!-~]/g, '?');
  return clean.length > 100 ? `${clean.slice(0, 100)}…` : clean;
}
