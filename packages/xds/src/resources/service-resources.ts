import {
  dependsOnCaller,
  type EffectivePolicy,
  effective,
  type Locality,
  type Policies,
  type Service,
  type ServiceSettings,
} from '@meshkeeper/mesh';
import { cluster } from './cluster/cluster.ts';
import { loadAssignment } from './endpoint/load-assignment.ts';
import { type Part, partsOf } from './endpoint/parts.ts';
import { usable } from './endpoint/usable.ts';
import { FLAVOURS, type Flavour } from './flavour.ts';
import type { ResourceProblem } from './problem.ts';
import { makeResource, type Resource } from './resource.ts';

/**
 * The clusters and assignments of a service in one version of it, made when somebody wants them and
 * kept for all who do.
 */
export class ServiceResources {
  readonly service: Service;
  readonly settings: ServiceSettings | undefined;
  readonly policy: EffectivePolicy;
  readonly parts: readonly Part[];
  readonly problems: readonly ResourceProblem[];
  readonly #endpoints: Service['endpoints'];
  readonly #clusters = new Map<Flavour, readonly Resource[]>();
  readonly #assignments = new Map<string, readonly Resource[]>();

  /** @param before the version before: what is the same is kept */
  constructor(service: Service, policies: Policies, before: ServiceResources | undefined) {
    const settings = policies.settings(service.name);
    this.service = service;
    this.settings = settings;
    this.policy = effective(service, policies);
    const same = before?.settings === settings && before?.service.protocol === service.protocol;
    this.parts = same ? before.parts : partsOf(service, settings);
    const taken = before?.problems.length === 0 ? before.service.endpoints : undefined;
    const { endpoints, problems } = usable(service, taken);
    this.#endpoints = endpoints;
    this.problems = problems;
    if (!same || before.policy !== this.policy) return;
    // Of endpoints a cluster has only how long they warm up.
    if (warmUp(before.service) === warmUp(service)) this.#clusters = before.#clusters;
  }

  /** The clusters, one a part. */
  clusters(flavour: Flavour): readonly Resource[] {
    const kept = this.#clusters.get(flavour);
    if (kept !== undefined) return kept;
    const { service, settings, policy } = this;
    const made = this.parts.map((part) =>
      makeResource('cluster', part.name, cluster({ part, service, settings, policy, flavour })),
    );
    this.#clusters.set(flavour, made);
    return made;
  }

  /** The assignments for callers of that place, one a part. */
  assignments(flavour: Flavour, caller: Locality): readonly Resource[] {
    const { region, zone, subzone } = caller;
    const near = dependsOnCaller(this.settings) ? JSON.stringify([region, zone, subzone]) : '';
    const key = `${flavour} ${near}`;
    const kept = this.#assignments.get(key);
    if (kept !== undefined) return kept;
    const { settings } = this;
    const made = this.parts.map(({ name, members }) =>
      loadAssignment({ name, endpoints: members(this.#endpoints), settings, flavour, caller }),
    );
    this.#assignments.set(key, made);
    return made;
  }

  /** Whether the clusters, as far as anybody has them, are the same as those of another version. */
  hasClustersOf(other: ServiceResources): boolean {
    if (this.#clusters === other.#clusters) return true;
    if (this.parts.length !== other.parts.length) return false;
    return FLAVOURS.every((flavour) => {
      if (!other.#clusters.has(flavour)) return true;
      const theirs = other.clusters(flavour);
      return this.clusters(flavour).every(({ name, version }, index) => {
        return name === theirs[index]?.name && version === theirs[index]?.version;
      });
    });
  }
}

function warmUp({ endpoints }: Service): number {
  return endpoints.reduce((most, { warmup }) => Math.max(most, warmup?.duration ?? 0), 0);
}
