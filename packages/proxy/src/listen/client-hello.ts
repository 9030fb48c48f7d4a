/** What the beginning of a TLS connection says; undefined: more has to come. */
export interface ClientHello {
  /** Lower case; undefined when it says none, or when it can't be understood. */
  readonly serverName: string | undefined;
}

/** Bytes of a hello that are waited for: as much as TLS allows in one record. */
export const MAX_HELLO = 16 * 1024 + 5;

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;

const UNKNOWN: ClientHello = { serverName: undefined };

/** Reads the server name of a ClientHello (RFC 8446, 4.1.2; RFC 6066, 3), without trusting any of it. */
export function readClientHello(bytes: Buffer): ClientHello | undefined {
  const message = handshakeMessage(bytes);
  if (message === undefined) return bytes.length >= MAX_HELLO ? UNKNOWN : undefined;
  try {
    return { serverName: serverName(message) };
  } catch (error) {
    if (error instanceof RangeError) return UNKNOWN;
    throw error;
  }
}

/** The body of the first handshake message, of as many records as it takes; undefined: not all is there. */
function handshakeMessage(bytes: Buffer): Buffer | undefined {
  const fragments: Buffer[] = [];
  let at = 0;
  let have = 0;
  while (at + 5 <= bytes.length && bytes[at] === HANDSHAKE) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    const fragment = bytes.subarray(at + 5, end);
    fragments.push(fragment);
    have += fragment.length;
    at = end;
    if (have < 4) continue;
    const message = fragments.length === 1 ? fragment : Buffer.concat(fragments);
    if (message[0] !== CLIENT_HELLO) return Buffer.alloc(0);
    const length = message.readUIntBE(1, 3);
    if (have >= 4 + length) return message.subarray(4, 4 + length);
  }
  // What is no handshake will not become one.
  return at < bytes.length && bytes[at] !== HANDSHAKE ? Buffer.alloc(0) : undefined;
}

/** @throws RangeError when it is cut short. */
function serverName(hello: Buffer): string | undefined {
  let at = 2 + 32;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + hello.readUInt8(at);
  const end = at + 2 + hello.readUInt16BE(at);
  at += 2;
  while (at < end) {
    const type = hello.readUInt16BE(at);
    const length = hello.readUInt16BE(at + 2);
    const data = hello.subarray(at + 4, at + 4 + length);
    if (type === SERVER_NAME) {
      if (data.readUInt8(2) !== HOST_NAME) return undefined;
      const name = data.toString('latin1', 5, 5 + data.readUInt16BE(3));
      return /^[!-~]{1,255}$/.test(name) ? name.toLowerCase() : undefined;
    }
    at += 4 + length;
  }
  return undefined;
}
