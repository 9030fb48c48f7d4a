import type {
  Balancing,
  Effective,
  EffectivePolicy,
  EffectiveTries,
  PolicyOrigin,
} from '@meshkeeper/mesh';

/** For people: what holds of all that is stated, a line each: who says so, and who does in vain. */
export function effectiveLines(policy: EffectivePolicy): string[] {
  const { balancing, methods, notApplied } = policy;
  return [
    ...(balancing ? [line('load balancing', balancing, balancingText, String)] : []),
    ...triesLines('', policy),
    ...methods.flatMap((method) => triesLines(`method ${method.method}: `, method)),
    ...notApplied.map(
      ({ what, origin, reason }) => `  not done: ${what} (${originText(origin)}): ${reason}`,
    ),
  ];
}

function triesLines(scope: string, { timeout, perTryTimeout, retries }: EffectiveTries): string[] {
  const time = (value: number) => (value === 0 ? 'none' : `${value} ms`);
  return [
    ...(timeout ? [line(`${scope}timeout`, timeout, time, time)] : []),
    ...(perTryTimeout ? [line(`${scope}timeout a try`, perTryTimeout, time, time)] : []),
    ...(retries
      ? [line(`${scope}retries`, retries, ({ attempts }) => String(attempts), String)]
      : []),
  ];
}

function line<T, Other>(
  what: string,
  { value, origin, overridden }: Effective<T, Other>,
  text: (value: T) => string,
  other: (value: Other) => string,
): string {
  const vain = overridden.map((each) => `${other(each.value)} of ${originText(each.origin)}`);
  const over = vain.length > 0 ? `; overrides ${vain.join(', ')}` : '';
  return `  ${what} ${text(value)}: ${originText(origin)}${over}`;
}

function balancingText({ type }: Balancing): string {
  return type;
}

function originText({ source, path }: PolicyOrigin): string {
  return `${path} (${source})`;
}
