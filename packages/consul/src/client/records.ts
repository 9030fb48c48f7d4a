import { z } from 'zod';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});
const locality = z
  .object({ Region: text, Zone: text })
  .nullish()
  .transform((value) => value ?? undefined);
const index = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);

/** A check, as far as it counts here. */
export const checkRecord = z.object({
  Node: text,
  CheckID: z.string(),
  Status: z.string(),
  ServiceID: text,
  ServiceName: text,
  Output: text,
});

/** An instance on a node. */
export const serviceRecord = z.object({
  ID: z.string(),
  Service: z.string(),
  Tags: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? []),
  Address: text,
  Port: z
    .number()
    .nullish()
    .transform((value) => value ?? 0),
  Meta: texts,
  Weights: z.object({ Passing: z.number(), Warning: z.number() }).nullish(),
  TaggedAddresses: z
    .record(z.string(), z.object({ Address: text, Port: z.number().nullish() }))
    .nullish()
    .transform((value) => value ?? {}),
  Locality: locality,
  Kind: text,
  ModifyIndex: index,
});

/** What `/v1/health/service/:name` has of each instance. */
export const healthRecord = z.object({
  Node: z.object({
    Node: z.string(),
    Address: text,
    Datacenter: text,
    TaggedAddresses: texts,
    Meta: texts,
    Locality: locality,
  }),
  Service: serviceRecord,
  Checks: z
    .array(checkRecord)
    .nullish()
    .transform((value) => value ?? []),
});

/** What `/v1/catalog/services` answers. */
export const servicesRecord = z.record(z.string(), z.array(z.string()).nullable());

export type CheckRecord = z.output<typeof checkRecord>;
export type ServiceRecord = z.output<typeof serviceRecord>;
export type HealthRecord = z.output<typeof healthRecord>;
