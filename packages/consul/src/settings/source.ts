import { hostNameFault } from '@meshkeeper/mesh';
import { z } from 'zod';
import { connectionSettings, durationText } from './connection.ts';

const patterns = z.array(z.string().min(1));

/** What is said of a Consul that is read. */
export const consulSourceSchema = z.strictObject({
  ...connectionSettings,
  datacenters: z
    .array(z.string().min(1))
    .default([])
    .describe("Which are read, through the one agent. Default: the agent's own."),
  services: patterns
    .default(['*'])
    .describe('Names of the services that are read; `*` is any text.'),
  except: patterns.default(['consul']).describe('Those of them that are not.'),
  protocol: z
    .enum(['http', 'http2', 'grpc', 'tcp'])
    .default('http')
    .describe("What a service speaks that doesn't say it by `protocol` in its Meta."),
  taggedAddress: z
    .string()
    .min(1)
    .optional()
    .describe('Which of the tagged addresses is used, where there is one: `wan`, `lan_ipv4`.'),
  hosts: z
    .boolean()
    .default(true)
    .describe(
      "Whether callers reach services by the names that they have in Consul's DNS, too: `web.service.consul`, `web.service.dc1.consul`.",
    ),
  domain: z
    .string()
    .refine((name) => hostNameFault(name) === undefined, 'a domain name: consul')
    .transform((name) => name.toLowerCase())
    .default('consul')
    .describe("What names in Consul's DNS end in."),
  wait: durationText
    .prefault('55s')
    .pipe(
      z
        .number()
        .min(100, 'at least 100ms')
        .max(60_000, 'at most 60s: an agent that was set back is found out after this time'),
    )
    .describe('How long a blocking query waits, at most 60s.'),
  queriesPerSecond: z
    .number()
    .positive()
    .max(10_000)
    .default(100)
    .describe('Of what the agent is asked, on average.'),
  connections: z
    .int()
    .min(1)
    .max(100)
    .default(8)
    .describe('Queries of services at a time. Three more wait for changes, for each datacentre.'),
});

/** What is said of a Consul that is read, complete. */
export type ConsulSourceSettings = z.output<typeof consulSourceSchema>;
