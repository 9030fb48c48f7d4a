import type { Cause } from '../api-error.ts';
import { type KubernetesObject, part } from '../object.ts';
import { CUSTOM_RESOURCE_DEFINITION } from './custom.ts';
import { ENDPOINT_SLICE } from './endpoint-slice.ts';
import { LEASE } from './lease.ts';
import { POD } from './pod.ts';
import type { ResourceType } from './resource-type.ts';
import { SERVICE } from './service.ts';

type Row = Partial<ResourceType> & { readonly names?: ResourceType['names'] };

/** Rows of resources that are only kept: `plural kind`, and what is particular. */
function rows(
  group: string,
  version: string,
  namespaced: boolean,
  table: Readonly<Record<string, Row>>,
): ResourceType[] {
  return Object.entries(table).map(([names, row]) => {
    const [plural, kind] = names.split(' ') as [string, string];
    return { group, version, plural, kind, namespaced, ...row };
  });
}

function prepareNamespace(object: KubernetesObject): void {
  object.metadata.labels = {
    ...object.metadata.labels,
    'kubernetes.io/metadata.name': object.metadata.name,
  };
  object.spec ??= { finalizers: ['kubernetes'] };
  object.status ??= { phase: 'Active' };
}

function validateConfigMap(object: KubernetesObject): Cause[] {
  return Object.keys(part(object, 'data'))
    .filter((key) => !/^[-._a-zA-Z0-9]+$/.test(key))
    .map((key) => ({
      field: `data[${key}]`,
      message: `Invalid value: ${JSON.stringify(key)}: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
    }));
}

function prepareSecret(object: KubernetesObject): void {
  object.type ??= 'Opaque';
  const plain = Object.entries(part(object, 'stringData'));
  if (plain.length > 0)
    object.data = {
      ...part(object, 'data'),
      ...Object.fromEntries(
        plain.map(([key, value]) => [key, Buffer.from(String(value)).toString('base64')]),
      ),
    };
  delete object.stringData;
}

function prepareWebhooks(object: KubernetesObject): void {
  for (const hook of (object.webhooks ?? []) as Record<string, KubernetesObject['spec']>[]) {
    hook.failurePolicy ??= 'Fail';
    hook.matchPolicy ??= 'Equivalent';
    hook.namespaceSelector ??= {};
    hook.objectSelector ??= {};
    hook.timeoutSeconds ??= 10;
    if (object.kind === 'MutatingWebhookConfiguration') hook.reinvocationPolicy ??= 'Never';
  }
}

const WORKLOAD: Row = { status: true, generation: true, categories: ['all'] };
const ROUTE: Row = { status: true, generation: true, unconditionalUpdate: false, custom: true };
const POLICY: Row = { status: true, generation: true };

/** All that is served from the start. Gateway API is, as if its definitions had been installed. */
export const BUILT_IN: readonly ResourceType[] = [
  SERVICE,
  POD,
  ENDPOINT_SLICE,
  LEASE,
  CUSTOM_RESOURCE_DEFINITION,
  ...rows('', 'v1', true, {
    'configmaps ConfigMap': { shortNames: ['cm'], validate: validateConfigMap },
    'secrets Secret': { prepare: prepareSecret, fields: ['type'] },
    'serviceaccounts ServiceAccount': { shortNames: ['sa'], returnsDeleted: true },
    'events Event': {
      shortNames: ['ev'],
      createOnUpdate: true,
      fields: ['involvedObject.name', 'involvedObject.kind', 'reason', 'type'],
    },
    'endpoints Endpoints': { shortNames: ['ep'], createOnUpdate: true },
  }),
  ...rows('', 'v1', false, {
    'namespaces Namespace': {
      shortNames: ['ns'],
      status: true,
      names: 'label',
      fields: ['status.phase'],
      prepare: prepareNamespace,
    },
    'nodes Node': { shortNames: ['no'], status: true, fields: ['spec.unschedulable'] },
  }),
  ...rows('apps', 'v1', true, {
    'deployments Deployment': { ...WORKLOAD, shortNames: ['deploy'] },
    'daemonsets DaemonSet': { ...WORKLOAD, shortNames: ['ds'] },
    'statefulsets StatefulSet': { ...WORKLOAD, shortNames: ['sts'] },
    'replicasets ReplicaSet': { ...WORKLOAD, shortNames: ['rs'] },
  }),
  ...rows('batch', 'v1', true, { 'jobs Job': WORKLOAD }),
  ...rows('autoscaling', 'v2', true, {
    'horizontalpodautoscalers HorizontalPodAutoscaler': { ...WORKLOAD, shortNames: ['hpa'] },
  }),
  ...rows('policy', 'v1', true, {
    'poddisruptionbudgets PodDisruptionBudget': { ...POLICY, shortNames: ['pdb'] },
  }),
  ...rows('networking.k8s.io', 'v1', true, {
    'networkpolicies NetworkPolicy': { shortNames: ['netpol'], generation: true },
    'ingresses Ingress': { ...POLICY, shortNames: ['ing'] },
  }),
  ...rows('rbac.authorization.k8s.io', 'v1', true, {
    'roles Role': { names: 'path' },
    'rolebindings RoleBinding': { names: 'path' },
  }),
  ...rows('rbac.authorization.k8s.io', 'v1', false, {
    'clusterroles ClusterRole': { names: 'path' },
    'clusterrolebindings ClusterRoleBinding': { names: 'path' },
  }),
  ...rows('admissionregistration.k8s.io', 'v1', false, {
    'mutatingwebhookconfigurations MutatingWebhookConfiguration': {
      generation: true,
      prepare: prepareWebhooks,
    },
    'validatingwebhookconfigurations ValidatingWebhookConfiguration': {
      generation: true,
      prepare: prepareWebhooks,
    },
  }),
  ...rows('gateway.networking.k8s.io', 'v1', true, {
    'gateways Gateway': { ...ROUTE, shortNames: ['gtw'] },
    'httproutes HTTPRoute': ROUTE,
    'grpcroutes GRPCRoute': ROUTE,
  }),
  ...rows('gateway.networking.k8s.io', 'v1beta1', true, {
    'referencegrants ReferenceGrant': { ...ROUTE, status: false, shortNames: ['refgrant'] },
  }),
  ...rows('gateway.networking.k8s.io', 'v1alpha2', true, { 'tcproutes TCPRoute': ROUTE }),
  ...rows('gateway.networking.k8s.io', 'v1', false, {
    'gatewayclasses GatewayClass': { ...ROUTE, shortNames: ['gc'] },
  }),
];
