import { z } from 'zod';
import { apiSchema } from './api-schema.ts';
import { checkBridges, destinationsSchema, sourcesSchema } from './bridge-schema.ts';
import { configurationSchema } from './configuration-schema.ts';
import { dnsSettings } from './dns-schema.ts';
import { durationText } from './duration.ts';
import { identitySchema } from './identity-schema.ts';
import { type HostPort, isLoopback, listenAddress } from './listen.ts';
import { checkMirrors, mirrorSchema } from './mirror-schema.ts';
import { protectionSchema } from './protection-schema.ts';
import { checkDialects, pluginsSchema, registriesSchema } from './registry-schema.ts';

/** Where a server listens; beyond loopback only if somebody says that this is meant. */
const listenerSettings = (what: string, preset: string) => ({
  listen: listenAddress.prefault(preset).describe(what),
  insecure: z
    .boolean()
    .default(false)
    .describe('Listen beyond loopback although there is no authentication.'),
});

const listener = (what: string, preset: string) =>
  z.strictObject(listenerSettings(what, preset)).superRefine(checkReach).prefault({});

function checkReach(
  { listen, insecure }: { readonly listen: HostPort; readonly insecure: boolean },
  context: z.RefinementCtx,
): void {
  if (isLoopback(listen.host) || insecure) return;
  context.addIssue({
    code: 'custom',
    path: ['listen'],
    message: `${listen.host} can be reached from other machines, and there is no authentication: listen on 127.0.0.1, or write "insecure: true" beside it`,
  });
}

/** Everything that `meshkeeper.yaml` may say. One schema: validation, types and reference. */
export const configSchema = z
  .strictObject({
    zookeeper: z
      .strictObject({
        connect: z
          .string()
          .min(1, 'write host:port,host:port')
          .optional()
          .describe(
            'host:port,host:port/chroot of the ensemble. Without it: the embedded server of `up`, 127.0.0.1:2181 for others.',
          ),
        embedded: z
          .strictObject({
            dataDir: z
              .string()
              .min(1)
              .default('data')
              .describe('Where the embedded server of `up` keeps its data.'),
          })
          .optional(),
        sessionTimeout: durationText
          .prefault('10s')
          .describe('Session timeout to ask for; the ensemble has the last word.'),
      })
      .refine(({ connect, embedded }) => connect === undefined || embedded === undefined, {
        message: 'choose one of "connect" and "embedded"',
      })
      .prefault({}),
    registries: registriesSchema,
    sources: sourcesSchema,
    destinations: destinationsSchema,
    mirror: mirrorSchema,
    plugins: pluginsSchema,
    protection: protectionSchema,
    configuration: configurationSchema,
    identity: identitySchema,
    controlPlane: z
      .strictObject({
        api: apiSchema,
        xds: listener('Where the xDS server listens.', '127.0.0.1:7071'),
        dns: z
          .strictObject({
            ...listenerSettings('Where DNS is answered, by UDP and TCP.', '127.0.0.1:7053'),
            ...dnsSettings,
          })
          .superRefine(checkReach)
          .prefault({}),
        dataDir: z
          .string()
          .min(1)
          .optional()
          .describe(
            'Where the catalog is kept: what a start without ZooKeeper serves, and its history. Without it: only in memory; of `up`, with the data of the embedded server.',
          ),
      })
      .prefault({}),
    gateway: listener('Where the gateway of `up` listens.', '127.0.0.1:7080'),
  })
  .superRefine(checkDialects, { when: () => true })
  .superRefine(checkMirrors, { when: () => true })
  .superRefine(checkBridges, { when: () => true });

/** The ensemble that a configuration names; a server on this machine when it names none. */
export function ensembleOf({ zookeeper }: Config): string {
  return zookeeper.connect ?? '127.0.0.1:2181';
}

/** A complete configuration: every default is filled in, durations are milliseconds. */
export type Config = z.output<typeof configSchema> & {
  /** The folder that relative paths of sources and destinations count from. Default: the working directory. */
  readonly folder?: string;
};
