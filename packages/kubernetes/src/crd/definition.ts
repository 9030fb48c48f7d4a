import { type JsonSchema, structural } from './structural.ts';

/** The group of our kinds. */
export const GROUP = 'meshkeeper.io';

/** A CustomResourceDefinition, as far as it is written here. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** One of our kinds. */
export interface OwnKind {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
}

/** The kinds of policies that have a definition of ours. Routes and gateways have Gateway API's. */
export const OWN_KINDS: readonly OwnKind[] = [
  { kind: 'ServicePolicy', plural: 'servicepolicies', shortNames: ['svcpol'] },
  { kind: 'FaultPolicy', plural: 'faultpolicies', shortNames: ['faultpol'] },
  { kind: 'RateLimitPolicy', plural: 'ratelimitpolicies', shortNames: ['ratepol'] },
];

const text = (maxLength: number): JsonSchema => ({ type: 'string', maxLength });

/** A list of conditions, as every kind of Kubernetes has it. */
const CONDITIONS: JsonSchema = {
  type: 'array',
  maxItems: 8,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  items: {
    type: 'object',
    required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
    properties: {
      type: text(316),
      status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
      reason: text(1024),
      message: text(32_768),
      lastTransitionTime: { type: 'string', format: 'date-time' },
      observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
    },
  },
};

const condition = (type: string) => ({
  name: type,
  type: 'string',
  jsonPath: `.status.conditions[?(@.type=="${type}")].status`,
});

/** The definition of one of our kinds, by what may be written of it. */
export function definition(
  { kind, plural, shortNames }: OwnKind,
  schema: JsonSchema,
): CustomResourceDefinition {
  const { spec } = schema.properties ?? {};
  if (spec === undefined) throw new TypeError(`the schema of ${kind} has no spec`);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${GROUP}`,
      labels: { 'app.kubernetes.io/name': 'meshkeeper', 'app.kubernetes.io/component': 'crd' },
    },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames,
        categories: ['meshkeeper', 'meshkeeper-policies'],
      },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [
            { name: 'Targets', type: 'string', jsonPath: '.spec.targetRefs[*].name' },
            condition('Accepted'),
            condition('Programmed'),
            { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          ],
          schema: {
            openAPIV3Schema: {
              type: 'object',
              ...(schema.description !== undefined && { description: schema.description }),
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: structural(spec),
                status: {
                  type: 'object',
                  description: 'What became of it, as Meshkeeper says.',
                  properties: {
                    observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
                    conditions: CONDITIONS,
                  },
                },
              },
            },
          },
        },
      ],
    },
  };
}
