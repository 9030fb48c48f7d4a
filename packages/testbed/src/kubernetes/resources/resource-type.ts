import type { Cause } from '../api-error.ts';
import type { KubernetesObject } from '../object.ts';
import type { ListRule } from '../patch/list-rules.ts';
import type { Schema } from '../schema/schema.ts';

/** What names of objects may be. */
export type NameRule = 'label' | 'subdomain' | 'path' | 'service';

/** What a resource needs to know of the cluster when an object is written. */
export interface Cluster {
  /** A free address for a Service. */
  allocateAddress(family: 'IPv4' | 'IPv6'): string;
  /** A free port of the nodes. */
  allocateNodePort(): number;
}

/** One kind of objects, and what is particular about it. */
export interface ResourceType {
  /** Empty for the core. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** Whether `/status` is written by itself. Default false. */
  readonly status?: boolean;
  /** Whether `metadata.generation` counts changes of all but metadata and status. Default false. */
  readonly generation?: boolean;
  /** Whether a PUT creates what isn't there. Default false. */
  readonly createOnUpdate?: boolean;
  /** Whether a PUT without resourceVersion overwrites. Default true. */
  readonly unconditionalUpdate?: boolean;
  /** Whether a DELETE answers with the object, and not with a Status. Default false. */
  readonly returnsDeleted?: boolean;
  /** Default `subdomain`. */
  readonly names?: NameRule;
  /** Fields that can be selected by, beside name and namespace. */
  readonly fields?: readonly string[];
  /** Lists that are not as those of all, by the name of their field. */
  readonly lists?: Readonly<Record<string, ListRule>>;
  /** Whether it comes from a CustomResourceDefinition. Default false. */
  readonly custom?: boolean;
  /** What is known of its fields; without it all are kept as they are. */
  readonly schema?: Schema;
  /** Fills in what was not said, in place. */
  readonly prepare?: (
    object: KubernetesObject,
    old: KubernetesObject | undefined,
    cluster: Cluster,
  ) => void;
  /** What is wrong with it. */
  readonly validate?: (
    object: KubernetesObject,
    old: KubernetesObject | undefined,
  ) => readonly Cause[];
}

/** `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: Pick<ResourceType, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}
