import type { RequestMirrorPolicy } from '@meshkeeper/xds';
import { parseFraction, type Share } from './fraction.ts';
import type { Problems } from './problems.ts';

/** A copy of requests that goes elsewhere too. */
export interface MirrorPolicy {
  readonly cluster: string;
  /** Of the requests. */
  readonly share: Share;
  /** Puts `-shadow` behind the host. */
  readonly markHost: boolean;
}

/** `config.route.v3.RouteAction.request_mirror_policies`; undefined for none. */
export function parseMirrors(
  messages: readonly RequestMirrorPolicy[] | null | undefined,
  problems: Problems,
): readonly MirrorPolicy[] | undefined {
  if (!messages || messages.length === 0) return undefined;
  return messages.map((message, i) => {
    if (!message.cluster) {
      problems.add(`request_mirror_policies[${i}].cluster`, 'must not be empty');
    }
    return {
      cluster: message.cluster ?? '',
      share: parseFraction(message.runtimeFraction?.defaultValue),
      markHost: message.disableShadowHostSuffixAppend !== true,
    };
  });
}
