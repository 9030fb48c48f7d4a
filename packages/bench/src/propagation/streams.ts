import { until } from '@meshkeeper/testbed';
import type { ResourceType } from '@meshkeeper/xds';
import type { SentResource, Sidecar, SidecarListener } from '../xds-push/sidecar.ts';
import { Sidecars } from '../xds-push/sidecars.ts';
import type { ControlPlaneProcess } from './control-plane-process.ts';
import type { Fleet } from './fleet.ts';
import { now } from './now.ts';
import { planChanges } from './plan.ts';
import { Receipts } from './receipts.ts';
import { type Measured, type Pace, write } from './run.ts';

/** Incremental streams with everything, each on a connection of its own, as Envoys have them. */
export class Streams implements Disposable {
  readonly #sidecars: Sidecars;
  readonly #heard: Heard;

  private constructor(sidecars: Sidecars, heard: Heard) {
    this.#sidecars = sidecars;
    this.#heard = heard;
  }

  /** Connects so many; resolves when all have the endpoints of those services. */
  static async connect(
    xds: string,
    count: number,
    services: readonly string[],
    signal: AbortSignal,
  ): Promise<Streams> {
    const heard = new Heard(services);
    const port = Number(xds.slice(xds.lastIndexOf(':') + 1));
    const sidecars = await Sidecars.connect(port, count, 'delta', heard, { perConnection: 1 });
    for (const sidecar of sidecars.all) {
      sidecar.subscribe('listener');
      sidecar.subscribe('cluster');
    }
    await until(() => heard.assignments >= count * services.length, {
      ...{ interval: 50, timeout: 60_000, signal },
      message: 'every stream has all endpoints',
    });
    return new Streams(sidecars, heard);
  }

  /** Makes `count` changes at that pace, and waits until every stream has each. */
  async measure(
    fleet: Fleet,
    controlPlane: ControlPlaneProcess,
    pace: Pace,
    count: number,
    signal: AbortSignal,
  ): Promise<Measured> {
    const changes = planChanges(fleet.present, count, () => fleet.fresh(Math.random), Math.random);
    const receipts = new Receipts(this.#sidecars.all);
    this.#heard.receipts = receipts;
    this.#heard.responses = 0;
    const before = await controlPlane.report();
    const committedAt = await write(fleet, changes, pace, signal, (change, address) =>
      receipts.expect(change, address),
    );
    await until(() => receipts.isComplete, {
      ...{ interval: 50, timeout: 60_000, signal },
      message: 'every stream has every change',
    });
    const after = await controlPlane.report();
    const times = changes.map(({ kind, id }) => {
      // Both have every change: the writes were awaited, and so were the receipts.
      return {
        kind,
        ms: (receipts.receivedAt.get(id) as number) - (committedAt.get(id) as number),
      };
    });
    const responses = { endpoints: this.#heard.responses / this.#sidecars.all.length };
    return { times, responses, cpu: after.cpu - before.cpu };
  }

  [Symbol.dispose](): void {
    this.#sidecars[Symbol.dispose]();
  }
}

/** What the streams were sent; asks for endpoints after clusters and for routes after listeners. */
class Heard implements SidecarListener {
  receipts: Receipts | undefined;
  responses = 0;
  assignments = 0;
  readonly #follows: ReadonlyMap<ResourceType, readonly [ResourceType, readonly string[]]>;
  readonly #asked = new Map<Sidecar, Set<ResourceType>>();

  constructor(services: readonly string[]) {
    this.#follows = new Map([
      ['cluster', ['endpoint', services]],
      ['listener', ['route', ['gateway']]],
    ]);
  }

  resource(sidecar: Sidecar, type: ResourceType, { name, any }: SentResource): void {
    if (type !== 'endpoint') return;
    this.assignments++;
    this.receipts?.received(sidecar, name, any, now());
  }

  response(sidecar: Sidecar, type: ResourceType): void {
    if (type === 'endpoint') this.responses++;
    const [then, names] = this.#follows.get(type) ?? [];
    const asked = this.#asked.get(sidecar) ?? new Set();
    this.#asked.set(sidecar, asked);
    if (then === undefined || asked.has(then)) return;
    asked.add(then);
    sidecar.subscribe(then, names);
  }
}
