import type { Command } from 'commander';
import { withExamples } from '../../examples.ts';
import { optionsOf } from '../../global-options.ts';
import { print } from '../../output/format.ts';
import type { Table } from '../../output/table.ts';
import type { ApplicationView } from './answers.ts';
import { ConfigApi } from './api.ts';

interface ListView {
  readonly items: readonly {
    readonly application: string;
    readonly namespaces: readonly string[];
  }[];
  readonly next?: string;
}

export function addListCommand(config: Command): void {
  const list = config
    .command('list')
    .argument('[application]', 'one, with what each of its profiles holds')
    .description('the applications that have configuration');
  withExamples(list, ['meshkeeper config list', 'meshkeeper config list shop']).action(
    async (application: string | undefined, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const api = new ConfigApi(options);
      if (application === undefined) await print(await all(api), options.output, allTable);
      else {
        const path = `/${encodeURIComponent(application)}`;
        const { data } = await api.get<ApplicationView>(path);
        await print(data, options.output, applicationTable);
      }
    },
  );
}

async function all(api: ConfigApi): Promise<ListView> {
  const items: ListView['items'][number][] = [];
  for (let after: string | undefined; ; ) {
    const { data } = await api.get<ListView>('', { after });
    items.push(...data.items);
    after = data.next;
    if (after === undefined) return { items };
  }
}

function allTable({ items }: ListView): Table | string {
  if (items.length === 0)
    return 'nothing is configured yet: begin with "meshkeeper config set APPLICATION KEY=VALUE"';
  return {
    head: ['APPLICATION', 'PROFILES'],
    rows: items.map(({ application, namespaces }) => [application, namespaces.join(', ') || '-']),
  };
}

/** An application with its profiles; what is of it as a whole goes to standard error. */
export function applicationTable({
  application,
  links,
  fourEyes,
  namespaces,
}: ApplicationView): Table {
  const rows = namespaces.map(({ namespace, format, release, draft, grays, public: open }) => [
    namespace,
    format ?? '-',
    release === undefined ? '-' : `${release.number} (${release.by})`,
    draft === undefined ? '-' : `by ${draft.by}`,
    grays.join(', ') || '-',
    open ? 'yes' : 'no',
  ]);
  if (fourEyes)
    process.stderr.write(`${application}: who has edited something may not publish it\n`);
  for (const link of links)
    process.stderr.write(`${application} links to ${link.application}/${link.namespace}\n`);
  return { head: ['PROFILE', 'FORMAT', 'RELEASE', 'DRAFT', 'GRAY', 'PUBLIC'], rows };
}
