import { type Command, InvalidArgumentError } from 'commander';
import { confirm, mustBeAsked, YES } from '../../confirm.ts';
import { withExamples } from '../../examples.ts';
import { CliError, ExitCode } from '../../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../../global-options.ts';
import { formatOf, print } from '../../output/format.ts';
import type { Table } from '../../output/table.ts';
import type { GrayView, PublishedView, RuleView } from './answers.ts';
import { ConfigApi, pathOf } from './api.ts';
import { said } from './message.ts';
import { agreed, explained, moment, tellPublished } from './publish.ts';
import { nameOf, TARGET, type Target, target } from './target.ts';
import { label } from './who-asks.ts';

interface Flags {
  readonly percentage?: number;
  readonly instance?: readonly string[];
  readonly address?: readonly string[];
  readonly label?: Readonly<Record<string, string>>;
  readonly order?: number;
  readonly abandonOn?: readonly string[];
  readonly until?: string;
  readonly message?: string;
  readonly yes?: boolean;
}

const NAME = 'the name of the gray release';

export function addGrayCommands(config: Command): void {
  const gray = config
    .command('gray')
    .argument('<application>', TARGET, target)
    .argument('[name]', `${NAME}; of one that is there, for whom it is is changed`)
    .description('publish the draft to some instances; without a name, the gray releases there are')
    .option('--percentage <number>', 'of the instances; who is in it stays when it grows', percent)
    .option('--instance <id...>', 'these instances')
    .option('--address <cidr...>', 'those with these addresses, or in these networks')
    .option('--label <name=value>', 'those with this label; may be given again', label)
    .option('--order <number>', 'of several, the first that matches counts', Number)
    .option('--abandon-on <signal...>', 'end it when "meshkeeper config signal" says this')
    .option('--until <time>', 'end it then: 2026-01-31T22:00:00Z, or in how long: 2h', moment)
    .option('-m, --message <text>', 'why, for those who come after')
    .option(...YES);
  withExamples(gray, [
    'meshkeeper config gray shop canary --percentage 10 --abandon-on checkout-errors',
    'meshkeeper config gray shop canary --percentage 50    # for more of them',
    'meshkeeper config gray shop/prod eu --label region=eu --until 2h',
    'meshkeeper config gray shop',
  ]).action(async (of: Target, name: string | undefined, _: unknown, own: Command) => {
    const options = optionsOf<Flags>(own);
    const api = new ConfigApi(options);
    if (name === undefined) await print(await graysOf(api, of), options.output, graysTable);
    else await grayRelease(api, of, name, options);
  });

  const promote = config
    .command('promote')
    .argument('<application>', TARGET, target)
    .argument('<name>', NAME)
    .description('make what some instances get what all get, after asking')
    .option('-m, --message <text>', 'why, for those who come after')
    .option('--force', 'also when something else was published meanwhile, which is then gone')
    .option(...YES);
  withExamples(promote, ['meshkeeper config promote shop canary -m "no errors for a day"']).action(
    async (of: Target, name: string, _: unknown, own: Command) => {
      const options = optionsOf<Flags & { readonly force?: boolean }>(own);
      const { message, force, yes } = options;
      mustBeAsked(yes);
      if (!yes) await confirm(`Make ${name} what all instances of ${nameOf(of)} get?`, []);
      const body = { ...said(message), ...(force && { force }) };
      const path = `${pathOf(of)}/gray/${encodeURIComponent(name)}/promote`;
      const { data } = await new ConfigApi(options).send<PublishedView>('POST', path, body);
      await tellPublished(of, data, options);
    },
  );

  const abandon = config
    .command('abandon')
    .argument('<application>', TARGET, target)
    .argument('<name>', NAME)
    .description('end a gray release: its instances get what all get')
    .option('-m, --message <text>', 'why, for those who come after');
  withExamples(abandon, ['meshkeeper config abandon shop canary -m "checkout fails"']).action(
    async (of: Target, name: string, _: unknown, own: Command) => {
      const options = optionsOf<Flags>(own);
      const { message: reason } = said(options.message);
      const body = reason === undefined ? {} : { reason };
      const path = `${pathOf(of)}/gray/${encodeURIComponent(name)}/abandon`;
      await new ConfigApi(options).send('POST', path, body);
      process.stderr.write(`${name} of ${nameOf(of)} has ended\n`);
    },
  );
}

