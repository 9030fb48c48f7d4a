import type { ServerResponse } from 'node:http';

/** Answers with a status and one sentence. The connection stays open only if `keepAlive`. */
export function localReply(
  response: ServerResponse,
  status: number,
  sentence: string,
  keepAlive = true,
): void {
  const body = `${sentence}\n`;
  if (!keepAlive) response.shouldKeepAlive = false;
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, [
    'content-type',
    'text/plain; charset=utf-8',
    'content-length',
    length,
  ]);
  response.end(body);
}

/** A host or a cluster's name, fit for a sentence: short, and printable ASCII. */
export function printable(text: string): string {
  const clean = text.replace(/[^!-~]/g, '?');
  return clean.length > 100 ? `${clean.slice(0, 100)}…` : clean;
}
