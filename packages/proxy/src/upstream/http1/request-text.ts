import type { OutgoingHead } from '../stream.ts';

/** A request's head in HTTP/1.1, its empty line included; to be sent as latin1. */
export function requestText(head: OutgoingHead): string {
  const { fields, body } = head;
  let text = `${head.method} ${head.target} HTTP/1.1\r\nhost: ${head.authority}\r\n`;
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  if (body.type === 'length') text += `content-length: ${body.length}\r\n`;
  else if (body.type === 'chunked') text += 'transfer-encoding: chunked\r\n';
  if (head.upgrade !== undefined) text += `connection: upgrade\r\nupgrade: ${head.upgrade}\r\n`;
  else if (head.trailers) text += 'te: trailers\r\nconnection: te\r\n';
  return `${text}\r\n`;
}