async function graysOf(api: ConfigApi, of: Target): Promise<{ grays: readonly GrayView[] }> {
  const { grays } = await api.content(of);
  return { grays };
}

async function grayRelease(
  api: ConfigApi,
  of: Target,
  name: string,
  options: Flags & GlobalOptions,
): Promise<void> {
  const { order, abandonOn, until, message, output } = options;
  const rules = rulesOf(options);
  const settings = {
    ...(order !== undefined && { order }),
    ...(abandonOn !== undefined && { abandonOn }),
    ...(until !== undefined && { until }),
  };
  const { grays } = await graysOf(api, of).catch((error: unknown) => {
    // Nothing is published to all yet: then there is no gray release either.
    if (error instanceof CliError && error.exitCode === ExitCode.NOT_FOUND) return { grays: [] };
    throw error;
  });
  const folder = `${pathOf(of)}/gray`;
  const there = grays.some((gray) => gray.name === name);
  if (!there && rules.length === 0)
    throw new CliError(
      'for whom? Write --percentage, --instance, --address or --label',
      ExitCode.USAGE,
    );
  let gray: GrayView;
  if (there) {
    const body = { ...settings, ...(rules.length > 0 && { rules }) };
    if (Object.keys(body).length === 0) {
      await print({ grays: grays.filter((each) => each.name === name) }, output, graysTable);
      return;
    }
    const path = `${folder}/${encodeURIComponent(name)}`;
    gray = (await api.send<GrayView>('PUT', path, body)).data;
  } else {
    const ifMatch = await agreed(
      api,
      of,
      options,
      `To ${rules.map(ruleText).join(' or ')}: publish`,
    );
    const body = { ...settings, name, rules, ...said(message) };
    gray = (await explained(of, () => api.send<GrayView>('POST', folder, body, { ifMatch }))).data;
  }
  if (formatOf(output) !== 'table') await print(gray, output, () => '');
  process.stderr.write(
    `${name}: release ${gray.release} of ${nameOf(of)} is for ${gray.rules.map(ruleText).join(' or ')}\n`,
  );
}

/** One rule, of which all has to match. */
function rulesOf({ percentage, instance, address, label: labels }: Flags): RuleView[] {
  const rule = {
    ...(percentage !== undefined && { percentage }),
    ...(instance !== undefined && { instances: instance }),
    ...(address !== undefined && { addresses: address }),
    ...(labels !== undefined && { labels }),
  };
  return Object.keys(rule).length === 0 ? [] : [rule];
}

function ruleText({ instances, addresses, labels, percentage }: RuleView): string {
  const parts = [
    percentage === undefined ? '' : `${percentage} %`,
    instances === undefined ? '' : `instances ${instances.join(', ')}`,
    addresses === undefined ? '' : `addresses ${addresses.join(', ')}`,
    ...Object.entries(labels ?? {}).map(([name, value]) => `${name}=${[value].flat().join('|')}`),
  ];
  return parts.filter((part) => part !== '').join(' and ') || 'all';
}

function graysTable({ grays }: { readonly grays: readonly GrayView[] }): Table | string {
  if (grays.length === 0) return 'no gray releases';
  return {
    head: ['NAME', 'RELEASE', 'FOR', 'ENDED BY', 'UNTIL', 'BY'],
    rows: grays.map(({ name, release, rules, abandonOn, until, by }) => [
      ...[name, String(release), rules.map(ruleText).join(' or ')],
      ...[abandonOn.join(', ') || '-', until ?? '-', by],
    ]),
  };
}

function percent(text: string): number {
  const number = Number(text.replace(/%$/, ''));
  if (text !== '' && number >= 0 && number <= 100) return number;
  throw new InvalidArgumentError('Write a number from 0 to 100.');
}
