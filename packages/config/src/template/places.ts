import Handlebars from 'handlebars';

/** Line and column of a template, both from 1: `3:12`. */
export type Place = string;

interface Path {
  readonly parts: readonly string[];
  readonly place: Place;
}

/** Where in a template things are asked for. */
export class Places {
  /** What is no part of these templates. */
  readonly partials: readonly Place[];
  readonly #paths: readonly Path[];
  /** The texts that helpers are given. */
  readonly #texts: readonly { readonly text: string; readonly place: Place }[];

  constructor(program: hbs.AST.Program) {
    const partials: Place[] = [];
    const paths: Path[] = [];
    const texts: { text: string; place: Place }[] = [];
    const visitor = new Handlebars.Visitor();
    visitor.PathExpression = ({ parts, loc }) => {
      paths.push({ parts, place: placeOf(loc) });
    };
    visitor.StringLiteral = ({ value, loc }) => {
      texts.push({ text: value, place: placeOf(loc) });
    };
    const refuse = ({ loc }: hbs.AST.Node) => {
      partials.push(placeOf(loc));
    };
    visitor.PartialStatement = refuse;
    visitor.PartialBlockStatement = refuse;
    visitor.Decorator = refuse;
    visitor.DecoratorBlock = refuse;
    visitor.accept(program);
    this.partials = partials;
    this.#paths = paths;
    this.#texts = texts;
  }

  /** Where a key is asked for first: by its end, as what is before it may be a block's. */
  of(key: string): Place | undefined {
    const whole = key.replace(/\[(\d+)\]/g, '.$1');
    const path = this.#paths.find(({ parts }) => {
      const text = parts.join('.');
      return (
        text === whole ||
        (text !== '' && whole.endsWith(`.${text}`)) ||
        text.startsWith(`${whole}.`)
      );
    });
    return path?.place ?? this.#texts.find(({ text }) => text === key)?.place;
  }
}

function placeOf({ start }: hbs.AST.SourceLocation): Place {
  return `${start.line}:${start.column + 1}`;
}
