import { z } from 'zod';
import { weightedBackend } from './backend-ref.ts';
import { checkFilters, grpcBackendFilter, grpcFilter } from './filters.ts';
import { grpcMatches } from './matches.ts';
import { metadata } from './metadata.ts';
import { parentRefs } from './parent-ref.ts';
import { checkRules, hostnames, ruleName, sessionPersistence, useDefaultGateways } from './rule.ts';
import { status } from './status.ts';

const backend = z.strictObject({
  ...weightedBackend,
  filters: z.array(grpcBackendFilter).max(16).superRefine(checkFilters).optional(),
});

const rule = z.strictObject({
  name: ruleName,
  matches: grpcMatches,
  filters: z.array(grpcFilter).max(16).superRefine(checkFilters).optional(),
  backendRefs: z
    .array(backend)
    .max(16)
    .optional()
    .describe('Where the calls go, by weight. Without any they fail as UNAVAILABLE.'),
  sessionPersistence,
});

/** Gateway API's GRPCRoute. */
export const grpcRoute = z
  .strictObject({
    apiVersion: z.literal('gateway.networking.k8s.io/v1'),
    kind: z.literal('GRPCRoute'),
    metadata,
    spec: z.strictObject({
      parentRefs,
      hostnames,
      rules: z.array(rule).max(16).superRefine(checkRules).optional(),
      useDefaultGateways,
    }),
    status,
  })
  .describe('Where calls of gRPC go, by service and method.');

/** Where calls of gRPC go. */
export type GRPCRoute = z.output<typeof grpcRoute>;
