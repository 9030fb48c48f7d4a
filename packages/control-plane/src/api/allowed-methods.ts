import type { FastifyInstance } from 'fastify';

interface Known {
  readonly method: string;
  /** Its parts. */
  readonly path: readonly string[];
}

/** Who calls by a method that a path does not take is told which it takes. */
export class AllowedMethods {
  readonly #routes: Known[] = [];

  /** Knows the routes that are added from now on. */
  constructor(app: FastifyInstance) {
    app.addHook('onRoute', ({ method, url }) => {
      // It is asked for pages of other origins, of whatever there is or is not.
      for (const each of [method].flat())
        if (each !== 'OPTIONS') this.#routes.push({ method: each, path: url.split('/') });
    });
  }

  /** The methods of a path, as they come in a request; none where there is nothing. */
  of(url: string): readonly string[] {
    const [path = ''] = url.split('?');
    const parts = path.split('/');
    const found = this.#routes.filter((each) => isOf(each.path, parts));
    // One that names its parts goes before one where anything may stand.
    const fewest = Math.min(...found.map(openParts));
    const nearest = found.filter((each) => openParts(each) === fewest);
    return [...new Set(nearest.map(({ method }) => method))].sort();
  }
}

function openParts({ path }: Known): number {
  return path.filter((part) => part.startsWith(':') || part === '*').length;
}

/** Whether a route's path is that of a request: `:name` stands for a part, `*` for all that follows. */
function isOf(route: readonly string[], asked: readonly string[]): boolean {
  const rest = route.indexOf('*');
  if (rest < 0 ? asked.length !== route.length : asked.length <= rest) return false;
  const parts = rest < 0 ? route : route.slice(0, rest);
  return parts.every((part, i) => (part.startsWith(':') ? asked[i] !== '' : part === asked[i]));
}
