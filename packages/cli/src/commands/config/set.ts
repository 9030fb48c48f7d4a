import { type Command, Option } from 'commander';
import { withExamples } from '../../examples.ts';
import { CliError, ExitCode } from '../../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../../global-options.ts';
import { formatOf, print } from '../../output/format.ts';
import type { ChangeView } from './answers.ts';
import { ConfigApi, pathOf } from './api.ts';
import { changesText, countText } from './change-text.ts';
import { publish } from './publish.ts';
import { nameOf, TARGET, type Target, target } from './target.ts';
import { assignmentOf, valuesOf } from './value.ts';

interface Flags {
  readonly type?: 'text' | 'json' | 'yaml' | 'properties';
  readonly secret?: boolean;
  readonly comment?: string;
  readonly remove?: readonly string[];
  readonly publish?: boolean;
  readonly message?: string;
  readonly yes?: boolean;
}

export function addSetCommand(config: Command): void {
  const set = config
    .command('set')
    .argument('<application>', TARGET, target)
    .argument('[assignment...]', 'KEY=VALUE; KEY=@FILE and KEY=- (standard input) read it')
    .description('change keys of the draft: nothing is served before it is published')
    .addOption(
      new Option(
        '--type <type>',
        'what the values are; without it a secret stays one, and all else is text',
      ).choices(['text', 'json', 'yaml', 'properties']),
    )
    .option('--secret', 'the values are secrets, and are not read from the command line')
    .option('--comment <text>', 'what is to be said of them')
    .option('--remove <key...>', 'keys to take away')
    .option('--publish', 'publish the draft, too, after asking')
    .option('-m, --message <text>', 'why, for those who come after; with --publish')
    .option('-y, --yes', 'publish without asking');
  withExamples(
    set,
    [
      'meshkeeper config set shop feature.checkout=on',
      'meshkeeper config set shop/prod limits=@limits.json --type json',
      'meshkeeper config set shop/prod db.password --secret',
      'meshkeeper config set shop --remove feature.old --publish -m "the old checkout is gone" --yes',
    ],
    ['A value that begins with @ is written with two: KEY=@@VALUE.'],
  ).action(async (to: Target, words: readonly string[], _: unknown, own: Command) => {
    await change(to, words, optionsOf<Flags>(own));
  });
}

async function change(
  to: Target,
  words: readonly string[],
  options: Flags & GlobalOptions,
): Promise<void> {
  const { type, secret = false, comment, remove = [] } = options;
  if (words.length + remove.length === 0)
    throw new CliError('set what? Write KEY=VALUE, or --remove KEY', ExitCode.USAGE);
  if (secret && type !== undefined && type !== 'text')
    throw new CliError('a secret has no type: leave out --type', ExitCode.USAGE);
  const values = await valuesOf(words.map(assignmentOf), { secret });
  const stated = secret ? 'secret' : type;
  const more = {
    ...(stated !== undefined && { type: stated }),
    ...(comment !== undefined && { comment }),
  };
  const body = {
    set: Object.fromEntries([...values].map(([key, value]) => [key, { ...more, value }])),
    remove,
  };
  const api = new ConfigApi(options);
  const path = `${pathOf(to)}/draft`;
  // Whatever else somebody is editing stays: these keys are what is said.
  const { data } = await api.send<{ base: number; changes: readonly ChangeView[] }>(
    ...(['PATCH', path, body, { ifMatch: '*' }] as const),
  );
  if (options.publish) return publish(to, options);
  if (formatOf(options.output) !== 'table') await print(data, options.output, () => '');
  else if (data.changes.length > 0) process.stdout.write(`${changesText(data.changes)}\n`);
  const name = nameOf(to);
  process.stderr.write(
    data.changes.length === 0
      ? `the draft of ${name} is what is published already\n`
      : `the draft of ${name}: ${countText(data.changes)}; "meshkeeper config publish ${name}" makes it count\n`,
  );
}
