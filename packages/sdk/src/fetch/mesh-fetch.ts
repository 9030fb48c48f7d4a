import type { Egress } from '@meshkeeper/proxy';
import { SdkError } from '../sdk-error.ts';
import type { ServiceWatch } from '../service/service-watch.ts';
import { decoded } from './decoded.ts';
import { FetchStream } from './fetch-stream.ts';
import { headOf, type Outgoing } from './outgoing.ts';
import { nextRequest } from './redirect.ts';

/** The platform's limit. */
const MAX_REDIRECTS = 20;

/** Sends requests to services of the mesh, by the data plane inside of this process. */
export class MeshFetch {
  readonly #egress: Egress;
  readonly #watch: ServiceWatch;

  constructor(egress: Egress, watch: ServiceWatch) {
    this.#egress = egress;
    this.#watch = watch;
  }

  /** @throws SdkError; the signal's reason */
  async send(first: Outgoing): Promise<Response> {
    let request = first;
    for (let hops = 0; ; hops++) {
      const response = await this.#once(request);
      const next = nextRequest(request, response);
      if (next === undefined) return shown(decoded(response), request, hops);
      void response.body?.cancel();
      if (hops === MAX_REDIRECTS)
        throw new SdkError('REDIRECT', `${first.service} redirects more than ${hops} times.`);
      request = next;
    }
  }

  async #once(request: Outgoing): Promise<Response> {
    request.signal?.throwIfAborted();
    const name = await this.#serviceOf(request);
    const stream = new FetchStream(request.method, request.body, request.signal);
    // Names are found as they are written; URLs may have put them into lower case.
    const host = request.host.toLowerCase() === name.toLowerCase() ? name : request.host;
    if (!this.#egress.handle(stream, headOf({ ...request, host })))
      throw new SdkError('UNAVAILABLE', 'The control plane has said nothing of routes yet.');
    return stream.response;
  }

  /** The name of the service that is known by now. */
  async #serviceOf({ service, alias = {}, signal }: Outgoing): Promise<string> {
    const { withPort, inZone } = alias;
    if (withPort !== undefined && (await this.#isKnown(withPort, service, signal))) return withPort;
    if (this.#egress.knows(service) === 'known') return service;
    const found = await this.#watch.known(service, signal);
    if (found === 'known') return service;
    const others = [service.toLowerCase(), inZone];
    if (found === 'missing')
      for (const other of others)
        if (other !== undefined && other !== service)
          if ((await this.#watch.known(other, signal)) === 'known') return other;
    throw new SdkError(
      'NO_SERVICE',
      found === 'closed'
        ? `The service ${service} takes no HTTP: connect to one of mesh.service("${service}").endpoints() instead.`
        : `The mesh has no service ${service}, or this one may not reach it: "meshkeeper services" lists them.`,
    );
  }

  /** Whether a name is a service's by itself; while nobody can be asked, another that is known will do. */
  async #isKnown(name: string, otherwise: string, signal: AbortSignal | undefined) {
    const found = this.#egress.knows(name);
    if (found === 'known' || found === 'missing') return found === 'known';
    if (this.#egress.state.type !== 'live' && this.#egress.knows(otherwise) === 'known')
      return false;
    return (await this.#watch.known(name, signal)) === 'known';
  }
}

/** Says where it came from, as responses of the platform do. */
function shown(response: Response, { url }: Outgoing, hops: number): Response {
  Object.defineProperty(response, 'url', { value: url.href });
  if (hops > 0) Object.defineProperty(response, 'redirected', { value: true });
  return response;
}
