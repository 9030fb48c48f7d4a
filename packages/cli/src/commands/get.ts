import type { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import { type GlobalOptions, optionsOf } from '../global-options.ts';
import { formatOf, print } from '../output/format.ts';
import { clean } from '../output/table.ts';
import type { PoliciesView, PolicyView } from '../policies/answers.ts';

interface GetFlags {
  readonly namespace?: string;
}

/** Lines of what is not as it should be, at most. */
const LINES = 40;

const EXAMPLES = `
Examples:
  meshkeeper get                            # all policies, and what is wrong with them
  meshkeeper get httproutes
  meshkeeper get httproute/web -n shop@cluster   # one that the source "cluster" has
  meshkeeper get httproute/orders -o yaml > orders.yaml   # can be applied again`;

export function addGetCommand(program: Command): void {
  program
    .command('get')
    .argument('[kind]', 'a kind of policy, in any case, singular or plural; or KIND/NAME')
    .argument('[name]', 'one policy')
    .description('policies as they were applied, and whether data planes have them')
    .option('-n, --namespace <namespace>', 'only those of a namespace')
    .addHelpText('after', EXAMPLES)
    .action(
      async (kind: string | undefined, name: string | undefined, _: unknown, command: Command) => {
        const options = optionsOf<GetFlags>(command);
        const args = [kind, name].filter((arg) => arg !== undefined);
        const { kindOf, refsOf } = await import('../policies/policy-names.ts');
        const one = name !== undefined || kind?.includes('/');
        if (one) await getOne(refsOf(args, options.namespace), options);
        else await getAll(kind && kindOf(kind), options);
      },
    );
}

async function getOne(
  [ref]: Awaited<ReturnType<typeof import('../policies/policy-names.ts')['refsOf']>>,
  options: GlobalOptions,
): Promise<void> {
  const { pathOf } = await import('../policies/answers.ts');
  const policy = await new ApiClient(options).get<PolicyView>(pathOf(ref!));
  await show(policy, [policy], options);
}

async function getAll(kind: string | undefined, options: GetFlags & GlobalOptions): Promise<void> {
  const query = new URLSearchParams({
    ...(kind !== undefined && { kind }),
    ...(options.namespace !== undefined && { namespace: options.namespace }),
  });
  const data = await new ApiClient(options).get<PoliciesView>(`/policies?${query}`);
  await show(data, data.policies, options);
  for (const { path, message, using } of data.problems) {
    const used = using === undefined ? 'it is left out' : `revision ${using} goes on being used`;
    // What a source has is told whole; the rest are znodes.
    const text = path.startsWith('/') ? `${path} ${message}: ${used}` : `${path} ${message}`;
    process.stderr.write(`${clean(text)}\n`);
  }
}

async function show(
  data: unknown,
  policies: readonly PolicyView[],
  { output }: GlobalOptions,
): Promise<void> {
  const format = formatOf(output);
  if (format === 'yaml') {
    const { printPolicies } = await import('@meshkeeper/policy');
    // Without what is computed: applying it changes nothing.
    process.stdout.write(printPolicies(policies.map(({ status: _, ...policy }) => policy)));
    return;
  }
  const { conditionLines, policyTable } = await import('../policies/policy-table.ts');
  await print(data, output, () =>
    policies.length === 0
      ? 'there are no policies: see "meshkeeper apply --help"'
      : policyTable(policies, new Date()),
  );
  if (format !== 'table') return;
  const lines = conditionLines(policies);
  for (const line of lines.slice(0, LINES)) process.stderr.write(`${line}\n`);
  if (lines.length > LINES) process.stderr.write(`and ${lines.length - LINES} more, see -o json\n`);
}
