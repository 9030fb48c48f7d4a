import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import type { Variant } from '@meshkeeper/xds';
import { Sidecar, type SidecarListener } from './sidecar.ts';

/** What may be under way to a client, as Envoy has it. */
const WINDOW = 256 * 1024 * 1024;

/** How they are connected. */
export interface SidecarsOptions {
  /** Streams that share a connection. Default 100: our server allows no more. */
  readonly perConnection?: number;
}

/** Many sidecars over some connections. */
export class Sidecars implements Disposable {
  readonly all: readonly Sidecar[];
  readonly #sessions: readonly ClientHttp2Session[];

  private constructor(sessions: readonly ClientHttp2Session[], all: readonly Sidecar[]) {
    this.#sessions = sessions;
    this.all = all;
  }

  /** Connects so many. Their streams are open, and have asked for nothing. */
  static async connect(
    port: number,
    count: number,
    variant: Variant,
    listener: SidecarListener,
    { perConnection = 100 }: SidecarsOptions = {},
  ): Promise<Sidecars> {
    const sessions = await Promise.all(
      Array.from({ length: Math.ceil(count / perConnection) }, () => open(port)),
    );
    const all = Array.from({ length: count }, (_, i) => {
      // There are enough for all.
      const session = sessions[Math.floor(i / perConnection)] as ClientHttp2Session;
      return new Sidecar(session, variant, listener);
    });
    return new Sidecars(sessions, all);
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions) session.destroy();
  }
}

async function open(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: WINDOW } });
  session.on('error', () => {}); // its streams end
  await once(session, 'connect');
  session.setLocalWindowSize(WINDOW);
  session.setMaxListeners(0);
  return session;
}
