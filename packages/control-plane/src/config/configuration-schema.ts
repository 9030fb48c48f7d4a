import { z } from 'zod';

const projectionSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'write letters, digits, dots and dashes')
    .describe('Tells what it has written from what others have.'),
  layout: z
    .enum(['spring', 'dubbo'])
    .describe("Spring Cloud Zookeeper's, or that of Dubbo's configuration centre."),
  root: z
    .string()
    .startsWith('/', 'a path begins with /')
    .optional()
    .describe('Default: `/config` for Spring, `/dubbo/config` for Dubbo.'),
  applications: z.array(z.string()).optional().describe('Only these. Default: all.'),
});

/** What is said of the configuration of applications. */
export const configurationSchema = z
  .strictObject({
    shared: z
      .string()
      .default('application')
      .describe('The application whose configuration all others share.'),
    keep: z
      .int()
      .min(1)
      .default(1_000)
      .describe('Releases of a namespace that are kept, besides those that somebody gets.'),
    secrets: z
      .strictObject({
        keyFile: z
          .string()
          .min(1)
          .optional()
          .describe('File of key-encryption keys: lines NAME:BASE64, the current one first.'),
        keyVariable: z
          .string()
          .min(1)
          .optional()
          .describe('Environment variable that holds them, separated by commas.'),
        plugin: z
          .string()
          .min(1)
          .optional()
          .describe('Module whose default export wraps and unwraps keys (KeyProvider).'),
      })
      .refine(
        (stated) => Object.values(stated).filter((each) => each !== undefined).length <= 1,
        'choose one of "keyFile", "keyVariable" and "plugin"',
      )
      .prefault({})
      .describe('Without any of them there are no secrets.'),
    projections: z
      .array(projectionSchema)
      .refine(
        (all) => new Set(all.map(({ name }) => name)).size === all.length,
        'each projection needs a name of its own',
      )
      .default([])
      .describe('Layouts of others that are written for their readers.'),
  })
  .prefault({})
  .describe('The configuration of applications: what all share, secrets, projections.');

/** What is said of the configuration of applications. */
export type ConfigurationConfig = z.output<typeof configurationSchema>;
