import assert from 'node:assert/strict';
import type { Policy } from '@meshkeeper/policy';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { type ControlPlane, loadConfig, startControlPlane } from '../../../src/index.ts';
import { instance } from '../../instance.ts';
import type { StartServer } from '../../servers.ts';

/** What the API has answered. */
export interface Answer {
  readonly status: number;
  // What the API answers is read by each test as its documentation says.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any;
}

/** The API of policies, of a control plane with one service. */
export class PolicyApi {
  /** What the control plane has warned of. */
  readonly logged: { readonly what: object; readonly message: string }[] = [];
  server!: Awaited<ReturnType<StartServer>>;
  zk!: ZooKeeper;
  plane!: ControlPlane;

  async start(start: StartServer): Promise<void> {
    this.server = await start();
    this.zk = await connect({ connect: this.server.connect });
    await this.zk.create('/discovery/orders/one', instance('orders', 'one', 1), { parents: true });
    this.plane = await this.startPlane();
  }

  async close(): Promise<void> {
    await this.plane?.close();
    await this.zk?.close();
    await this.server?.close();
  }

  readonly call = async (
    method: string,
    path: string,
    body?: unknown,
    type = 'application/json',
  ): Promise<Answer> => {
    const response = await fetch(`${this.plane.api}/api/v1/policies${path}`, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': type },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    });
    return { status: response.status, body: await response.json() };
  };

  readonly apply = async (policies: readonly Policy[], query = ''): Promise<Answer['body']> => {
    const answer = await this.call('POST', `/apply${query}`, policies);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };

  /** Deletes all of them. */
  async clear(): Promise<void> {
    const { body } = await this.call('GET', '');
    const refs = body.policies.map(({ kind, metadata: { namespace, name } }: Policy) => {
      return { kind, namespace, name };
    });
    await this.call('POST', '/apply', { delete: refs });
  }

  /** Another replica of it. */
  async startPlane(): Promise<ControlPlane> {
    const config = await loadConfig({
      flags: {
        zookeeper: { connect: this.server.connect },
        controlPlane: {
          api: { listen: '127.0.0.1:0' },
          xds: { listen: '127.0.0.1:0' },
          dns: { listen: '127.0.0.1:0' },
        },
      },
    });
    const logger = {
      debug() {},
      info() {},
      warn: (what: object, message: string) => void this.logged.push({ what, message }),
    };
    const started = await startControlPlane({ config, logger });
    await started.ready;
    return started;
  }
}

/** What has become of each policy. */
export function outcomes(body: Answer['body']): string {
  return body.policies.map(({ outcome }: { outcome: string }) => outcome).join();
}

/** Which policies are listed. */
export function names(body: Answer['body']): string {
  return body.policies.map(({ kind, metadata }: Policy) => `${kind}/${metadata.name}`).join();
}
