import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { FrameSplitter } from '@meshkeeper/jute';
import { parseConnectString } from '../../src/index.ts';

/** What becomes of a frame: it passes, it is dropped, it is replaced, or both sides are reset. */
export type Verdict = 'pass' | 'drop' | 'cut' | Buffer;

/** What looks at the frames; settable while it runs. `answer` writes a frame to the client. */
export interface FrameRules {
  fromServer?: ((frame: Buffer) => Verdict) | undefined;
  fromClient?: ((frame: Buffer, answer: (frame: Buffer) => void) => Verdict) | undefined;
}

/** A proxy that sees frames rather than bytes, so that one of them can be lost. */
export async function startFrameProxy(target: string) {
  const rules: FrameRules = {};
  const open = new Set<Socket>();
  const { host, port } = parseConnectString(target).hosts[0]!;
  const server = createServer((client) => {
    const upstream = connect({ host, port });
    const cut = () => {
      for (const socket of [client, upstream]) {
        open.delete(socket);
        socket.destroy();
      }
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', cut).on('close', cut);
    }
    relay(upstream, client, cut, (frame) => rules.fromServer?.(frame) ?? 'pass');
    const answer = (frame: Buffer) => write(client, frame);
    relay(client, upstream, cut, (frame) => rules.fromClient?.(frame, answer) ?? 'pass');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.close();
    for (const socket of open) socket.destroy();
    await once(server, 'close');
  };
  return {
    rules,
    connect: `127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on TCP
    close,
    [Symbol.asyncDispose]: close,
  };
}

function relay(from: Socket, to: Socket, cut: () => void, judge: (frame: Buffer) => Verdict) {
  const splitter = new FrameSplitter(0x7fff_ffff);
  from.on('data', (chunk: Buffer) => {
    splitter.push(chunk, (frame) => {
      const verdict = judge(frame);
      if (verdict === 'cut') cut();
      else if (verdict !== 'drop') write(to, verdict === 'pass' ? frame : verdict);
    });
  });
}

function write(to: Socket, frame: Buffer): void {
  if (to.destroyed) return;
  const length = Buffer.alloc(4);
  length.writeInt32BE(frame.length);
  to.write(Buffer.concat([length, frame]));
}
