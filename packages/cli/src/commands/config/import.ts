import { readdir, readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import type { Imported } from '@meshkeeper/config';
import type { Command } from 'commander';
import { confirm, mustBeAsked, YES } from '../../confirm.ts';
import { withExamples } from '../../examples.ts';
import { CliError, ExitCode } from '../../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../../global-options.ts';
import { print } from '../../output/format.ts';
import { clean } from '../../output/table.ts';
import { openZooKeeper, type ZooKeeperFlags, zooKeeperOption } from '../zk/access.ts';
import { ConfigApi } from './api.ts';
import type { ExportView } from './export.ts';
import { said } from './message.ts';

interface Flags extends ZooKeeperFlags {
  readonly spring?: string | true;
  readonly consulPrefix: string;
  readonly publish?: boolean;
  readonly message?: string;
  readonly yes?: boolean;
}

/** What is sent, by application. */
type Bodies = ReadonlyMap<string, Body>;
type Body = Pick<ExportView, 'namespaces'> & Partial<ExportView>;

interface ImportedView {
  readonly application: string;
  readonly namespaces: Readonly<
    Record<
      string,
      { readonly changes: number; readonly release?: number; readonly problem?: string }
    >
  >;
  readonly settings?: { readonly changed: boolean; readonly problem?: string };
}

/** Where Spring Cloud Zookeeper keeps configuration, unless told otherwise. */
const SPRING_ROOT = '/config';

export function addImportCommand(config: Command): void {
  const command = config
    .command('import')
    .argument('[path]', 'a folder, what export or "consul kv export" has written, or - for it')
    .description('make drafts what files, Consul or Spring Cloud Zookeeper have')
    .option('--spring [root]', "from Spring Cloud Zookeeper's tree (default: /config)")
    .addOption(zooKeeperOption())
    .option('--consul-prefix <prefix>', 'above the applications in Consul', 'config/')
    .option('--publish', 'publish them, too, after asking')
    .option('-m, --message <text>', 'why, for those who come after; with --publish')
    .option(...YES);
  withExamples(
    command,
    [
      'meshkeeper config import ./configuration',
      'meshkeeper config import shop.json --publish -m "as in the old cluster"',
      'consul kv export config/ | meshkeeper config import -',
      'meshkeeper config import --spring --zookeeper zk1:2181',
    ],
    [
      'A profile becomes just what is imported of it; profiles that are not named stay. What an application links',
      'to, whether it takes two to publish, and what is public change with --publish alone.',
    ],
  ).action(async (path: string | undefined, _: unknown, own: Command) => {
    await run(path, optionsOf<Flags>(own));
  });
}

async function run(path: string | undefined, options: Flags & GlobalOptions): Promise<void> {
  const { spring, publish = false, message, yes, output } = options;
  if ((path === undefined) === (spring === undefined))
    throw new CliError('import what? Write a folder or a file, or --spring', ExitCode.USAGE);
  const bodies = path === undefined ? await fromSpring(options) : await fromPath(path, options);
  if (bodies.size === 0) throw new CliError('there is nothing to be imported', ExitCode.USAGE);
  if (publish) {
    mustBeAsked(yes);
    const names = [...bodies].flatMap(([application, { namespaces }]) =>
      Object.keys(namespaces).map((namespace) => `${application}/${namespace}`),
    );
    if (!yes) await confirm('Publish what is imported into these?', names);
  }
  const api = new ConfigApi(options);
  const results: ImportedView[] = [];
  for (const [application, stated] of bodies) {
    const { links, fourEyes, namespaces } = stated;
    const body = {
      links,
      fourEyes,
      namespaces,
      publish,
      ...(publish && said(message)),
    };
    const at = `/${encodeURIComponent(application)}/import`;
    results.push((await api.send<ImportedView>('PUT', at, body)).data);
  }
  const rows = results.flatMap(({ application, namespaces, settings }) => [
    ...Object.entries(namespaces).map(([namespace, { changes, release, problem }]) => [
      ...[`${application}/${namespace}`, String(changes), release?.toString() ?? '-'],
      problem ?? '-',
    ]),
    ...(settings?.changed || settings?.problem !== undefined
      ? [[`${application} (settings)`, settings.changed ? '1' : '0', '-', settings.problem ?? '-']]
      : []),
  ]);
  const head = ['PROFILE', 'CHANGES', 'RELEASE', 'PROBLEM'];
  await print({ imported: results }, output, () => ({ head, rows }));
  const wrong = rows.filter(([, , , problem]) => problem !== '-').length;
  if (wrong > 0) throw new CliError(`${wrong} of ${rows.length} could not be imported`);
}

async function fromPath(path: string, { consulPrefix }: Flags): Promise<Bodies> {
  const { fromConsul, fromFiles } = await import('@meshkeeper/config');
  const isFolder = path !== '-' && (await found(path)).isDirectory();
  if (isFolder) return bodiesOf(fromFiles(await textsOf(path)));
  const text = path === '-' ? await textOf(process.stdin) : await readFile(path, 'utf8');
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new CliError(`${path}: ${error.message}`, ExitCode.USAGE);
  const value: unknown = document.toJS();
  if (Array.isArray(value)) return bodiesOf(fromConsul(text, consulPrefix));
  if (
    typeof value === 'object' &&
    value !== null &&
    'application' in value &&
    'namespaces' in value
  )
    // What is wrong inside of it the API says.
    return new Map([[String(value.application), value as Body]]);
  throw new CliError(
    `${path}: is neither what "meshkeeper config export" nor what "consul kv export" writes`,
    ExitCode.USAGE,
  );
}

async function found(path: string) {
  try {
    return await stat(path);
  } catch (cause) {
    throw new CliError(`${path}: there is no such file or folder`, ExitCode.USAGE, { cause });
  }
}

async function textsOf(folder: string): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(join(folder, sep).length).split(sep).join('/');
    texts.set(path, await readFile(file, 'utf8'));
  }
  return texts;
}

