import type {
  Condition,
  EndpointSelector,
  PolicyOrigin,
  RequestCondition,
  ScopedSettings,
  TrafficPolicy,
  TrafficRoute,
  TrafficSettings,
  ValueMatch,
} from '@meshkeeper/mesh';

/** Values of one condition that are shown, at most. */
const VALUES = 4;
/** Routes of one stage that are shown, at most. */
const ROUTES = 8;

/** For people: what is stated of a service's traffic, a line each, with the znode that says so. */
export function policyLines(policy: TrafficPolicy): string[] {
  const { callers = [], endpoints = [], routing = [] } = policy;
  const lines = scopedLines('', policy);
  for (const caller of callers)
    lines.push(...scopedLines(`for callers whose ${requestsText(caller.match)}: `, caller));
  for (const { selector, value, origin } of endpoints) {
    const set = value.map(([name, text]) => `${name}=${text}`).join(' ');
    lines.push(line(`${set} for ${selectorText(selector)}`, origin));
  }
  for (const { name, value, origin } of routing) {
    lines.push(line(`routes by ${name}`, origin));
    for (const route of value.slice(0, ROUTES)) lines.push(`    ${routeText(route)}`);
    if (value.length > ROUTES) lines.push(`    and ${value.length - ROUTES} more, see -o json`);
  }
  return lines;
}

function scopedLines(scope: string, settings: ScopedSettings): string[] {
  return [
    ...settingLines(scope, settings),
    ...(settings.methods ?? []).flatMap((method) =>
      settingLines(`${scope}method ${method.method}: `, method),
    ),
  ];
}

function settingLines(scope: string, settings: TrafficSettings): string[] {
  const { loadBalancing, timeout, perTryTimeout, retries } = settings;
  const lines: string[] = [];
  const add = (text: string, origin: PolicyOrigin) => lines.push(line(`${scope}${text}`, origin));
  if (loadBalancing) add(`load balancing ${loadBalancing.value}`, loadBalancing.origin);
  if (timeout) add(`timeout ${timeout.value} ms`, timeout.origin);
  if (perTryTimeout) add(`timeout ${perTryTimeout.value} ms a try`, perTryTimeout.origin);
  if (retries) add(`${retries.value} retries`, retries.origin);
  return lines;
}

function line(text: string, { source, path }: PolicyOrigin): string {
  return `  ${text}: ${path} (${source})`;
}

function routeText({ match, to, otherwise }: TrafficRoute): string {
  const when = match.length === 0 ? 'all requests' : `those whose ${requestsText(match)}`;
  const places = to.map(({ weight, selector }) =>
    to.length === 1 ? selectorText(selector) : `${selectorText(selector)} (weight ${weight})`,
  );
  if (places.length === 0) return `${when} are refused`;
  const or =
    otherwise.type === 'select'
      ? `, or ${selectorText(otherwise.selector)}`
      : otherwise.type === 'none'
        ? ', or nowhere'
        : '';
  return `${when} go to ${places.join(', ')}${or}`;
}

function requestsText(conditions: readonly RequestCondition[]): string {
  return conditions
    .map(({ of, ...condition }) => {
      const subject =
        of.type === 'method' ? 'method' : of.type === 'header' ? `header ${of.name}` : of.label;
      return `${subject} ${conditionText(condition)}`;
    })
    .join(' and ');
}

function selectorText(selector: EndpointSelector): string {
  if (selector.length === 0) return 'all endpoints';
  const texts = selector.map(({ of, ...condition }) => {
    const subject = of.type === 'metadata' ? of.key : of.type === 'authority' ? 'address' : of.type;
    return `${subject} ${conditionText(condition)}`;
  });
  return `endpoints whose ${texts.join(' and ')}`;
}

function conditionText({ any, none }: Condition): string {
  const texts: string[] = [];
  if (any.length > 0) texts.push(`is ${listText(any)}`);
  if (none.length > 0) texts.push(`is not ${listText(none)}`);
  return texts.length === 0 ? 'is stated' : texts.join(' and ');
}

function listText(matches: readonly ValueMatch[]): string {
  const shown = matches.slice(0, VALUES).map(valueText);
  const more = matches.length - shown.length;
  return more > 0 ? `${shown.join(' or ')} or ${more} others` : shown.join(' or ');
}

function valueText(match: ValueMatch): string {
  switch (match.type) {
    case 'exact':
    case 'cidr':
      return match.value;
    case 'prefix':
      return match.value === '' ? 'anything' : `${match.value}*`;
    case 'suffix':
      return `*${match.value}`;
    case 'regex':
      return `/${match.value}/`;
    case 'range':
      return `${match.from ?? ''}~${match.to ?? ''}`;
    case 'present':
      return 'there';
    case 'absent':
      return 'missing';
    case 'as-caller':
      return `the caller's ${match.label}`;
  }
}
