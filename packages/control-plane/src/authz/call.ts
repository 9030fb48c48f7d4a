import { type PolicyOrigin, refusal, type Service, type TrafficRoute } from '@meshkeeper/mesh';

/** A call, of which it is asked whether it may be made. */
export interface Call {
  /** The service that calls; undefined where the caller is no service of this mesh. */
  readonly from: string | undefined;
  readonly method?: string | undefined;
  /** By lower-cased name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What is stated by somebody, and decides. */
export interface Deciding {
  /** For people, as its registry has it. */
  readonly rule: string;
  readonly origin: PolicyOrigin;
}

/** Whether a call may be made, by all that is stated of it. */
export interface CallVerdict {
  readonly allowed: boolean;
  /** Undefined: nothing that is in effect refuses it. */
  readonly decidedBy: Deciding | undefined;
  /** What rules of the service look at that a caller says of itself, and nothing proves. */
  readonly unproven: readonly string[];
}

/** What a service that calls says of itself where it says what it is called: Dubbo's label. */
const NAME_LABEL = 'application';

/**
 * Whether a service may be called so, by the rules that hold for it: by their own evaluation, and not by
 * another one.
 */
export function judge(
  { policy, endpoints }: Service,
  { from, method, headers }: Call,
): CallVerdict {
  const caller: Record<string, string> = from === undefined ? {} : { [NAME_LABEL]: from };
  const request = { headers, caller, ...(method !== undefined && { method }) };
  // Which of several destinations is drawn says where a call goes, and not whether it may.
  const refused = refusal(policy, request, endpoints, () => 0);
  const unproven = new Set<string>();
  for (const { value } of policy?.routing ?? [])
    for (const route of value) for (const label of labelsIn(route)) unproven.add(label);
  return {
    allowed: refused === undefined,
    decidedBy: refused && { rule: refused.stage.name, origin: refused.stage.origin },
    unproven: [...unproven].toSorted(),
  };
}

function labelsIn({ match, to }: TrafficRoute): readonly string[] {
  const ofRequests = match.flatMap(({ of }) => (of.type === 'caller' ? [of.label] : []));
  const compared = to.flatMap(({ selector }) =>
    selector.flatMap(({ any, none }) =>
      [...any, ...none].flatMap((each) => (each.type === 'as-caller' ? [each.label] : [])),
    ),
  );
  return [...ofRequests, ...compared];
}
