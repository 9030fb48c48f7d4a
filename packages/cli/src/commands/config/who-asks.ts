import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';

/** The flags of commands that ask for what an instance gets. */
export interface WhoAsks {
  readonly profile?: readonly string[];
  readonly instance?: string;
  readonly address?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly secrets?: boolean;
}

/** Declares them. */
export function withWhoAsks(command: Command): Command {
  return command
    .option(
      '-p, --profile <names>',
      'profiles with commas between them; the last is the strongest',
      profiles,
    )
    .option('--instance <id>', 'who asks: gray releases are for some')
    .option('--address <ip>', 'from where, for gray releases by address')
    .option('--label <name=value>', 'for gray releases by label; may be given again', label)
    .option('--secrets', 'with the text of secrets; takes the role "secret"');
}

/** The query of `resolve` and `watch`. */
export function queryOf({ profile = [], instance, address, label = {}, secrets }: WhoAsks): string {
  const query = new URLSearchParams({
    ...(profile.length > 0 && { profile: profile.join(',') }),
    ...(instance !== undefined && { instance }),
    ...(address !== undefined && { address }),
    ...(secrets && { secrets: 'reveal' }),
  });
  for (const [name, value] of Object.entries(label)) query.append('label', `${name}=${value}`);
  return query.size === 0 ? '' : `?${query}`;
}

function profiles(text: string, before: readonly string[] = []): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  return [...before, ...names.filter((name) => name !== '')];
}

/** Collects `--label a=b`. */
export function label(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Write NAME=VALUE.');
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
}
