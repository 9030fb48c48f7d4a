import { kindNamed, type PolicyKind, suggestKind } from '@meshkeeper/policy';
import { CliError, ExitCode } from '../exit-code.ts';
import type { RefView } from './answers.ts';

/** The kind that a text names. @throws CliError */
export function kindOf(text: string): PolicyKind {
  const kind = kindNamed(text);
  if (kind !== undefined) return kind;
  const meant = suggestKind(text);
  const hint =
    meant === undefined
      ? 'write HTTPRoute, GRPCRoute, TCPRoute, Gateway, ServicePolicy, FaultPolicy or RateLimitPolicy'
      : `did you mean ${meant}?`;
  throw new CliError(`there is no kind "${text}": ${hint}`, ExitCode.USAGE);
}

/**
 * The policies that arguments name: `KIND/NAME`, `KIND/NAMESPACE/NAME`, or `KIND NAME …`.
 * @param namespace of names that have none
 * @throws CliError
 */
export function refsOf(args: readonly string[], namespace: string | undefined): RefView[] {
  const [first, ...names] = args;
  if (first !== undefined && !first.includes('/')) {
    const kind = kindOf(first);
    const slashed = names.find((name) => name.includes('/'));
    if (slashed !== undefined)
      throw new CliError(`"${slashed}": write KIND/NAME for each, or KIND once`, ExitCode.USAGE);
    return names.map((name) => refOf(kind, namespace, name));
  }
  return args.map((arg) => {
    const [kind = '', ...rest] = arg.split('/');
    const [name, of] = rest.toReversed();
    if (name === undefined || name === '' || of === '' || rest.length > 2)
      throw new CliError(
        `"${arg}" names no policy: write KIND/NAME, or KIND/NAMESPACE/NAME`,
        ExitCode.USAGE,
      );
    return refOf(kindOf(kind), of ?? namespace, name);
  });
}

function refOf(kind: PolicyKind, namespace: string | undefined, name: string): RefView {
  return { kind, ...(namespace !== undefined && { namespace }), name };
}
