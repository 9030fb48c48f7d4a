import { DIALECTS } from '@meshkeeper/registries';
import { z } from 'zod';
import { rootPath } from './registry-schema.ts';

const builtIn = [...DIALECTS.keys()];
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** One entry of `mirror:`. */
const mirrorRule = z
  .strictObject({
    name: z
      .string()
      .regex(NAME, 'letters, digits, ".", "_" and "-", at most 63')
      .optional()
      .describe(
        'Unique; what is mirrored is marked with it. Default: from where to where, as `spring-to-dubbo`, `catalog-to-dubbo`.',
      ),
    from: z
      .strictObject({
        registry: z
          .string()
          .min(1)
          .optional()
          .describe(
            'Only what this registry or source has. Default: the catalog, whoever has registered it.',
          ),
        services: z
          .array(z.string().min(1))
          .min(1, 'name at least one, or leave it out')
          .default(['*'])
          .describe('Names of services; `*` stands for any characters, `?` for one.'),
      })
      .prefault({}),
    to: z.strictObject({
      dialect: z
        .string()
        .min(1)
        .describe(`What is written: ${builtIn.join(', ')}, or a dialect of one of the plug-ins.`),
      root: rootPath
        .optional()
        .describe("The znode that the services are written under. Default: the dialect's own."),
      zookeeper: z
        .strictObject({
          connect: z.string().min(1, 'write host:port,host:port').describe('The ensemble.'),
        })
        .optional()
        .describe('Another ensemble than that of `zookeeper:`.'),
    }),
  })
  .transform(({ name, ...rule }) => ({ ...rule, name: name ?? defaultName(rule) }));

/** `mirror:`. */
export const mirrorSchema = z
  .array(mirrorRule)
  .default([])
  .describe('Services that are published in the tree of another dialect too.')
  .superRefine((rules, context) => {
    rules.forEach(({ name }, index) => {
      if (rules.findIndex((other) => other.name === name) !== index)
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: `"${name}" names two mirrors: each needs a name of its own`,
        });
    });
  });

/** A rule of `mirror:`. */
export type MirrorRule = z.output<typeof mirrorSchema>[number];

/**
 * A mirror of a registry that there isn't, into a dialect that nobody brings, without a root, or into
 * itself, is an error where it is written. What it is given may be anything.
 */
export function checkMirrors(config: unknown, context: z.RefinementCtx): void {
  const { data } = loose.safeParse(config);
  if (data === undefined) return;
  const { mirror, registries, sources, plugins } = data;
  const error = (index: number, path: readonly string[], message: string) =>
    context.addIssue({ code: 'custom', path: ['mirror', index, ...path], message });
  mirror.forEach(({ from, to }, index) => {
    const dialect = DIALECTS.get(to.dialect);
    if (dialect === undefined && plugins.length === 0)
      error(
        index,
        ['to', 'dialect'],
        `"${to.dialect}" is no dialect: write ${builtIn.join(', ')}, or name the plug-in that brings it under "plugins:"`,
      );
    const root = to.root ?? dialect?.defaultRoot;
    if (dialect !== undefined && root === undefined)
      error(
        index,
        ['to', 'root'],
        `${to.dialect} has no root of its own: name the znode that its services are to be under`,
      );
    if (from.registry === undefined) return;
    const registry = registries.find(({ name }) => name === from.registry);
    if (registry === undefined) {
      if (sources.some(({ name }) => name === from.registry)) return;
      const names = [...registries, ...sources].map(({ name }) => name).join(', ');
      error(index, ['from', 'registry'], `there is no registry "${from.registry}": write ${names}`);
    } else if (
      (registry.root ?? DIALECTS.get(registry.dialect)?.defaultRoot) === root &&
      registry.zookeeper?.connect === to.zookeeper?.connect
    )
      error(index, ['to'], `that is where "${from.registry}" itself is: name another root`);
  });
}

const place = {
  dialect: z.string(),
  root: z.string().optional(),
  zookeeper: z.object({ connect: z.string() }).optional(),
};
const loose = z.object({
  mirror: z.array(
    z.object({ from: z.object({ registry: z.string().optional() }), to: z.object(place) }),
  ),
  registries: z.array(z.object({ name: z.string(), ...place })),
  sources: z.array(z.object({ name: z.string() })),
  plugins: z.array(z.string()),
});

function defaultName({
  from: { registry = 'catalog' },
  to: { dialect },
}: {
  readonly from: { readonly registry?: string | undefined };
  readonly to: { readonly dialect: string };
}): string {
  const plain = `${registry}-to-${dialect}`.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 63);
  return NAME.test(plain) ? plain : `mirror${plain}`.slice(0, 63);
}
