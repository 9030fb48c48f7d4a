import type { Exchanged } from '@meshkeeper/config';
import type { Command } from 'commander';
import { withExamples } from '../../examples.ts';
import { CliError, ExitCode } from '../../exit-code.ts';
import { optionsOf } from '../../global-options.ts';
import type { ApplicationView, Entries, Format } from './answers.ts';
import { ConfigApi } from './api.ts';

interface Flags {
  readonly folder?: string;
  readonly consul?: boolean;
}

/** What `GET …/export` answers. */
export interface ExportView {
  readonly application: string;
  readonly links: ApplicationView['links'];
  readonly fourEyes: boolean;
  readonly namespaces: Readonly<
    Record<
      string,
      {
        readonly format?: Format;
        readonly public?: boolean;
        readonly entries?: Entries;
        readonly document?: string;
        readonly schema?: string;
      }
    >
  >;
}

export function addExportCommand(config: Command): void {
  const command = config
    .command('export')
    .argument('<application>', 'whose')
    .description('all that is published of an application: as JSON or YAML, files, or for Consul')
    .option('--folder <folder>', 'as files: shop/default.yaml, shop/prod.keys.yaml')
    .option('--consul', 'as "consul kv import" takes it');
  withExamples(
    command,
    [
      'meshkeeper config export shop > shop.json',
      'meshkeeper config export shop --folder ./configuration',
      'meshkeeper config export shop --consul > kv.json',
    ],
    [
      'As files: shop/_settings.yaml has what it links to, whether it takes two to publish, what is public.',
      'Secrets are left out, and named on standard error. Drafts, gray releases and the history stay where they are.',
    ],
  ).action(async (application: string, _: unknown, own: Command) => {
    const options = optionsOf<Flags>(own);
    const { folder, consul, output } = options;
    if (folder !== undefined && consul)
      throw new CliError('choose one of --folder and --consul', ExitCode.USAGE);
    const path = `/${encodeURIComponent(application)}/export`;
    const { data } = await new ConfigApi(options).get<ExportView>(path);
    const namespaces = exchangedOf(data);
    if (folder !== undefined) await writeFolder(folder, data, namespaces);
    else if (consul) {
      const { toConsul } = await import('@meshkeeper/config');
      process.stdout.write(toConsul(namespaces));
    } else if (output === 'yaml') {
      const { stringify } = await import('yaml');
      process.stdout.write(stringify(data, { lineWidth: 0 }));
    } else process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
  });
}

async function writeFolder(
  folder: string,
  { application, links, fourEyes }: ExportView,
  namespaces: readonly Exchanged[],
): Promise<void> {
  const { toFiles } = await import('@meshkeeper/config');
  const { mkdir, writeFile } = await import('node:fs/promises');
  const { dirname, join } = await import('node:path');
  for (const [path, text] of toFiles(namespaces, new Map([[application, { links, fourEyes }]]))) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    process.stderr.write(`${file}\n`);
  }
}

/** Without secrets, which are said. */
function exchangedOf({ application, namespaces }: ExportView): Exchanged[] {
  return Object.entries(namespaces).map(([namespace, stated]) => {
    const { format = 'keys', entries = {}, document, schema, public: isPublic } = stated;
    const plain: [string, Exchanged['entries'] extends ReadonlyMap<string, infer E> ? E : never][] =
      [];
    if (format !== 'keys') plain.push(['content', { type: format, value: document ?? '' }]);
    for (const [key, { type, value = '', comment }] of Object.entries(entries))
      if (type === 'secret')
        process.stderr.write(`${application}/${namespace}: ${key} is a secret, and left out\n`);
      else plain.push([key, { type, value, ...(comment !== undefined && { comment }) }]);
    const more = {
      ...(schema !== undefined && { schema }),
      ...(isPublic !== undefined && { public: isPublic }),
    };
    return { application, namespace, format, entries: new Map(plain), ...more };
  });
}
