import { z } from 'zod';
import { clusterSettings } from '../source/settings.ts';

const namespace = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'the name of a namespace: a-z, 0-9 and "-"');

const type = z
  .enum(['ClusterIP', 'Headless'])
  .describe(
    '`ClusterIP` gives each Service an address of its own; `Headless` gives those of its endpoints. Of a Service that is there it is not changed.',
  );
const zoneHints = z
  .boolean()
  .describe('Whether endpoints are for callers in their own zone, where all have one.');

/** What may be said of all services, and of some. */
const published = {
  namespace: namespace.optional().describe('Where the Services are. Default: that of the context.'),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe(
      'The port of the Services. Default: that of most endpoints when a Service is made; it stays.',
    ),
  serviceEntry: z
    .string()
    .regex(/\{name\}/, 'needs {name}, as {name}.mesh')
    .optional()
    .describe(
      "An Istio ServiceEntry beside each Service, under this host: `{name}` is the Service's name. It has the weights, which slices have no field for.",
    ),
};

/** What is said of a cluster that is written to. */
export const kubernetesDestinationSchema = z.strictObject({
  ...clusterSettings,
  ...published,
  type: type.default('ClusterIP'),
  zoneHints: zoneHints.default(false),
  rules: z
    .array(
      z.strictObject({
        services: z
          .array(z.string().min(1))
          .min(1, 'name at least one')
          .describe('Names of services; `*` stands for any characters.'),
        ...published,
        type: type.optional(),
        zoneHints: zoneHints.optional(),
      }),
    )
    .default([])
    .describe(
      'Services that are written otherwise than the rest, in what is said here; the first rule that fits counts.',
    ),
  maxDeleteShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe('A larger share of what is there is not taken away at once.'),
  allowMassDelete: z
    .boolean()
    .default(false)
    .describe('Take away as much as it is: for a time, when that is meant.'),
  writesPerSecond: z.number().positive().default(50).describe('Requests that write, at most.'),
});

/** What is said of a cluster that is written to, complete. */
export type KubernetesDestinationSettings = z.output<typeof kubernetesDestinationSchema>;
