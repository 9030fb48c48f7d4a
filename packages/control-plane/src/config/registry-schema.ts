import { DIALECTS } from '@meshkeeper/registries';
import { z } from 'zod';

/** The path of a registry's root. */
export const rootPath = z
  .string()
  .regex(/^\/(?!.*\/$)|^\/$/, 'an absolute path without / at its end');
const builtIn = [...DIALECTS.keys()];
/** Those whose originals have a root that everybody keeps to. */
const rooted = [...DIALECTS.values()]
  .filter(({ defaultRoot }) => defaultRoot !== undefined)
  .map(({ name }) => name);
const listed = new Intl.ListFormat('en');
const rootless = builtIn.filter((name) => !rooted.includes(name));

/** One entry of `registries:`. */
export const registrySchema = z.strictObject({
  name: z.string().min(1).describe('Unique; shown wherever an endpoint comes from.'),
  dialect: z
    .string()
    .min(1)
    .describe(`What is spoken there: ${builtIn.join(', ')}, or a dialect of one of the plug-ins.`),
  root: rootPath
    .optional()
    .describe(
      `The znode that the services are under; it need not exist yet. Default: the dialect's own, which ${listed.format(rootless)} do not have.`,
    ),
  zookeeper: z
    .strictObject({
      connect: z.string().min(1, 'write host:port,host:port').describe('The ensemble.'),
    })
    .optional()
    .describe('Another ensemble than that of `zookeeper:`.'),
  locality: z
    .strictObject({
      region: z.string().default(''),
      zone: z.string().default(''),
      subzone: z.string().default(''),
    })
    .optional()
    .describe('Where its endpoints run, unless they say so themselves.'),
  priority: z
    .int()
    .default(0)
    .describe(
      'Who is believed when two registries differ on an endpoint: the higher number, then the one that stands first.',
    ),
  prefix: z
    .string()
    .default('')
    .describe(
      'Put before the name of each service, so that registries with the same names stay apart.',
    ),
});

/** Where the originals keep their services: what is read when `registries:` says nothing. */
const usual = rooted.map((dialect) => ({ name: dialect, dialect, priority: 0, prefix: '' }));

/** `registries:` as a whole. */
export const registriesSchema = z
  .array(registrySchema)
  .min(1, 'name at least one, or leave it out')
  .default(usual)
  .superRefine((registries, context) => {
    registries.forEach(({ name }, index) => {
      if (registries.findIndex((other) => other.name === name) !== index)
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: `"${name}" names two registries: each needs a name of its own`,
        });
    });
  });

/** `plugins:`. */
export const pluginsSchema = z
  .array(z.string().min(1))
  .default([])
  .describe(
    'Modules whose default export is a plug-in: a dialect, a source, a destination, or a list of such. A path from the configuration file, or a package.',
  );

/**
 * A dialect that nobody brings is an error where it is named, and so is one that has no root of its
 * own and is given none. They are looked for whatever else is wrong, so that all errors come together:
 * what it is given may be anything.
 */
export function checkDialects(
  { registries, plugins }: { readonly registries?: unknown; readonly plugins?: unknown },
  context: z.RefinementCtx,
): void {
  const brought = Array.isArray(plugins) && plugins.length > 0; // they are asked when they are loaded
  if (!Array.isArray(registries)) return;
  registries.forEach((registry: unknown, index) => {
    const { data } = named.safeParse(registry);
    if (data === undefined) return;
    if (rootless.includes(data.dialect) && data.root === undefined)
      context.addIssue({
        code: 'custom',
        path: ['registries', index, 'root'],
        message: `${data.dialect} has no root of its own: name the znode that its services are under, as "meshkeeper discover" shows it`,
      });
    if (brought || DIALECTS.has(data.dialect)) return;
    context.addIssue({
      code: 'custom',
      path: ['registries', index, 'dialect'],
      message: `"${data.dialect}" is no dialect: write ${builtIn.join(', ')}, or name the plug-in that brings it under "plugins:"`,
    });
  });
}

const named = z.object({ dialect: z.string().min(1), root: z.unknown().optional() });
