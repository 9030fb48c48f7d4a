import type { Resolved } from '@meshkeeper/config';
import type { Command } from 'commander';
import { withExamples } from '../../examples.ts';
import { CliError, ExitCode } from '../../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../../global-options.ts';
import { formatOf, print } from '../../output/format.ts';
import type { Table } from '../../output/table.ts';
import { didYouMean } from '../../similar.ts';
import { wholeNumber } from '../../whole-number.ts';
import type { ApplicationView, ContentView, DraftView, Entries, EntryView } from './answers.ts';
import { ConfigApi, pathOf } from './api.ts';
import { type ApplicationOrTarget, applicationOrTarget, nameOf, type Target } from './target.ts';
import { queryOf, type WhoAsks, withWhoAsks } from './who-asks.ts';

interface Flags extends WhoAsks {
  readonly release?: number;
  readonly draft?: boolean;
}

export function addGetCommand(config: Command): void {
  const get = config
    .command('get')
    .argument(
      '<application>',
      'what its instances get; APPLICATION/PROFILE is what that profile alone holds',
      applicationOrTarget,
    )
    .argument('[key]', 'one key: prints its value as it is')
    .description('what instances get, and where each value comes from')
    .option('--release <number>', 'of a profile: an older release', wholeNumber)
    .option('--draft', 'of a profile: what is to be published');
  withExamples(
    withWhoAsks(get),
    [
      'meshkeeper config get shop --profile prod',
      'meshkeeper config get shop server.port --profile prod',
      'meshkeeper config get shop/prod --release 41',
      'meshkeeper config get shop/default --draft -o yaml',
    ],
    ['Exit code 3: there is no such application, profile or key.'],
  ).action(async (of: ApplicationOrTarget, key: string | undefined, _: unknown, own: Command) => {
    const options = optionsOf<Flags>(own);
    const { namespace, application } = of;
    if (namespace !== undefined) await ofNamespace({ application, namespace }, key, options);
    else if (options.draft || options.release !== undefined)
      throw new CliError(
        `of which profile? Write ${application}/PROFILE; ${application}/default is what holds for all`,
        ExitCode.USAGE,
      );
    else await ofInstance(application, key, options);
  });
}

async function ofInstance(
  application: string,
  key: string | undefined,
  options: Flags & GlobalOptions,
): Promise<void> {
  const path = `/${encodeURIComponent(application)}/resolve${queryOf(options)}`;
  const api = new ConfigApi(options);
  const { data } = await api.get<Resolved>(path);
  if (data.stale) process.stderr.write('ZooKeeper is away: this is what was known last\n');
  if (data.layers.length === 0) {
    const meant = (await api.meant(application)) || (await unpublished(api, application));
    throw new CliError(`nothing is published for ${application}${meant}`, ExitCode.NOT_FOUND);
  }
  if (key !== undefined) await one(data.values, key, options);
  else await print(data, options.output, resolvedTable);
}

/** What there is to be published of an application for which nothing is. */
async function unpublished(api: ConfigApi, application: string): Promise<string> {
  const found = await api
    .get<ApplicationView>(`/${encodeURIComponent(application)}`)
    .catch(() => undefined); // it was only a help
  const drafts = (found?.data.namespaces ?? []).filter(({ draft }) => draft !== undefined);
  const [first] = drafts.map(({ namespace }) => nameOf({ application, namespace }));
  if (first === undefined) return ': see "meshkeeper config list"';
  return `: there is a draft, "meshkeeper config publish ${first}" makes it count`;
}

function resolvedTable({ values, layers }: Resolved): Table | string {
  if (Object.keys(values).length === 0) return `no keys, from ${layers.map(fromText).join(', ')}`;
  return {
    head: ['KEY', 'VALUE', 'FROM'],
    rows: Object.entries(values).map(([key, { value, from }]) => [
      key,
      value === undefined ? '(secret)' : lineOf(value),
      fromText(from),
    ]),
    least: ['FROM'],
  };
}

/** `shop/prod@41`: of which release. */
export function fromText({
  application,
  namespace,
  release,
  gray,
}: Resolved['layers'][number]): string {
  const name = nameOf({ application, namespace });
  return `${name}@${release}${gray === undefined ? '' : ` (gray ${gray})`}`;
}

async function ofNamespace(
  target: Target,
  key: string | undefined,
  options: Flags & GlobalOptions,
): Promise<void> {
  const api = new ConfigApi(options);
  const { release, draft } = options;
  if (draft && release !== undefined)
    throw new CliError('choose one of --draft and --release', ExitCode.USAGE);
  const data: DraftView | ContentView = draft
    ? (await api.get<DraftView>(`${pathOf(target)}/draft`)).data
    : await api.content(target, release === undefined ? {} : { release: String(release) });
  const { format, entries } = data;
  if (key !== undefined) await one(entries, key, options);
  else if (format !== 'keys' && formatOf(options.output) === 'table')
    process.stdout.write(withEnd(entries.content?.value ?? ''));
  else await print(data, options.output, () => entriesTable(entries));
}

function entriesTable(entries: Entries): Table | string {
  const keys = Object.keys(entries).sort();
  if (keys.length === 0) return 'no keys';
  return {
    head: ['KEY', 'TYPE', 'VALUE', 'COMMENT'],
    rows: keys.map((key) => {
      const { type, value, comment } = entries[key]!;
      return [key, type, value === undefined ? '(secret)' : lineOf(value), comment ?? '-'];
    }),
    least: ['COMMENT'],
  };
}

/** A value by itself, as it is: for scripts. */
async function one(
  entries: Readonly<Record<string, Pick<EntryView, 'type' | 'value'>>>,
  key: string,
  { output, secrets }: Flags & GlobalOptions,
): Promise<void> {
  const entry = Object.hasOwn(entries, key) ? entries[key] : undefined;
  if (entry === undefined)
    throw new CliError(
      `there is no key ${key}${didYouMean(key, Object.keys(entries))}`,
      ExitCode.NOT_FOUND,
    );
  if (output !== undefined && output !== 'table') await print(entry, output, () => '');
  else if (entry.value !== undefined) process.stdout.write(withEnd(entry.value));
  else
    throw new CliError(
      `${key} is a secret${secrets ? '' : ': --secrets shows its text to those who may read it'}`,
    );
}

/** The first line, where all have one. */
function lineOf(value: string): string {
  const [first = '', ...more] = value.split('\n');
  return more.length === 0 || (more.length === 1 && more[0] === '') ? first : `${first} …`;
}

function withEnd(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