async function fromSpring(options: Flags & GlobalOptions): Promise<Bodies> {
  const { fromSpringTree } = await import('@meshkeeper/config');
  const root = typeof options.spring === 'string' ? options.spring : SPRING_ROOT;
  await using zk = await openZooKeeper(options);
  const nodes: { path: string; data: Buffer; leaf: boolean }[] = [];
  const paths = [root];
  if ((await zk.exists(root)) === null)
    throw new CliError(
      `there is no znode ${root}: --spring ROOT says where Spring Cloud Zookeeper has it`,
      ExitCode.NOT_FOUND,
    );
  for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
    const { children } = await zk.children(path);
    const { data } = await zk.get(path);
    nodes.push({ path, data: Buffer.from(data), leaf: children.length === 0 });
    paths.push(...children.map((child) => `${path}/${child}`));
  }
  return bodiesOf(fromSpringTree(nodes, root));
}

/** By application; what could not be read is said. */
function bodiesOf({ namespaces, problems, settings }: Imported): Bodies {
  for (const { where, message } of problems)
    process.stderr.write(`${clean(`${where}: ${message}`)}\n`);
  const bodies = new Map<string, Record<string, ExportView['namespaces'][string]>>();
  for (const application of settings.keys()) bodies.set(application, {});
  for (const { application, namespace, format, entries, schema, public: open } of namespaces) {
    const stated = bodies.get(application) ?? {};
    bodies.set(application, stated);
    const more = {
      ...(schema !== undefined && { schema }),
      ...(open !== undefined && { public: open }),
    };
    stated[namespace] =
      format === 'keys'
        ? { format, entries: Object.fromEntries(entries), ...more }
        : { format, document: entries.get('content')?.value ?? '', ...more };
  }
  return new Map(
    [...bodies].map(([application, stated]) => [
      application,
      { namespaces: stated, ...settings.get(application) },
    ]),
  );
}
