import { type Command, InvalidArgumentError } from 'commander';
import { confirm, mustBeAsked, YES } from '../../confirm.ts';
import { withExamples } from '../../examples.ts';
import { CliError } from '../../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../../global-options.ts';
import { formatOf, print } from '../../output/format.ts';
import { clean } from '../../output/table.ts';
import type { DraftView, PublishedView } from './answers.ts';
import { type Answer, ConfigApi, pathOf, Refused } from './api.ts';
import { changesText, countText } from './change-text.ts';
import { said } from './message.ts';
import { nameOf, TARGET, type Target, target } from './target.ts';

interface Flags {
  readonly message?: string;
  readonly at?: string;
  readonly yes?: boolean;
}

export function addPublishCommand(config: Command): void {
  const command = config
    .command('publish')
    .argument('<application>', TARGET, target)
    .description('make the draft what all instances get, after showing it and asking')
    .option('-m, --message <text>', 'why, for those who come after')
    .option('--at <time>', 'not now: 2026-01-31T22:00:00Z, or in how long: 2h', moment)
    .option(...YES);
  withExamples(command, [
    'meshkeeper config publish shop/prod -m "checkout for all"',
    'meshkeeper config publish shop --at 2026-01-31T22:00:00+01:00',
    'meshkeeper config publish shop --yes    # in a script',
  ]).action(async (to: Target, _: unknown, own: Command) => {
    await publish(to, optionsOf<Flags>(own));
  });
}

/** Publishes a draft. @throws CliError also when the answer is no */
export async function publish(to: Target, options: Flags & GlobalOptions): Promise<void> {
  const { message, at } = options;
  const api = new ConfigApi(options);
  const ifMatch = await agreed(api, to, options, at === undefined ? 'Publish' : 'Schedule');
  const body = { ...said(message), ...(at !== undefined && { at }) };
  const { data } = await explained(to, () =>
    api.send<PublishedView>('POST', `${pathOf(to)}/publish`, body, { ifMatch }),
  );
  await tellPublished(to, data, options);
}

/**
 * Shows what a draft changes, and asks. Gives what names what was seen: something else is not published.
 * @throws CliError when nobody can be asked, or the answer is no
 */
export async function agreed(
  api: ConfigApi,
  to: Target,
  { yes }: { readonly yes?: boolean },
  verb: string,
): Promise<string> {
  mustBeAsked(yes);
  const { data: draft, etag } = await api.get<DraftView>(`${pathOf(to)}/draft`);
  const { changes, by, at } = draft;
  const name = nameOf(to);
  if (by === undefined)
    throw new CliError(
      `there is no draft of ${name}: begin one with "meshkeeper config set" or "meshkeeper config edit"`,
    );
  if (!yes) {
    process.stderr.write(`${changesText(changes, process.stderr)}\n`);
    const question = `${verb} this draft of ${name} (${countText(changes)}; by ${clean(by)}, ${at})?`;
    await confirm(question, []);
  }
  return etag;
}

/** Says what a release has come to. */
export async function tellPublished(
  to: Target,
  data: PublishedView,
  { output }: GlobalOptions,
): Promise<void> {
  if (formatOf(output) !== 'table') {
    await print(data, output, () => '');
    return;
  }
  const { release, scheduled, changes } = data;
  const name = nameOf(to);
  if (scheduled !== undefined)
    process.stderr.write(
      `${name} will be published at ${scheduled.at}; "meshkeeper config schedule ${name} --cancel ${scheduled.id}" calls it off\n`,
    );
  else if (release !== undefined)
    process.stderr.write(`release ${release.number} of ${name}: ${countText(changes)}\n`);
}

/** Says what can be done when somebody else was first. */
export async function explained<T>(to: Target, call: () => Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const name = nameOf(to);
    if (error.status === 412)
      throw new CliError(
        `${error.message} (meshkeeper config diff ${name} shows what is there now)`,
      );
    if (error.status === 409 && !/nothing/i.test(error.message))
      throw new CliError(
        `${error.message} (meshkeeper config rebase ${name} makes the draft's changes to what is there now)`,
      );
    throw error;
  }
}

const UNITS: Readonly<Record<string, number>> = { m: 60e3, h: 3_600e3, d: 86_400e3 };

/** A time, or in how long, as ISO 8601. */
export function moment(text: string): string {
  const ahead = /^(\d{1,5})(m|h|d)$/.exec(text);
  if (ahead !== null)
    return new Date(Date.now() + Number(ahead[1]) * UNITS[ahead[2]!]!).toISOString();
  const time = Date.parse(text);
  if (Number.isNaN(time) || !/^\d{4}-/.test(text))
    throw new InvalidArgumentError('Write a time, 2026-01-31T22:00:00Z, or in how long: 30m, 2h.');
  return new Date(time).toISOString();
}
