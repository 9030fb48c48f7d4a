import type { Protocol } from '@meshkeeper/mesh';
import { z } from 'zod';
import { healthChecks } from './health-check.ts';
import { loadBalancing } from './load-balancing.ts';
import { locality } from './locality.ts';
import { metadata } from './metadata.ts';
import { percent, port, referredName } from './names.ts';
import { outlierDetection } from './outlier-detection.ts';
import { circuitBreaker, connectionPool, retries, timeouts, warmUp } from './resilience.ts';
import { status } from './status.ts';
import { election, endpointsRole, subsets } from './subset.ts';
import { serviceRefs } from './target-ref.ts';
import { unique } from './unique.ts';

const protocol = z.enum(['http', 'http2', 'grpc', 'tcp', 'dubbo'] satisfies Protocol[]);

/** How requests are sent to a service. What it leaves out is as the registry says, else the default. */
export const servicePolicy = z
  .strictObject({
    apiVersion: z.literal('meshkeeper.io/v1'),
    kind: z.literal('ServicePolicy'),
    metadata,
    spec: z
      .strictObject({
        targetRefs: serviceRefs,
        protocol: protocol.optional().describe('What is spoken. Default: what the registry says.'),
        ports: z
          .array(z.strictObject({ port, protocol }))
          .max(16)
          .superRefine(unique(({ port: at }) => String(at), 'protocol of port'))
          .optional()
          .describe('What is spoken by the endpoints with this port.'),
        endpoints: endpointsRole,
        election,
        loadBalancing,
        warmUp,
        locality,
        panicThreshold: percent
          .optional()
          .describe(
            'With less than this share of its endpoints healthy, a priority uses all of them; 0 is never. Default 1: only where none is healthy.',
          ),
        subsets,
        healthChecks,
        outlierDetection,
        circuitBreaker,
        connectionPool,
        timeouts,
        retries,
        egress: z
          .array(referredName)
          .max(256)
          .superRefine(unique((name) => name, 'pattern'))
          .optional()
          .describe(
            "The services that this service's own instances call, by name; `*` stands for any characters. Their sidecars are told of these only, which keeps them small; it is no protection: who calls others by another way is not held up. Default: all.",
          ),
      })
      .superRefine((spec, context) => {
        if (spec.locality?.mode !== 'priorities') return;
        spec.locality.priorities.forEach(({ subset }, index) => {
          if (subset === undefined || spec.subsets?.some(({ name }) => name === subset)) return;
          context.addIssue({
            code: 'custom',
            path: ['locality', 'priorities', index, 'subset'],
            message: `is no subset of this policy: add ${subset} to subsets`,
          });
        });
      }),
    status,
  })
  .describe('How requests are sent to a service, whoever calls.');

/** How requests are sent to a service. */
export type ServicePolicy = z.output<typeof servicePolicy>;
