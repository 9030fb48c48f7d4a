import type { ProbeConfig } from '../config/health-check-config.ts';
import type { IncomingHead } from '../upstream/stream.ts';
import type { Exchange } from './request-probe.ts';

/** `HealthCheckResponse.ServingStatus`. */
const SERVING = 1;
const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
/** Of a message: a byte that says whether it is compressed, and four of its length. */
const PREFIX = 5;

/** A check by `grpc.health.v1.Health/Check`. */
export function grpcExchange(
  { service }: ProbeConfig & { readonly type: 'grpc' },
  authority: string,
): Exchange {
  return {
    head: {
      method: 'POST',
      target: '/grpc.health.v1.Health/Check',
      authority,
      scheme: 'http',
      fields: ['content-type', 'application/grpc', 'user-agent', 'meshkeeper/health-check'],
      body: { type: 'chunked' },
      upgrade: undefined,
      trailers: true,
    },
    body: request(service),
    judge(head, body, trailers) {
      const detail = problem(head, body, trailers);
      return detail === undefined
        ? { type: 'success' }
        : { type: 'failure', kind: 'answered', detail };
    },
  };
}

function problem(
  head: IncomingHead,
  body: Buffer,
  trailers: readonly string[],
): string | undefined {
  if (head.status !== 200) return `status ${head.status}`;
  const status = field(trailers, 'grpc-status') ?? field(head.fields, 'grpc-status');
  if (status !== '0') return `gRPC status ${status ?? 'missing'}`;
  const serving = servingStatus(body);
  return serving === SERVING ? undefined : (STATUSES[serving] ?? `serving status ${serving}`);
}

/** `HealthCheckRequest`: its only field is the service's name. */
function request(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? [] : [Buffer.from([0x0a, ...varint(name.length)]), name];
  const length = message.reduce((sum, { length: each }) => sum + each, 0);
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, ...message]);
}

/** Of `HealthCheckResponse`: its only field; 0 when it is not there. */
function servingStatus(body: Buffer): number {
  // Field 1, a varint, of which all known values have one byte.
  return body.length >= PREFIX + 2 && body[PREFIX] === 0x08 ? body[PREFIX + 1]! : 0;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return [...bytes, value];
}

function field(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.toLowerCase() === name) return fields[i + 1];
  }
  return undefined;
}
