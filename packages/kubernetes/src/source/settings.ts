import { hostNameFault } from '@meshkeeper/mesh';
import { z } from 'zod';

const namespace = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'the name of a namespace: a-z, 0-9 and "-"');

/** What is said of a cluster, to be reached. */
export const clusterSettings = {
  kubeconfig: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A kubeconfig file. Default: KUBECONFIG, ~/.kube/config, the service account of the pod that this runs in.',
    ),
  context: z.string().min(1).optional().describe('A context of it. Default: its current one.'),
};

/** What is said of a cluster whose services are read. */
export const kubernetesSourceSchema = z.strictObject({
  ...clusterSettings,
  namespaces: z
    .array(namespace)
    .default([])
    .describe('Those that are read. Default: all, for which it needs rights in the whole cluster.'),
  except: z
    .array(namespace)
    .default(['kube-system', 'kube-public'])
    .describe('Namespaces that are not read, whatever else is said.'),
  labels: z
    .string()
    .min(1)
    .optional()
    .describe('A label selector: only Services that it selects are read, as `app=web,tier!=test`.'),
  sync: z
    .enum(['unless-annotated', 'if-annotated'])
    .default('unless-annotated')
    .describe(
      'Whether Services are read unless `meshkeeper.io/sync` is "false", or only where it is "true".',
    ),
  protocol: z
    .enum(['http', 'http2', 'grpc', 'tcp'])
    .default('http')
    .describe('What a port speaks that says it neither by appProtocol nor by its name.'),
  nodePorts: z
    .enum(['endpoints', 'internal', 'external'])
    .default('endpoints')
    .describe(
      "Where Services of type NodePort are reached: at their endpoints, or at the port of the nodes that these run on, by the nodes' InternalIP or ExternalIP (the internal one, where there is none).",
    ),
  loadBalancers: z
    .enum(['endpoints', 'ingress'])
    .default('endpoints')
    .describe(
      'Where Services of type LoadBalancer are reached: at their endpoints, or at what their status and externalIPs say.',
    ),
  hosts: z
    .boolean()
    .default(true)
    .describe(
      'Whether callers reach services by the names that they have in the cluster, too: `web.shop`, `web.shop.svc`, `web.shop.svc.cluster.local`.',
    ),
  clusterDomain: z
    .string()
    .refine((name) => hostNameFault(name) === undefined, 'a domain name: cluster.local')
    .transform((name) => name.toLowerCase())
    .default('cluster.local')
    .describe("What names in the cluster's DNS end in."),
  policies: z
    .boolean()
    .default(false)
    .describe(
      'Whether policies are read, too: HTTPRoutes and GRPCRoutes for Services (GAMMA), ServicePolicies, FaultPolicies and RateLimitPolicies of the same namespaces.',
    ),
  policyStatus: z
    .boolean()
    .default(true)
    .describe('Whether what became of policies is written into their status.'),
});

/** What is said of a cluster whose services are read, complete. */
export type KubernetesSourceSettings = z.output<typeof kubernetesSourceSchema>;
