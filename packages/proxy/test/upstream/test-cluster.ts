import assert from 'node:assert/strict';
import { NO_LOCALITY, Xoshiro128 } from '@meshkeeper/mesh';
import {
  type ClusterLoadAssignment,
  type Cluster as ClusterMessage,
  type LbEndpoint,
  LbPolicy,
} from '@meshkeeper/xds';
import { type Assignment, parseAssignment } from '../../src/config/assignment.ts';
import { type ClusterConfig, parseCluster } from '../../src/config/cluster-config.ts';
import { Problems } from '../../src/config/problems.ts';
import { CheckSlots } from '../../src/health/check-slots.ts';
import { Cluster, type ClusterEnvironment } from '../../src/upstream/cluster.ts';
import type { Endpoint } from '../../src/upstream/endpoint.ts';
import type { UpstreamFailure } from '../../src/upstream/failure.ts';
import type {
  IncomingHead,
  OutgoingHead,
  StreamReceiver,
  UpstreamStream,
} from '../../src/upstream/stream.ts';

/** What came of a request. */
export interface Answer {
  readonly endpoint: Endpoint;
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  readonly failure: UpstreamFailure | undefined;
}

/** A cluster of the proxy, without a proxy around it. */
export interface TestCluster extends AsyncDisposable {
  readonly cluster: Cluster;
  /** What its observer was told, as text. */
  readonly events: string[];
  /** Sends a request; with an endpoint, there. */
  ask(request?: Partial<OutgoingHead> & AskOptions): Promise<Answer>;
  /** Other configuration, or other endpoints. */
  update(changes: { cluster?: ClusterMessage; endpoints?: ClusterLoadAssignment }): void;
  /** An endpoint by its port. */
  endpoint(port: number): Endpoint;
}

interface AskOptions {
  readonly to?: Endpoint;
  readonly text?: string;
  readonly idleTimeout?: number;
}

const SEED = 7;

/** Endpoints on loopback, all of one locality. */
export function loopback(
  ports: readonly number[],
  stated: Partial<LbEndpoint> = {},
): ClusterLoadAssignment {
  return { endpoints: [{ lbEndpoints: ports.map((port) => lbEndpoint(port, stated)) }] };
}

/** An endpoint on loopback. */
export function lbEndpoint(portValue: number, stated: Partial<LbEndpoint> = {}): LbEndpoint {
  const address = { socketAddress: { address: '127.0.0.1', portValue } };
  return { endpoint: { address }, ...stated } as LbEndpoint;
}

/** A cluster as the proxy understands it; fails on what it does not. */
export function configOf(message: ClusterMessage): ClusterConfig {
  const problems = new Problems();
  const config = parseCluster(
    { name: 'web', lbPolicy: LbPolicy.ROUND_ROBIN, ...message },
    problems,
  );
  assert.equal(problems.text, undefined);
  return config;
}

/** What the proxy says it can't do of a cluster. */
export function problemsOf(message: ClusterMessage): string {
  const problems = new Problems();
  parseCluster({ name: 'web', ...message }, problems);
  return problems.text ?? '';
}

function assignmentOf(message: ClusterLoadAssignment): Assignment {
  const problems = new Problems();
  const assignment = parseAssignment(message, problems);
  assert.equal(problems.text, undefined);
  return assignment;
}

/** Starts a cluster with real connections. */
export function startCluster(
  message: ClusterMessage,
  endpoints: ClusterLoadAssignment,
  environment: Partial<ClusterEnvironment> = {},
): TestCluster {
  const events: string[] = [];
  let config = configOf(message);
  let assignment = assignmentOf(endpoints);
  const cluster = new Cluster(config, assignment, {
    now: () => performance.now(),
    random: new Xoshiro128(SEED),
    slots: new CheckSlots(64),
    own: NO_LOCALITY,
    callers: () => [],
    observer: {
      connectFailed: (_, { port }) => events.push(`connect-failed ${port}`),
      outlier: (_, change) => {
        const reason = change.type === 'ejected' ? ` ${change.reason}` : '';
        events.push(`${change.type} ${change.key.port}${reason}`);
      },
      checked: (_, { port }, status) => events.push(`${status} ${port}`),
    },
    ...environment,
  });
  return {
    cluster,
    events,
    ask: (request = {}) => ask(cluster, request),
    update(changes) {
      if (changes.cluster) config = configOf(changes.cluster);
      if (changes.endpoints) assignment = assignmentOf(changes.endpoints);
      cluster.update(config, assignment);
    },
    endpoint(port) {
      const found = [...cluster.endpoints].find((each) => each.port === port);
      assert(found, `an endpoint with port ${port}`);
      return found;
    },
    async [Symbol.asyncDispose]() {
      cluster.destroy();
    },
  };
}

/** A request without anything special. */
export const GET: OutgoingHead = {
  method: 'GET',
  target: '/',
  authority: 'web',
  scheme: 'http',
  fields: [],
  body: { type: 'none' },
  upgrade: undefined,
  trailers: false,
};

/** Collects an answer. */
export class Collector implements StreamReceiver {
  readonly #endpoint: Endpoint;
  readonly #text: string | undefined;
  readonly #answer = Promise.withResolvers<Answer>();
  #head: IncomingHead | undefined;
  #body = '';

  constructor(endpoint: Endpoint, text?: string) {
    this.#endpoint = endpoint;
    this.#text = text;
  }

  get answer(): Promise<Answer> {
    return this.#answer.promise;
  }

  opened(stream: UpstreamStream): void {
    if (this.#text !== undefined) stream.write(Buffer.from(this.#text));
    stream.finish();
  }

  head(head: IncomingHead, last: boolean): void {
    this.#head = head;
    if (last) this.#over([]);
  }

  body(piece: Buffer, last: boolean): void {
    this.#body += piece.toString();
    if (last) this.#over([]);
  }

  end(trailers: readonly string[]): void {
    this.#over(trailers);
  }

  flush(): void {}

  writable(): void {}

  upgraded(): void {
    this.#over([]);
  }

  failed(failure: UpstreamFailure): void {
    this.#over([], failure);
  }

  #over(trailers: readonly string[], failure?: UpstreamFailure): void {
    const { status = 0, fields = [] } = this.#head ?? {};
    const body = this.#body;
    this.#answer.resolve({ endpoint: this.#endpoint, status, fields, body, trailers, failure });
  }
}

async function ask(
  cluster: Cluster,
  { to, text, idleTimeout = 0, ...head }: Partial<OutgoingHead> & AskOptions,
): Promise<Answer> {
  const endpoint = to ?? cluster.pick();
  assert(endpoint, 'an endpoint is picked');
  const collector = new Collector(endpoint, text);
  const body = text === undefined ? GET.body : ({ type: 'chunked' } as const);
  cluster.open(endpoint, { ...GET, body, ...head }, collector, { idleTimeout });
  return collector.answer;
}
