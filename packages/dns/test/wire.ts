import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type DecodedPacket, decode as decoded, encode, type Packet } from 'dns-packet';
import type { HostPort } from '../src/index.ts';

/** A message as the library reads it; its types lack how it went. */
export function decode(message: Buffer): DecodedPacket & { readonly rcode: string } {
  return decoded(message) as DecodedPacket & { readonly rcode: string };
}

/** A question in bytes, under an id, with what else a packet has. */
export function question(name: string, type = 'A', packet: Packet = {}): Buffer {
  // What is asked for may be a type that the library has no name for.
  const questions = [{ name, type: type as 'A' }];
  return encode({ type: 'query', id: 4711, questions, ...packet });
}

/** EDNS as dns-packet writes it. */
export function edns(size: number, more: object = {}): Packet['additionals'] {
  const fields = { udpPayloadSize: size, extendedRcode: 0, ednsVersion: 0, flags: 0 };
  return [{ type: 'OPT', name: '.', ...fields, flag_do: false, options: [], ...more }];
}

/** Sends a message by UDP; the bytes that come back. */
export async function askUdp({ host, port }: HostPort, message: Buffer): Promise<Buffer> {
  const socket = createSocket('udp4');
  try {
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(10_000) });
    socket.send(message, port, host);
    const [reply] = await answered;
    return reply;
  } finally {
    socket.close();
  }
}

/** Sends messages in one piece by TCP; what comes back, until there are as many or it is closed. */
export async function askTcp(
  { host, port }: HostPort,
  messages: readonly Buffer[],
): Promise<DecodedPacket[]> {
  const socket = connect({ host, port });
  const frames = messages.map((message) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    return Buffer.concat([length, message]);
  });
  socket.write(Buffer.concat(frames));
  const replies: DecodedPacket[] = [];
  let received = Buffer.alloc(0);
  try {
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const length = received.readUInt16BE(0);
        replies.push(decode(received.subarray(2, 2 + length)));
        received = received.subarray(2 + length);
      }
      if (replies.length === messages.length) break;
    }
  } finally {
    socket.destroy();
  }
  return replies;
}
