import { parseFieldText } from './field-text.ts';
import type { Problems } from './problems.ts';
import { headerAccess, type RequestView } from './request-view.ts';

/** The value of a header that is set: a text, or one that depends on the request. */
export type HeaderValue = string | ((request: RequestView) => string);

const COMMAND = /%(?:%|([A-Z_]+)(?:\(([^()%]*)\))?(?::(\d+))?%)|%/g;

/**
 * Envoy's format of header values: `%%` is a percent sign; of its commands there are `REQ(name)`,
 * `REQ(name?other):length` and `DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT`.
 */
export function parseHeaderValue(text: string, problems: Problems): HeaderValue {
  const bytes = parseFieldText(text, 'value', problems);
  if (!bytes.includes('%')) return bytes;
  const pieces: HeaderValue[] = [];
  let end = 0;
  for (const match of bytes.matchAll(COMMAND)) {
    pieces.push(bytes.slice(end, match.index));
    end = match.index + match[0].length;
    const [whole, command, argument, limit] = match;
    const piece = whole === '%%' ? '%' : commandValue(command, argument, limit);
    if (piece === undefined) problems.add('value', `the embedded proxy has no command ${whole}`);
    else pieces.push(piece);
  }
  pieces.push(bytes.slice(end));
  if (pieces.every((piece) => typeof piece === 'string')) return pieces.join('');
  return (request) =>
    pieces.map((piece) => (typeof piece === 'string' ? piece : piece(request))).join('');
}

function commandValue(
  command: string | undefined,
  argument: string | undefined,
  limit: string | undefined,
): HeaderValue | undefined {
  if (command === 'DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT' && argument === undefined) {
    return ({ client }) => client.remoteAddress;
  }
  if (command !== 'REQ' || !argument) return undefined;
  const names = argument.split('?').map(headerAccess);
  const length = limit === undefined ? undefined : Number(limit);
  return (request) => {
    const found = names.map((access) => access(request)).find((value) => value !== undefined);
    return (found ?? '').slice(0, length);
  };
}
