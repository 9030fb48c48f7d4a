import type { IncomingHead } from '../upstream/stream.ts';

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'],
  // Of requests only; clients of HTTP/2 must not get them.
  ...['te', 'http2-settings'],
]);
const LENGTHS = new Set([...HOP_BY_HOP].map((name) => name.length));

/** A response's end-to-end fields, names and values in turns, as `writeHead` takes them. */
export function endToEndFields({ fields, status }: IncomingHead): string[] {
  const kept: string[] = [];
  let named: Set<string> | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (LENGTHS.has(name.length)) {
      const lower = name.toLowerCase();
      if (lower === 'connection') named = withNames(named, fields[i + 1]!);
      if (HOP_BY_HOP.has(lower)) continue;
    }
    // A 204 has no length (RFC 9110, 8.6), whatever the server thinks.
    if (status === 204 && name.length === 14 && name.toLowerCase() === 'content-length') continue;
    kept.push(name, fields[i + 1]!);
  }
  return named ? without(kept, named) : kept;
}

/** Trailer fields that mean nothing, or mischief, after a body (RFC 9110, 6.5.1). */
const NO_TRAILERS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  ...['te', 'trailer', 'host', 'content-length', 'content-type', 'content-encoding'],
  ...['content-range', 'authorization', 'set-cookie', 'cookie', 'expect', 'cache-control'],
]);

/** The trailers that may go on; names and values in turns. */
export function endToEndTrailers(trailers: readonly string[]): readonly string[] {
  if (trailers.length === 0) return trailers;
  const kept: string[] = [];
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i]!;
    if (!NO_TRAILERS.has(name.toLowerCase())) kept.push(name, trailers[i + 1]!);
  }
  return kept;
}

function withNames(named: Set<string> | undefined, value: string): Set<string> | undefined {
  if (value === 'keep-alive' || value === 'close') return named;
  const names = named ?? new Set<string>();
  for (const option of value.split(',')) names.add(option.trim().toLowerCase());
  // What frames the message is not the server's to hide.
  names.delete('content-length');
  return names;
}

function without(fields: readonly string[], named: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (!named.has(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!);
  }
  return kept;
}
