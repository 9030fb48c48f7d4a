import { hostNameFault, isBlock, NO_LOCALITY } from '@meshkeeper/mesh';
import { z } from 'zod';
import { durationText } from './duration.ts';
import { listenAddress } from './listen.ts';

/** What is set of DNS beside where it listens. */
export const dnsSettings = {
  zone: z
    .string()
    .refine((zone) => hostNameFault(zone) === undefined, { message: 'is no name in DNS' })
    .default('mesh')
    .describe('The zone that services are in: `<alias>.mesh`.'),
  consul: z
    .boolean()
    .default(false)
    .describe(
      "Answer for the names of Consul's DNS, too: `[tag.]<alias>.service.consul`, with the mesh as the datacentre `mesh`.",
    ),
  ttl: durationText
    .prefault('0s')
    .describe('How long answers may be kept, in whole seconds; 0s: not at all.'),
  negativeTtl: durationText
    .prefault('0s')
    .describe('How long it may be kept that something is not there.'),
  clients: z
    .array(
      z.strictObject({
        cidr: z
          .string()
          .refine(isBlock, { message: 'is no block of addresses: write 10.1.0.0/16' })
          .describe('The addresses of clients: `10.1.0.0/16`.'),
        locality: z
          .strictObject({
            region: z.string().default(NO_LOCALITY.region),
            zone: z.string().default(NO_LOCALITY.zone),
            subzone: z.string().default(NO_LOCALITY.subzone),
          })
          .describe('Where they are: `{ region, zone, subzone }`.'),
      }),
    )
    .default([])
    .describe('Where clients are, who are then sent to what is near; the first that fits counts.'),
  clientSubnet: z
    .boolean()
    .default(false)
    .describe('Believe resolvers on whose behalf they ask (EDNS client subnet).'),
  forward: z
    .array(listenAddress)
    .default([])
    .describe('`host:port` of servers that are asked about other zones; without: refused.'),
};
