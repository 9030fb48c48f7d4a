import { z } from 'zod';
import { inject } from './inject.ts';
import type { Pod } from './pod.ts';
import type { SidecarTemplate } from './sidecar-container.ts';

const record = z.record(z.string(), z.string());
const container = z.looseObject({
  name: z.string(),
  ports: z
    .array(z.looseObject({ containerPort: z.int(), protocol: z.string().exactOptional() }))
    .exactOptional(),
});
const pod = z.looseObject({
  metadata: z
    .looseObject({ labels: record.exactOptional(), annotations: record.exactOptional() })
    .exactOptional(),
  spec: z
    .looseObject({
      hostNetwork: z.boolean().exactOptional(),
      initContainers: z.array(container).nullable().exactOptional(),
      containers: z.array(container).exactOptional(),
      volumes: z
        .array(z.looseObject({ name: z.string() }))
        .nullable()
        .exactOptional(),
    })
    .exactOptional(),
}) satisfies z.ZodType<Pod>;

const admissionReview = z.looseObject({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.looseObject({
    uid: z.string(),
    operation: z.string(),
    resource: z.looseObject({ group: z.string(), resource: z.string() }),
    subResource: z.string().optional(),
    object: z.unknown(),
  }),
});

/** An answer to an AdmissionReview. */
export interface AdmissionAnswer {
  readonly apiVersion: 'admission.k8s.io/v1';
  readonly kind: 'AdmissionReview';
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly patchType?: 'JSONPatch';
    /** Base64. */
    readonly patch?: string;
    readonly status?: { readonly code: number; readonly message: string };
  };
}

/** Answers what an API server asks of a pod. Undefined when it is no AdmissionReview. Pure. */
export function review(body: unknown, template: SidecarTemplate): AdmissionAnswer | undefined {
  const asked = admissionReview.safeParse(body).data?.request;
  if (asked === undefined) return undefined;
  const { uid, operation, resource, subResource, object } = asked;
  const isCreated =
    operation === 'CREATE' && resource.group === '' && resource.resource === 'pods' && !subResource;
  // A pod of a form that isn't known here is the API server's to judge.
  const read = isCreated ? pod.safeParse(object).data : undefined;
  const injection = read === undefined ? ({ type: 'none' } as const) : inject(read, template);
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: injection.type !== 'refused',
      ...(injection.type === 'patch' && {
        patchType: 'JSONPatch',
        patch: Buffer.from(JSON.stringify(injection.patch)).toString('base64'),
      }),
      ...(injection.type === 'refused' && { status: { code: 422, message: injection.message } }),
    },
  };
}
