import type { KubernetesObject } from '../api/objects.ts';
import { type Resource, resource } from '../api/resource.ts';
import { GROUP, OWN_KINDS } from '../crd/definition.ts';

/** The group of Gateway API. */
export const GATEWAY_API = 'gateway.networking.k8s.io';

/** Refers to what a route is attached to. */
export interface ParentRef {
  readonly group?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name: string;
  readonly sectionName?: string;
  readonly port?: number;
}

/** Something that became of an object, as Kubernetes says it. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** What a controller says of a route at one of its parents. */
export interface ParentStatus {
  readonly parentRef: ParentRef;
  readonly controllerName: string;
  readonly conditions?: readonly Condition[];
}

/** An object that says where requests go, or how. */
export interface PolicyObject extends KubernetesObject {
  readonly spec?: Readonly<Record<string, unknown>> & {
    readonly parentRefs?: readonly ParentRef[];
  };
  readonly status?: {
    /** Of routes. */
    readonly parents?: readonly ParentStatus[];
    /** Of our kinds. */
    readonly conditions?: readonly Condition[];
    readonly observedGeneration?: number;
  };
}

/** What is read as policies, routes first. */
export const POLICY_RESOURCES: readonly Resource<PolicyObject>[] = [
  resource(GATEWAY_API, 'v1', 'httproutes', 'HTTPRoute'),
  resource(GATEWAY_API, 'v1', 'grpcroutes', 'GRPCRoute'),
  ...OWN_KINDS.map(({ plural, kind }) => resource<PolicyObject>(GROUP, 'v1', plural, kind)),
];

/** True of a parent that is a Service: the route is for its callers (GAMMA). */
export function isServiceRef({ group = GATEWAY_API, kind }: ParentRef): boolean {
  return kind === 'Service' && (group === '' || group === 'core');
}

/** True of a kind whose objects have parents. */
export function isRoute({ group }: Resource): boolean {
  return group === GATEWAY_API;
}
