import type { Config } from '@meshkeeper/control-plane';
import type {
  Collected,
  Dialect,
  Finding,
  LintedRegistry,
  LintReport,
} from '@meshkeeper/registries';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import type { Command } from 'commander';
import { type ControlPlaneFlags, configurationOf } from '../configuration.ts';
import { confirm, mustBeAsked, YES } from '../confirm.ts';
import { CliError, ExitCode } from '../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../global-options.ts';
import { print } from '../output/format.ts';
import { clean, formatTable } from '../output/table.ts';
import { wholeNumber } from '../whole-number.ts';
import { openZooKeeper } from './zk/access.ts';

interface LintFlags extends ControlPlaneFlags {
  readonly collect?: boolean;
  readonly yes?: boolean;
  readonly maxBuffer: number;
}

/** ZooKeeper's own `jute.maxbuffer`. */
const MAX_BUFFER = 0xf_ffff;

export function addLintCommand(program: Command): void {
  program
    .command('lint')
    .description('malformed, duplicate and orphaned nodes of the registries')
    .option('--zookeeper <connect>', 'the ensemble: host:port,host:port/chroot')
    .option('--collect', 'delete orphaned revisions and empty directories, after asking')
    .option(YES[0], 'with --collect: delete without asking')
    .option(
      '--max-buffer <bytes>',
      "the ensemble's jute.maxbuffer, of which more than a half is told",
      wholeNumber,
      MAX_BUFFER,
    )
    .addHelpText(
      'after',
      '\nReads the configured registries straight from ZooKeeper, or without a configuration those that\n' +
        'it finds. Exits with 1 when there are errors; warnings alone are none.\n' +
        '\nExamples:\n' +
        '  meshkeeper lint --zookeeper zk1:2181\n' +
        '  meshkeeper lint --collect',
    )
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<LintFlags>(command);
      if (options.collect) mustBeAsked(options.yes, '--yes beside --collect');
      await using stack = new AsyncDisposableStack();
      const registries = await registriesOf(options, stack);
      const { lint } = await import('@meshkeeper/registries');
      const report = await lint(registries, { maxBuffer: options.maxBuffer });
      const collected = options.collect
        ? await collectSome(registries, report.findings, options.yes ?? false)
        : undefined;
      await print({ ...viewOf(report), ...(collected && { collected }) }, options.output, () =>
        textOf(report, collected),
      );
      if (report.findings.some(({ severity }) => severity === 'error'))
        process.exitCode = ExitCode.FAILED;
    });
}

/** Those of the configuration; where it says nothing, the usual ones and those that are found. */
async function registriesOf(
  options: LintFlags & GlobalOptions,
  stack: AsyncDisposableStack,
): Promise<LintedRegistry[]> {
  const { configSchema, ensembleOf, loadDialects } = await import('@meshkeeper/control-plane');
  const config = await configurationOf(options);
  const dialects = await loadDialects(config.plugins);
  const clients = new Map<string, ZooKeeper>();
  const client = async (connect: string) => {
    const open = clients.get(connect) ?? stack.use(await openZooKeeper({ zookeeper: connect }));
    clients.set(connect, open);
    return open;
  };
  const main = ensembleOf(config);
  const usual = configSchema.parse({}).registries;
  const stated = JSON.stringify(config.registries) !== JSON.stringify(usual);
  const entries: Entry[] = [...config.registries];
  if (!stated) entries.push(...(await discovered(await client(main), dialects, entries)));
  return Promise.all(
    entries.map(async ({ name, dialect, root, prefix, zookeeper }) => ({
      ...{ name, root, prefix, dialect: dialectOf(dialect, dialects) },
      zk: await client(zookeeper?.connect ?? main),
    })),
  );
}

/** What is needed of an entry of `registries:`. */
type Entry = Pick<Config['registries'][number], 'name' | 'dialect' | 'root' | 'zookeeper'> & {
  readonly prefix?: string;
};

/** The registries that are found, without those that are known. */
async function discovered(
  zk: ZooKeeper,
  dialects: ReadonlyMap<string, Dialect>,
  known: readonly Entry[],
): Promise<Entry[]> {
  const { discover } = await import('@meshkeeper/registries');
  const { registries } = await discover(zk, dialects.values());
  return registries
    .filter(
      ({ dialect, root }) =>
        !known.some(
          (other) =>
            other.dialect === dialect &&
            (other.root ?? dialects.get(dialect)?.defaultRoot) === root,
        ),
    )
    .map(({ dialect, root }) => ({ name: `${dialect}:${root}`, dialect, root }));
}

function dialectOf(name: string, dialects: ReadonlyMap<string, Dialect>): Dialect {
  const dialect = dialects.get(name);
  if (dialect !== undefined) return dialect;
  throw new CliError(
    `nobody brings the dialect "${name}": there are ${[...dialects.keys()].join(', ')}`,
  );
}

/** Asks, and deletes. @throws CliError when the answer is no */
async function collectSome(
  registries: readonly LintedRegistry[],
  findings: readonly Finding[],
  yes: boolean,
): Promise<readonly Collected[]> {
  const paths = findings.filter(({ collectable }) => collectable !== undefined);
  if (paths.length === 0) return [];
  if (!yes)
    await confirm(
      `Delete these ${paths.length} znodes?`,
      paths.map(({ path = '', code }) => `${code} ${path}`),
    );
  const { collect } = await import('@meshkeeper/registries');
  return collect(registries, findings);
}

/** As JSON: with nothing in it that differs from run to run. */
function viewOf({ registries, findings }: LintReport) {
  return {
    registries,
    findings: findings.map(({ collectable, ...finding }) => ({
      ...finding,
      collectable: collectable !== undefined,
    })),
  };
}

function textOf({ registries, findings }: LintReport, collected: readonly Collected[] | undefined) {
  const count = (severity: Finding['severity']) => {
    const { length } = findings.filter((finding) => finding.severity === severity);
    return `${length} ${severity}${length === 1 ? '' : 's'}`;
  };
  const lines = findings.map(({ severity, code, path, service = '', message, fix }) =>
    [`${severity} ${code} ${path ?? service}`, message, fix].map(clean).join('\n  '),
  );
  const looked = formatTable({
    head: ['REGISTRY', 'DIALECT', 'ROOT', 'ZNODES', 'INSTANCES'],
    rows: registries.map(({ name, dialect, root, znodes, instances }) => [
      ...[name, dialect, root, String(znodes), String(instances)],
    ]),
  });
  const done = (collected ?? []).map(({ path, outcome }) => `${outcome} ${clean(path)}`);
  const sum = `${count('error')}, ${count('warning')}`;
  return [...lines, ...done, looked, sum].join('\n');
}
