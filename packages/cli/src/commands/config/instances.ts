import type { Command } from 'commander';
import { withExamples } from '../../examples.ts';
import { type GlobalOptions, optionsOf } from '../../global-options.ts';
import { print } from '../../output/format.ts';
import type { Table } from '../../output/table.ts';
import { wholeNumber } from '../../whole-number.ts';
import { ConfigApi } from './api.ts';
import { fromText } from './get.ts';
import { type ApplicationOrTarget, applicationOrTarget, TARGET } from './target.ts';

interface Flags {
  readonly release?: number;
}

/** An instance, as a replica has seen it. */
interface InstanceView {
  readonly instance?: string;
  readonly address?: string;
  readonly profiles: readonly string[];
  readonly at: string;
  readonly digest: string;
  readonly layers: readonly {
    readonly application: string;
    readonly namespace: string;
    readonly release: number;
    readonly gray?: string;
  }[];
}

interface Page {
  readonly replica: string;
  readonly items: readonly InstanceView[];
  readonly next?: string;
}

/** Instances that are asked for at once. */
const PAGE = '1000';

export function addInstancesCommand(config: Command): void {
  const command = config
    .command('instances')
    .argument('<application>', TARGET, applicationOrTarget)
    .description('which instances have which releases: those that have asked in the last hour')
    .option('--release <number>', 'only those that have this one', wholeNumber);
  withExamples(
    command,
    [
      'meshkeeper config instances shop',
      'meshkeeper config instances shop/prod --release 41',
      'meshkeeper config instances shop --server http://cp1:7070,http://cp2:7070',
    ],
    [
      'Those that say who they are, by --instance or --address. Each control plane knows those that have asked it:',
      'of several, all of --server are asked.',
    ],
  ).action(async (of: ApplicationOrTarget, _: unknown, own: Command) => {
    const options = optionsOf<Flags>(own);
    const pages: Page[] = [];
    for (const server of options.server.split(','))
      pages.push(await seenAt({ ...options, server }, of, options.release));
    const items = newest(pages.flatMap((page) => page.items));
    const replicas = pages.map(({ replica }) => replica);
    await print({ replicas, items }, options.output, () => table(items, replicas));
  });
}

async function seenAt(
  options: GlobalOptions,
  { application, namespace }: ApplicationOrTarget,
  release: number | undefined,
): Promise<Page> {
  const api = new ConfigApi(options);
  const query = { namespace, release: release?.toString(), limit: PAGE };
  const path = `/${encodeURIComponent(application)}/instances`;
  const items: InstanceView[] = [];
  for (let cursor: string | undefined; ; ) {
    const { data } = await api.get<Page>(path, { ...query, cursor });
    items.push(...data.items);
    cursor = data.next;
    if (cursor === undefined) return { replica: data.replica, items };
  }
}

/** One that has asked several counts as what it was told last. */
function newest(all: readonly InstanceView[]): InstanceView[] {
  const found = new Map<string, InstanceView>();
  for (const each of all) {
    const { instance, address, profiles } = each;
    const name = JSON.stringify([instance ?? address, profiles]);
    const before = found.get(name);
    if (before === undefined || before.at < each.at) found.set(name, each);
  }
  return [...found.values()];
}

function table(items: readonly InstanceView[], replicas: readonly string[]): Table | string {
  if (items.length === 0) return `no instance has asked ${replicas.join(', ')}`;
  return {
    head: ['INSTANCE', 'ADDRESS', 'HAS', 'ASKED'],
    rows: items.map(({ instance = '-', address = '-', layers, at }) => [
      ...[instance, address],
      ...[layers.map(fromText).join(', ') || '-', at],
    ]),
    least: ['HAS'],
  };
}
