export type { Access, AccessOptions } from './api/access.ts';
export {
  ApiClient,
  type ApiClientOptions,
  type ListOptions,
  type PatchType,
  type Place,
  type Selection,
  type WatchOptions,
  type WriteOptions,
} from './api/api-client.ts';
export {
  isRefused,
  KubernetesError,
  type KubernetesErrorCode,
  type Refusal,
} from './api/kubernetes-error.ts';
export type {
  EndpointSlice,
  KubernetesNode,
  KubernetesObject,
  KubernetesService,
  Lease,
  ObjectList,
  ObjectMeta,
  OwnerReference,
  ServicePort,
  SliceEndpoint,
  SlicePort,
} from './api/objects.ts';
export { RESOURCES, type Resource, resource } from './api/resource.ts';
export type { WatchEvent, WatchStatus } from './api/watch-event.ts';
export {
  type CustomResourceDefinition,
  definition,
  GROUP,
  OWN_KINDS,
  type OwnKind,
} from './crd/definition.ts';
export { type JsonSchema, structural } from './crd/structural.ts';
export {
  KubernetesPolicies,
  type KubernetesPoliciesOptions,
} from './gateway-api/kubernetes-policies.ts';
export { POLICY_RESOURCES, type PolicyObject } from './gateway-api/policy-kinds.ts';
export { REFERENCE_GRANTS, type ReferenceGrant } from './gateway-api/reference-grants.ts';
export type { NamedPort, ServiceNaming } from './gateway-api/service-naming.ts';
export { LeaseElection, type LeaseElectionOptions, type Reign } from './leader/lease-election.ts';
export type { Logger } from './logger.ts';
export { BackOff, type BackOffOptions } from './queue/back-off.ts';
export { WorkQueue, type WorkQueueOptions } from './queue/work-queue.ts';
export { keyOf, type ReflectorChange } from './reflector/reflection.ts';
export { Reflector, type ReflectorOptions, type ReflectorState } from './reflector/reflector.ts';
export { KubernetesSource, openKubernetesSource } from './source/kubernetes-source.ts';
export { kubernetesSource } from './source/plugin.ts';
export { type KubernetesSourceSettings, kubernetesSourceSchema } from './source/settings.ts';
export { openKubernetesDataPlane } from './sync/destination.ts';
export {
  KubernetesDataPlane,
  type KubernetesDataPlaneOptions,
} from './sync/kubernetes-data-plane.ts';
export { kubernetesDestination } from './sync/plugin.ts';
export type { PublishRule } from './sync/publish-rule.ts';
export {
  type KubernetesDestinationSettings,
  kubernetesDestinationSchema,
} from './sync/settings.ts';
export type { SidecarResources, SidecarTemplate } from './webhook/sidecar-container.ts';
export { startWebhook, type Webhook, type WebhookOptions } from './webhook/webhook.ts';
