import Handlebars from 'handlebars';
import type { Resolved } from '../client/resolved.ts';
import { ConfigError } from '../config-error.ts';
import { contextOf, MissingKey, wrongText } from './context.ts';
import { HELPERS, type HelperWorld, helpersFor } from './helpers.ts';
import { type Place, Places } from './places.ts';

/** What Handlebars has, and templates here don't: they would say nothing where something is missing. */
const WITHOUT = ['log', 'helperMissing', 'blockHelperMissing'];
const OTHERWISE = '{{key "…" default="…"}} may do without, {{#if (has "…")}} asks';

/**
 * A Handlebars template over configuration. It is strict: a key that isn't there is an error with its line,
 * and no empty text. Nothing is escaped: what is written is no HTML.
 */
export class Template {
  readonly #name: string;
  readonly #env: HelperWorld['env'];
  readonly #places: Places;
  readonly #render: Handlebars.TemplateDelegate;

  /**
   * @param name what it is called in errors: its file
   * @throws ConfigError NOT_VALID with its line
   */
  constructor(name: string, text: string, env: HelperWorld['env'] = process.env) {
    this.#name = name;
    this.#env = env;
    const handlebars = Handlebars.create();
    for (const helper of WITHOUT) handlebars.unregisterHelper(helper);
    try {
      const program = handlebars.parse(text);
      this.#places = new Places(program);
      this.#render = handlebars.compile(program, {
        strict: true,
        noEscape: true,
        knownHelpers: KNOWN,
        knownHelpersOnly: true,
      });
      // It is compiled when it is rendered first; what can't be is said now.
      handlebars.precompile(program, { strict: true, knownHelpersOnly: true, knownHelpers: KNOWN });
    } catch (error) {
      throw this.#fault(whatIsWrong(error));
    }
    const [partial] = this.#places.partials;
    if (partial !== undefined)
      throw this.#fault({
        message: 'templates have no partials and no decorators',
        place: partial,
      });
  }

  /** @throws ConfigError NOT_VALID with the line of what isn't there */
  render({ values }: Pick<Resolved, 'values'>): string {
    let text: string;
    try {
      text = this.#render(contextOf(values), { helpers: helpersFor({ values, env: this.#env }) });
    } catch (error) {
      throw this.#fault(
        error instanceof MissingKey
          ? { message: `${error.message}; ${OTHERWISE}`, place: this.#places.of(error.key) }
          : whatIsWrong(error),
      );
    }
    const wrong = wrongText(text);
    if (wrong !== undefined) throw this.#fault({ message: wrong });
    return text;
  }

  #fault({ message, place }: Wrong): ConfigError {
    const text = `${this.#name}${place === undefined ? '' : `:${place}`}: ${message}`;
    return new ConfigError('NOT_VALID', text, { faults: [{ message: text }] });
  }
}

const KNOWN = Object.fromEntries(HELPERS.map((helper) => [helper, true]));

interface Wrong {
  readonly message: string;
  /** Line, and column. */
  readonly place?: Place | undefined;
}

/** What Handlebars says, in words. */
function whatIsWrong(error: unknown): Wrong {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message } = error;
  const parse = /^Parse error on line (\d+):\n(.*)/.exec(message);
  if (parse !== null)
    return { place: parse[1]!, message: `is no Handlebars: ${JSON.stringify(parse[2]!.trim())}` };
  const at = / - (\d+):(\d+)$/.exec(message);
  const place = at === null ? undefined : `${at[1]}:${Number(at[2]) + 1}`;
  const bare = message.replace(/ - \d+:\d+$/, '');
  const missing = /^"(.*)" not defined in /s.exec(bare);
  if (missing !== null) return { place, message: `there is no ${missing[1]} here; ${OTHERWISE}` };
  const unknown = /unknown helper (\S+)$/.exec(bare);
  if (unknown !== null)
    return { place, message: `there is no helper ${unknown[1]}: there are ${HELPERS.join(', ')}` };
  return { place, message: bare };
}
