import type { OutgoingHead } from '../stream.ts';

/** A request's head in HTTP/2: names and values in turns, as `node:http2` takes them. */
export function requestHeaders(head: OutgoingHead): string[] {
  const headers = [':method', head.method, ':scheme', head.scheme, ':authority', head.authority];
  headers.push(':path', head.target);
  for (const text of head.fields) headers.push(text);
  if (head.body.type === 'length') headers.push('content-length', head.body.length);
  if (head.trailers) headers.push('te', 'trailers');
  return headers;
}
