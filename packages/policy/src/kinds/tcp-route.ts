import { z } from 'zod';
import { backendRef } from './backend-ref.ts';
import { metadata } from './metadata.ts';
import { parentRefs } from './parent-ref.ts';
import { ruleName, useDefaultGateways } from './rule.ts';
import { status } from './status.ts';

const rule = z.strictObject({
  name: ruleName,
  backendRefs: z.array(backendRef).min(1).max(16).describe('Where the connections go, by weight.'),
});

/** Gateway API's TCPRoute. */
export const tcpRoute = z
  .strictObject({
    apiVersion: z.literal('gateway.networking.k8s.io/v1'),
    kind: z.literal('TCPRoute'),
    metadata,
    spec: z.strictObject({
      parentRefs,
      rules: z.array(rule).min(1).max(1).describe('One: a connection has nothing to tell it by.'),
      useDefaultGateways,
    }),
    status,
  })
  .describe('Where connections go.');

/** Where connections go. */
export type TCPRoute = z.output<typeof tcpRoute>;
