import type { UpstreamFailure } from '../upstream/failure.ts';
import { type Reply, sentence } from './reply.ts';

/** gRPC's DEADLINE_EXCEEDED. */
export const DEADLINE_EXCEEDED = 4;

/** What the client is told when there is no response; the statuses are Envoy's. */
const REPLIES: Readonly<
  Record<UpstreamFailure['reason'], { status: number; text: (name: string) => string }>
> = {
  connect: { status: 503, text: (name) => `No endpoint of ${name} could be reached.` },
  retired: { status: 503, text: (name) => `No endpoint of ${name} could be reached.` },
  refused: { status: 503, text: (name) => `${name} refused the request.` },
  reset: { status: 503, text: (name) => `${name} closed the connection before it answered.` },
  overflow: { status: 503, text: (name) => `${name} has too many requests on their way.` },
  protocol: { status: 502, text: (name) => `${name} gave a response that is not valid HTTP.` },
  timeout: { status: 504, text: (name) => `${name} did not answer in time.` },
};

/**
 * What the client of a cluster is told of a failure.
 * @param cluster printable
 * @param sent the client has sent all of its request: if not, it is late, and not the endpoint
 */
export function failureReply({ reason }: UpstreamFailure, cluster: string, sent: boolean): Reply {
  if (reason === 'timeout' && !sent)
    return sentence(408, 'The rest of the request did not come in time.');
  const { status, text } = REPLIES[reason];
  return sentence(status, text(cluster));
}
