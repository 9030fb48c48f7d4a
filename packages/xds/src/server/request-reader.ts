import { DiscoveryRequest } from '../codec/messages.ts';

/** Fewer bytes of names are decoded each time. */
const MANY = 1024;

const NAMES = 3;
const TYPE_URL = 4;
const NONCE = 5;

/** The names of a request, as bytes and as they were decoded. */
interface Names {
  readonly bytes: Buffer;
  readonly names: string[];
}

/**
 * Reads the requests of a state-of-the-world stream. Each acknowledgement repeats all names, of which
 * there may be thousands: where they are those of the request before, byte by byte, they are not decoded
 * again, and the list is the same object.
 */
export class RequestReader {
  readonly #latest = new Map<string, Names>();

  /** @throws an error of protobufjs when it isn't a request. */
  read(bytes: Buffer): DiscoveryRequest {
    const scanned = scan(bytes);
    if (scanned === undefined) return DiscoveryRequest.decode(bytes);
    const { typeUrl, responseNonce, names } = scanned;
    const latest = this.#latest.get(typeUrl);
    if (latest?.bytes.equals(names)) return { typeUrl, responseNonce, resourceNames: latest.names };
    const request = DiscoveryRequest.decode(bytes);
    // A copy: the request is a part of what was read from the socket.
    const kept = Buffer.allocUnsafeSlow(names.length);
    kept.set(names);
    this.#latest.set(typeUrl, { bytes: kept, names: request.resourceNames });
    return request;
  }
}

/**
 * What an acknowledgement holds, besides the node, which counts in the first request only; undefined
 * when there is more in it, or few names. `names` is all from the first of them to the last.
 */
function scan(bytes: Buffer) {
  let typeUrl: string | undefined;
  let responseNonce = '';
  let from = 0;
  let to = 0;
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0;
    const id = tag >> 3;
    let length = 0;
    let start = at + 1;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[start++];
      if (byte === undefined || shift > 21) return undefined;
      length |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    const end = start + length;
    if ((tag & 7) !== 2 || id > NONCE || end > bytes.length) return undefined;
    if (id === NAMES) {
      if (from === to) from = at;
      to = end;
    } else if (id === TYPE_URL) typeUrl = bytes.toString('utf8', start, end);
    else if (id === NONCE) responseNonce = bytes.toString('utf8', start, end);
    at = end;
  }
  if (typeUrl === undefined || to - from < MANY) return undefined;
  return { typeUrl, responseNonce, names: bytes.subarray(from, to) };
}
