import { type Command, InvalidArgumentError } from 'commander';
import { ApiClient } from '../api-client.ts';
import { withExamples } from '../examples.ts';
import { ExitCode } from '../exit-code.ts';
import { optionsOf } from '../global-options.ts';
import { print } from '../output/format.ts';
import { clean } from '../output/table.ts';

interface CheckFlags {
  readonly method?: string;
  readonly header?: readonly string[];
}

/** Whether a call may be made, as the API shows it. */
interface CallVerdict {
  readonly allowed: boolean;
  readonly from: { readonly service?: string; readonly spiffeId: string };
  readonly to: string;
  readonly decidedBy?: { readonly rule: string; readonly source: string; readonly path: string };
  readonly unproven: readonly string[];
  readonly notes: readonly string[];
}

/** Commands for who may call whom. */
export function addAuthzCommands(program: Command): void {
  const authz = program.command('authz').description('who may call whom');
  withExamples(
    authz
      .command('check')
      .argument('<from>', 'who calls: the name of a service, or its SPIFFE ID')
      .argument('<to>', 'the service that is called')
      .option('--method <method>', 'what is called, as rules name it')
      .option('--header <name=value...>', 'a header, or an attachment of Dubbo', headers)
      .description('whether a service may call another, and which rule decides that')
      .action(async (from: string, to: string, _: unknown, command: Command) => {
        const options = optionsOf<CheckFlags>(command);
        const query = new URLSearchParams({ from, to });
        if (options.method !== undefined) query.set('method', options.method);
        for (const each of options.header ?? []) query.append('header', each);
        const verdict = await new ApiClient(options).get<CallVerdict>(`/authz/check?${query}`);
        await print(verdict, options.output, textOf);
        if (!verdict.allowed) process.exitCode = ExitCode.NOT_FOUND;
      }),
    [
      'meshkeeper authz check shop com.acme.Orders',
      'meshkeeper authz check spiffe://mesh/service/shop com.acme.Orders --method create --header tier=gold',
    ],
    [
      'Exit 0: allowed, 3: denied, or there is no such service.',
      'Rules that refuse calls are the routing rules of registries.',
    ],
  );
}

function textOf({ allowed, from, to, decidedBy, notes }: CallVerdict): string {
  const who = from.service ?? from.spiffeId;
  const by =
    decidedBy === undefined
      ? []
      : [`  by the rule "${decidedBy.rule}": ${decidedBy.path} (${decidedBy.source})`];
  return [
    `${allowed ? 'allowed' : 'denied'}: ${who} calls ${to}`,
    ...by,
    ...notes.map((note) => `  note: ${note}`),
  ]
    .map(clean)
    .join('\n');
}

function headers(text: string, before: readonly string[] = []): readonly string[] {
  if (/^[^=\s]+=/.test(text)) return [...before, text];
  throw new InvalidArgumentError('Write NAME=VALUE.');
}
