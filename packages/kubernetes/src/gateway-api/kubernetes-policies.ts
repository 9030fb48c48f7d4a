import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '../api/api-client.ts';
import { isRefused } from '../api/kubernetes-error.ts';
import { pathOf, type Resource } from '../api/resource.ts';
import type { Logger } from '../logger.ts';
import type { BackOffOptions } from '../queue/back-off.ts';
import { WorkQueue } from '../queue/work-queue.ts';
import { Reflector } from '../reflector/reflector.ts';
import { statusOf, type Verdict } from './conditions.ts';
import {
  type KubernetesPolicy,
  kubernetesPolicy,
  type ServiceNaming,
} from './kubernetes-policy.ts';
import { isRoute, POLICY_RESOURCES, type PolicyObject } from './policy-kinds.ts';

/** How policies are read, and what became of them written back. */
export interface KubernetesPoliciesOptions {
  readonly client: ApiClient;
  /** Default: all namespaces. */
  readonly namespace?: string;
  readonly naming: ServiceNaming;
  readonly logger: Logger;
  readonly backOff?: BackOffOptions;
}

interface Row {
  readonly resource: Resource<PolicyObject>;
  readonly reflector: Reflector<PolicyObject, PolicyObject>;
  read: boolean;
}

/** Between two looks for a kind that isn't installed, in milliseconds. */
const INSTALLED = 30_000;

/** The policies that are written in Kubernetes: routes of Gateway API for services, and our own kinds. */
export class KubernetesPolicies implements AsyncDisposable {
  readonly #options: KubernetesPoliciesOptions;
  readonly #rows: readonly Row[];
  readonly #verdicts = new Map<string, Verdict>();
  readonly #queue: WorkQueue;
  readonly #stop = new AbortController();
  #wake = Promise.withResolvers<void>();

  constructor(options: KubernetesPoliciesOptions) {
    this.#options = options;
    const { client, namespace, logger, backOff } = options;
    this.#rows = POLICY_RESOURCES.map((resource) => ({
      resource,
      read: false,
      reflector: new Reflector<PolicyObject, PolicyObject>({
        ...{ client, resource, namespace, backOff },
        project: ({
          metadata: { managedFields: _, ...metadata },
          ...object
        }: PolicyObject & {
          readonly metadata: { readonly managedFields?: unknown };
        }) => ({ ...object, metadata }),
      }),
    }));
    this.#queue = new WorkQueue({
      work: (id, signal) => this.#write(id, signal),
      failed: (policy, err) =>
        logger.warn(
          { err, policy },
          'what became of a policy can not be written to Kubernetes yet',
        ),
      backOff,
    });
  }

  /** All policies, at first when every kind was read, and after each change. Once. */
  async *changes(signal: AbortSignal): AsyncGenerator<readonly KubernetesPolicy[]> {
    const both = AbortSignal.any([signal, this.#stop.signal]);
    both.addEventListener('abort', () => this.#wake.resolve(), { once: true });
    const following = Promise.all(this.#rows.map((row) => this.#follow(row, both)));
    try {
      while (!both.aborted) {
        this.#wake = Promise.withResolvers();
        if (this.#rows.every(({ read }) => read)) yield this.#all();
        if (!both.aborted) await this.#wake.promise;
      }
    } finally {
      this.#stop.abort();
      await following;
    }
  }

  /** What names Services have has changed. */
  renamed(): void {
    this.#wake.resolve();
  }

  /** Writes what became of policies, by id, into their status: where it says something else. */
  judge(verdicts: ReadonlyMap<string, Verdict>): void {
    for (const [id, verdict] of verdicts) {
      this.#verdicts.set(id, verdict);
      this.#queue.add(id);
    }
    for (const id of this.#verdicts.keys()) if (!verdicts.has(id)) this.#verdicts.delete(id);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.resolve();
    await this.#queue.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #all(): readonly KubernetesPolicy[] {
    return this.#rows.flatMap(({ resource, reflector }) =>
      [...reflector.objects.values()].flatMap(
        (object) => kubernetesPolicy(resource, object, this.#options.naming) ?? [],
      ),
    );
  }

  async #follow(row: Row, signal: AbortSignal): Promise<void> {
    await this.#installed(row, signal);
    for await (const _ of row.reflector.changes(signal)) {
      row.read = true;
      this.#wake.resolve();
    }
  }

  /** Waits for a kind that isn't there: until then there is nothing of it. */
  async #installed(row: Row, signal: AbortSignal): Promise<void> {
    const { client, namespace, logger } = this.#options;
    while (!signal.aborted) {
      try {
        await client.list(row.resource, { namespace, limit: 1, signal });
        return;
      } catch (err) {
        // What else fails is the reflector's matter.
        if (!isRefused(err, 'NotFound')) return;
        const path = pathOf(row.resource, namespace);
        if (!row.read) logger.info({ path }, 'a kind of policies is not installed in Kubernetes');
        row.read = true;
        this.#wake.resolve();
      }
      await pause(INSTALLED, undefined, { signal }).catch(() => {});
    }
  }

  async #write(id: string, signal: AbortSignal): Promise<void> {
    const verdict = this.#verdicts.get(id);
    const [kind, namespace = '', name = ''] = id.split('/');
    const row = this.#rows.find(({ resource }) => resource.kind === kind);
    const object = row?.reflector.objects.get(`${namespace}/${name}`);
    if (row === undefined || object === undefined || verdict === undefined) return;
    // What was judged is not what is there any more.
    if ((object.metadata.generation ?? 0) !== verdict.generation) return;
    const { client, naming } = this.#options;
    const policy = kubernetesPolicy(row.resource, object, naming);
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    const status = statusOf(object, policy?.parents ?? [], isRoute(row.resource), verdict, now);
    if (status === undefined) return;
    // With its resourceVersion: of two that write one looks again.
    await client.update(row.resource, { ...object, status }, { signal, subresource: 'status' });
  }
}
