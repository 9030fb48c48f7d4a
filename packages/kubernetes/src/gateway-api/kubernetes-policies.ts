import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type {
  Leadership,
  PolicySource,
  PolicyStanding,
  SourcePolicy,
  SourceState,
} from '@meshkeeper/mesh';
import type { ApiClient } from '../api/api-client.ts';
import { isRefused, KubernetesError } from '../api/kubernetes-error.ts';
import type { KubernetesObject } from '../api/objects.ts';
import { pathOf, type Resource } from '../api/resource.ts';
import type { Logger } from '../logger.ts';
import { BackOff, type BackOffOptions } from '../queue/back-off.ts';
import { Reflector } from '../reflector/reflector.ts';
import { isJudged } from './conditions.ts';
import {
  type KubernetesPolicy,
  kubernetesPolicy,
  type PolicyContext,
  policyIdOf,
} from './kubernetes-policy.ts';
import { GATEWAY_API, POLICY_RESOURCES, type PolicyObject } from './policy-kinds.ts';
import { isGranted, REFERENCE_GRANTS, type ReferenceGrant } from './reference-grants.ts';
import type { ServiceNaming } from './service-naming.ts';
import { type Judged, StatusWriter } from './status-writer.ts';

/** How policies are read, and what became of them written back. */
export interface KubernetesPoliciesOptions {
  readonly client: ApiClient;
  /** Those that are read. Default: all. */
  readonly namespaces?: readonly string[];
  /** Those that are not, whatever else is said. */
  readonly except?: readonly string[];
  /** Undefined while it is not known which Services there are. */
  readonly naming: () => ServiceNaming | undefined;
  /** Whether what became of them is written into their status. Default true. */
  readonly status?: boolean;
  /** Which replica writes. Default: this one. */
  readonly leader?: Leadership | undefined;
  readonly logger: Logger;
  readonly backOff?: BackOffOptions | undefined;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

/** A kind that is read in a namespace, or in all. */
interface Row<T extends KubernetesObject = KubernetesObject> {
  readonly resource: Resource<T>;
  readonly namespace: string | undefined;
  readonly reflector: Reflector<T, T>;
  /** Who may not read it does as if there was nothing of it. */
  readonly optional: boolean;
  read: boolean;
  /** Why it can't be read, while it never was. */
  error: unknown;
}

/** Between two looks for a kind that isn't installed, in milliseconds. */
const INSTALLED = 30_000;

/** The policies that are written in Kubernetes: routes of Gateway API for services, and our own kinds. */
export class KubernetesPolicies implements PolicySource, AsyncDisposable {
  readonly #options: KubernetesPoliciesOptions;
  readonly #rows: readonly Row<PolicyObject>[];
  readonly #grants: readonly Row<ReferenceGrant>[];
  readonly #writer: StatusWriter | undefined;
  readonly #stop = new AbortController();
  /** What was told of each, by id. */
  #told = new Map<string, KubernetesPolicy>();
  #ready = false;
  #wake = Promise.withResolvers<void>();

  constructor(options: KubernetesPoliciesOptions) {
    this.#options = options;
    const { client, namespaces = [], except = [], leader, logger, backOff } = options;
    const named = namespaces.filter((each) => !except.includes(each));
    const places = namespaces.length === 0 ? [undefined] : named;
    const rows = <T extends KubernetesObject>(resource: Resource<T>, optional: boolean) =>
      places.map((namespace) => this.#row(resource, namespace, optional));
    this.#rows = POLICY_RESOURCES.flatMap((resource) => rows(resource, false));
    this.#grants = rows(REFERENCE_GRANTS, true);
    if (options.status !== false)
      this.#writer = new StatusWriter({
        ...{ client, leader, logger, backOff },
        find: (id) => this.#find(id),
      });
  }

  get state(): SourceState {
    if (!this.#ready) return { type: 'starting' };
    const since = this.#rows.flatMap(({ reflector: { state } }) =>
      state.type === 'stale' ? [state.since] : [],
    );
    return since.length === 0 ? { type: 'live' } : { type: 'stale', since: Math.min(...since) };
  }

