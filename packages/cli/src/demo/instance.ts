import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  type CuratorInstance,
  encodeInstance,
  instancePath,
  SPRING_PAYLOAD_CLASS,
  STANDARD_URI_SPEC,
} from '@meshkeeper/registries';
import { CreateMode, connect, isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { runUntilSignal } from '../lifecycle.ts';

/** An instance of the demo. */
export interface InstanceOptions {
  readonly service: string;
  readonly dialect: 'curator' | 'spring' | 'plain';
  readonly zookeeper: string;
  /** URL of the gateway, by which it calls others. */
  readonly gateway: string;
  /** A service that it calls with every request. */
  readonly calls?: string;
}

const ADDRESS = '127.0.0.1';
/** Short, so that one sees a killed instance leave. */
const SESSION_TIMEOUT = 2_000;

/** Serves and is registered until it is told to end; it leaves the registry first. */
export async function runInstance(options: InstanceOptions): Promise<void> {
  // The demo's process is gone, however that came: so is the demo.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  await runUntilSignal(async (stack) => {
    const id = `${options.service}-${randomUUID().slice(0, 8)}`;
    const server = createServer((_request, response) => {
      void answer(options, id).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(`${JSON.stringify(body)}\n`);
      });
    });
    server.listen(0, ADDRESS);
    await once(server, 'listening');
    stack.defer(() => {
      server.closeIdleConnections();
      server.close();
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const zk = stack.use(
      await connect({
        connect: options.zookeeper,
        sessionTimeout: SESSION_TIMEOUT,
        onExpired: 'renew',
      }),
    );
    const { path, data } = registration(options, id, port);
    void keepRegistered(zk, path, data);
    stack.defer(() => zk.delete(path).catch(() => {}));
  });
}

async function answer({ service, calls, gateway }: InstanceOptions, instance: string) {
  const own = { service, instance, pid: process.pid };
  if (calls === undefined) return { status: 200, body: own };
  try {
    const request = get(gateway, { headers: { host: calls }, signal: AbortSignal.timeout(5000) });
    const [response] = await once(request, 'response');
    return { status: 200, body: { ...own, [calls]: JSON.parse(await text(response)) } };
  } catch (error) {
    return { status: 502, body: { ...own, error: String(error) } };
  }
}

/** What each dialect writes, and where. */
function registration({ service, dialect }: InstanceOptions, id: string, port: number) {
  const common = { name: service, id, address: ADDRESS, port };
  if (dialect === 'plain')
    return {
      path: instancePath('/discovery', service, id),
      data: Buffer.from(JSON.stringify(common)),
    };
  const pid = String(process.pid);
  const instance: CuratorInstance = {
    ...common,
    sslPort: null,
    payload:
      dialect === 'spring'
        ? {
            '@class': SPRING_PAYLOAD_CLASS,
            id: service,
            name: service,
            metadata: { pid, instance_status: 'UP' },
          }
        : null,
    registrationTimeUTC: Date.now(),
    serviceType: 'DYNAMIC',
    uriSpec: STANDARD_URI_SPEC,
  };
  const root = dialect === 'spring' ? '/services' : '/discovery';
  return { path: instancePath(root, service, id), data: encodeInstance(instance) };
}

/** Registers now, and again in every new session. */
async function keepRegistered(zk: ZooKeeper, path: string, data: Buffer): Promise<void> {
  for await (const state of zk.states()) {
    if (state.type !== 'connected') continue;
    try {
      await zk.create(path, data, { mode: CreateMode.EPHEMERAL, parents: true });
    } catch (error) {
      // The connection or the session went meanwhile: the next state brings another try.
      if (!isZooKeeperError(error, 'NODE_EXISTS')) continue;
    }
  }
}
