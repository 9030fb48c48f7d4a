import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before } from 'node:test';
import type { Service } from '@meshkeeper/mesh';
import type { DataPlane as DataPlaneKind } from '@meshkeeper/policy';
import { until } from '@meshkeeper/testbed';
import {
  type Answer,
  ask,
  type Call,
  type Calls,
  type Outcome,
  type Question,
  type Way,
} from '../stage/ask.ts';
import { DATA_PLANES, type DataPlane, type DataPlaneOptions } from '../stage/data-planes.ts';
import { type Echo, startEcho, startGrpcEcho } from '../stage/echo.ts';
import { type Mesh, startMesh } from '../stage/mesh.ts';
import { serviceAt } from '../stage/services.ts';

/** A data plane, as callers inside the mesh see it. */
export interface Plane {
  /** As `unsupported` calls it. */
  readonly kind: DataPlaneKind;
  readonly port: DataPlane;
  /** A request for a host; of one that is inside the caller there is no such way. */
  ask(host: string, question?: Question): Promise<Answer>;
  /** A request from outside. @param at the port of a gateway's listener */
  enter(at: number, host: string, question?: Question, way?: Way): Promise<Answer>;
  /** A call of gRPC to a service. */
  call(service: string, call?: Call): Promise<Outcome>;
}

const KINDS = { envoy: 'Envoy', embedded: 'the embedded proxy', grpc: 'gRPC' } as const;

/** How a stand is set up. */
export interface StandOptions extends Omit<DataPlaneOptions, 'xds'> {
  /** Default: all there are. */
  readonly planes?: readonly DataPlaneKind[];
}

/**
 * Data planes for the tests of a `describe`, and services of echoes, each with one endpoint of its name:
 * `web`, `v1`, `v2` of HTTP; `rpc`, `rpc1`, `rpc2` of gRPC.
 */
export class Stand {
  readonly #planes: Plane[] = [];
  readonly #echoes = new Map<string, Echo>();
  #mesh: Mesh | undefined;

  constructor({ planes = ['envoy', 'embedded', 'grpc'], ...options }: StandOptions = {}) {
    const stack = new AsyncDisposableStack();
    before(async () => {
      for (const name of ['web', 'v1', 'v2'])
        this.#echoes.set(name, stack.use(await startEcho(name)));
      for (const name of ['rpc', 'rpc1', 'rpc2'])
        this.#echoes.set(name, stack.use(await startGrpcEcho(name)));
      this.#mesh = stack.use(await startMesh());
      await this.set('');
      const { xds } = this.mesh;
      const started = await Promise.all(
        planes.map(async (kind) => {
          const port = stack.use(await DATA_PLANES[KINDS[kind]]({ xds, ...options }));
          return { kind, port };
        }),
      );
      for (const { kind, port } of started) this.#planes.push(plane(kind, port, stack));
    });
    after(() => stack.disposeAsync());
  }

  get mesh(): Mesh {
    assert(this.#mesh, 'tests run after `before`');
    return this.#mesh;
  }

  /** All data planes: of calls of gRPC. */
  get planes(): readonly Plane[] {
    return this.#planes;
  }

  /** Those that requests of HTTP go through. */
  get proxies(): readonly Plane[] {
    return this.#planes.filter(({ kind }) => kind !== 'grpc');
  }

  echo(name: string): Echo {
    const found = this.#echoes.get(name);
    assert(found, `there is an echo ${name}`);
    return found;
  }

  /** The services of all echoes. */
  get services(): readonly Service[] {
    const echoes = [...this.#echoes.values()].map(({ name, port }) =>
      serviceAt(name, [port], name.startsWith('rpc') ? 'grpc' : 'http'),
    );
    return [...echoes, serviceAt('test', [])];
  }

  /** These policies hold from now on, and no others; fails when a data plane rejects something. */
  async set(policies: string, ...services: readonly Service[]): Promise<void> {
    const others = this.services.filter(({ name }) => services.every((one) => one.name !== name));
    await this.mesh.set({ services: [...others, ...services], policies });
  }
}

/** Waits until each of these ports takes connections: a listener is bound a moment after it was accepted. */
export async function listening(plane: Plane, ...ports: readonly number[]): Promise<void> {
  const host = plane.port.gateway?.host;
  for (const port of ports)
    await until(async () => {
      const socket = connect(port, host);
      await once(socket, 'connect');
      socket.destroy();
      return true;
    });
}

function plane(kind: DataPlaneKind, port: DataPlane, stack: AsyncDisposableStack): Plane {
  const callers = new Map<string, Calls>();
  return {
    kind,
    port,
    ask(host, question) {
      assert(port.outbound, `requests go through ${kind}`);
      return ask(port.outbound, host, question);
    },
    enter(at, host, question, way) {
      assert(port.gateway, `${kind} is a gateway`);
      return ask(at, host, question, { address: port.gateway.host, ...way });
    },
    call(service, call) {
      const caller = callers.get(service) ?? stack.use(port.caller(service));
      callers.set(service, caller);
      return caller.call(call);
    },
  };
}