  /** Why what can't be read can't, by what that is. */
  get errors(): ReadonlyMap<string, unknown> {
    return new Map(
      [...this.#rows, ...this.#grants].flatMap((row) => {
        const { resource, namespace, reflector } = row;
        const { state } = reflector;
        const error = state.type === 'stale' ? state.error : row.error;
        const where = namespace === undefined ? '' : ` in ${namespace}`;
        return error === undefined ? [] : [[`${resource.plural}${where}`, error] as const];
      }),
    );
  }

  async *changes(signal: AbortSignal): AsyncGenerator<readonly SourcePolicy[]> {
    const both = AbortSignal.any([signal, this.#stop.signal]);
    both.addEventListener('abort', () => this.#wake.resolve(), { once: true });
    const rows: readonly Row[] = [...this.#rows, ...this.#grants];
    const following = Promise.all(rows.map((row) => this.#follow(row, both)));
    try {
      while (!both.aborted) {
        this.#wake = Promise.withResolvers();
        const naming = this.#options.naming();
        if (naming !== undefined && rows.every(({ read }) => read)) {
          this.#ready = true;
          yield this.#all(naming);
        }
        if (!both.aborted) await this.#wake.promise;
      }
    } finally {
      this.#stop.abort();
      await following;
    }
  }

  /** What Services there are, or what they are called, has changed. */
  renamed(): void {
    this.#wake.resolve();
  }

  judged(standings: ReadonlyMap<string, PolicyStanding>): void {
    this.#writer?.judged(
      new Map(
        [...standings].map(([id, { version, conditions }]) => [
          id,
          { generation: Number(version), conditions },
        ]),
      ),
    );
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.resolve();
    await this.#writer?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #row<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    optional: boolean,
  ): Row<T> {
    const { client, backOff, now } = this.#options;
    return {
      ...{ resource, namespace, optional, read: false, error: undefined },
      reflector: new Reflector<T, T>({
        ...{ client, resource, namespace, backOff, now },
        project: withoutManagedFields,
      }),
    };
  }

  #all(naming: ServiceNaming): readonly SourcePolicy[] {
    const grants = this.#grants.flatMap(({ reflector }) => [...reflector.objects.values()]);
    const context: PolicyContext = {
      naming,
      isGranted: (route, service) => isGranted(grants, { group: GATEWAY_API, ...route }, service),
    };
    const told = new Map<string, KubernetesPolicy>();
    const left: string[] = [];
    for (const { resource, reflector } of this.#rows)
      for (const object of reflector.objects.values()) {
        if (this.#options.except?.includes(object.metadata.namespace ?? '')) continue;
        const id = policyIdOf(resource, object);
        const now = kubernetesPolicy(resource, object, context);
        const before = this.#told.get(id);
        if (now !== undefined) told.set(id, isDeepStrictEqual(now, before) ? before! : now);
        else if (isJudged(object)) left.push(id);
      }
    this.#told = told;
    // A route that has left us says so no longer; and somebody may have written over what was said.
    this.#writer?.look([...left, ...told.keys()]);
    return [...told.values()].map(({ policy }) => policy);
  }

  #find(id: string): Judged | undefined {
    const [kind = '', key = ''] = id.split(' ');
    for (const { resource, reflector } of this.#rows) {
      const object = resource.kind === kind ? reflector.objects.get(key) : undefined;
      if (object !== undefined)
        return { resource, object, parents: this.#told.get(id)?.parents ?? [] };
    }
    return undefined;
  }

  async #follow(row: Row, signal: AbortSignal): Promise<void> {
    await this.#installed(row, signal);
    for await (const _ of row.reflector.changes(signal)) {
      row.read = true;
      this.#wake.resolve();
    }
  }

  /**
   * Waits until a kind can be read. There is nothing of one that isn't installed; who may not read what others
   * do without does as if there was nothing. Of what else goes wrong nothing follows.
   */
  async #installed(row: Row, signal: AbortSignal): Promise<void> {
    const { client, logger, backOff } = this.#options;
    const { resource, namespace, optional } = row;
    const pauses = new BackOff(backOff);
    while (!signal.aborted) {
      try {
        await client.list(resource, { namespace, limit: 1, signal });
        row.error = undefined;
        return;
      } catch (err) {
        if (signal.aborted) return;
        const isMissing = isRefused(err, 'NotFound');
        const isNothing = isMissing || (optional && isRefused(err, 'Forbidden'));
        row.error = isMissing ? undefined : err;
        const path = pathOf(resource, namespace);
        if (isMissing && !row.read)
          logger.info({ path }, 'a kind of policies is not installed in Kubernetes');
        row.read ||= isNothing;
        this.#wake.resolve();
        const after = err instanceof KubernetesError ? err.retryAfter : undefined;
        const wait = isNothing ? INSTALLED : pauses.next(after);
        await pause(wait, undefined, { signal }).catch(() => {});
      }
    }
  }
}

function withoutManagedFields<T extends KubernetesObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as T['metadata'] & {
    readonly managedFields?: unknown;
  };
  return { ...object, metadata };
}
