import type { Command } from 'commander';
import { withExamples } from '../../examples.ts';
import { CliError, ExitCode } from '../../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../../global-options.ts';
import { print } from '../../output/format.ts';
import type { ApplicationView } from './answers.ts';
import { ConfigApi, pathOf, Refused } from './api.ts';
import { applicationTable } from './list.ts';
import {
  type ApplicationOrTarget,
  applicationOrTarget,
  nameOf,
  TARGET,
  type Target,
  target,
} from './target.ts';

interface Flags {
  readonly link?: readonly Target[];
  readonly unlink?: readonly Target[];
  readonly fourEyes?: boolean;
  readonly public?: boolean;
}

export function addSettingsCommand(config: Command): void {
  const command = config
    .command('settings')
    .argument('<application>', TARGET, applicationOrTarget)
    .description('what an application links to, who may publish, what others may link to')
    .option('--link <application/profile>', 'below its own; may be given again', targets)
    .option('--unlink <application/profile>', 'no more; may be given again', targets)
    .option('--four-eyes', 'who has edited something may not publish it')
    .option('--no-four-eyes', 'who has edited something may publish it')
    .option('--public', 'others may link to this profile')
    .option('--no-public', 'nobody may link to this profile any more');
  withExamples(
    command,
    [
      'meshkeeper config settings shop',
      'meshkeeper config settings payments/client --public',
      'meshkeeper config settings shop --link payments/client',
      'meshkeeper config settings shop --unlink payments/client --four-eyes',
    ],
    [
      'Links and who may publish are of the application as a whole. The first link is the strongest.',
    ],
  ).action(async (of: ApplicationOrTarget, _: unknown, own: Command) => {
    await settings(of, optionsOf<Flags>(own));
  });
}

async function settings(
  { application, namespace }: ApplicationOrTarget,
  options: Flags & GlobalOptions,
): Promise<void> {
  const { link = [], unlink = [], fourEyes, public: open } = options;
  const path = `/${encodeURIComponent(application)}`;
  const api = new ConfigApi(options);
  if (link.length + unlink.length > 0 || fourEyes !== undefined) {
    if (namespace !== undefined)
      throw new CliError(
        `links and who may publish are of the application: write ${application}`,
        ExitCode.USAGE,
      );
    const { data, etag } = await api.get<ApplicationView>(path);
    const links = linked(application, data.links, { link, unlink });
    const body = { links, ...(fourEyes !== undefined && { fourEyes }) };
    await api.send('PUT', path, body, { ifMatch: etag });
    for (const to of link) await warnUnlessPublic(api, to);
  }
  if (open !== undefined) {
    const of = { application, namespace: namespace ?? 'default' };
    await api.send('PUT', `${pathOf(of)}/settings`, { public: open });
  }
  const { data } = await api.get<ApplicationView>(path);
  await print(data, options.output, applicationTable);
}

/** Nothing is taken of what nobody may link to: that is said. */
async function warnUnlessPublic(api: ConfigApi, to: Target): Promise<void> {
  const path = `/${encodeURIComponent(to.application)}`;
  const found = await api.get<ApplicationView>(path).catch((error: unknown) => {
    if (error instanceof Refused && error.status === 404) return undefined;
    throw error;
  });
  const there = found?.data.namespaces.find(({ namespace }) => namespace === to.namespace);
  if (there?.public) return;
  const name = nameOf(to);
  process.stderr.write(
    `${name} is not public: nothing is taken of it before "meshkeeper config settings ${name} --public"\n`,
  );
}

/** The links there are, without some, and with others. @throws CliError for one that is not there */
function linked(
  application: string,
  links: readonly Target[],
  { link, unlink }: Required<Pick<Flags, 'link' | 'unlink'>>,
): readonly Target[] {
  const names = links.map(nameOf);
  const missing = unlink.find((each) => !names.includes(nameOf(each)));
  if (missing !== undefined)
    throw new CliError(`${application} does not link to ${nameOf(missing)}`, ExitCode.NOT_FOUND);
  const gone = new Set([...unlink, ...link].map(nameOf));
  return [...links.filter((each) => !gone.has(nameOf(each))), ...link];
}

function targets(text: string, before: readonly Target[] = []): readonly Target[] {
  return [...before, target(text)];
}
