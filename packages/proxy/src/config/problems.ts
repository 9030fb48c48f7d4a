/**
 * What is wrong with one resource, gathered so that all of it can be told at once. An entry is a
 * protobuf field path and what to do about it: `routes[0].match.safe_regex: not supported`.
 */
export class Problems {
  readonly #found: string[] = [];
  readonly #path: string;

  constructor(path = '', found: string[] = []) {
    this.#path = path;
    this.#found = found;
  }

  /** The same list, for the fields below one field. */
  at(field: string): Problems {
    return new Problems(this.#below(field), this.#found);
  }

  /** Notes that a field of the message cannot be taken as it is; an empty one is the message itself. */
  add(field: string, problem: string): void {
    this.#found.push(`${this.#below(field)}: ${problem}`);
  }

  /** Notes a field that is set and asks for something the proxy does not do. */
  unsupported(field: string, value: unknown): void {
    const unset = value === undefined || value === null || value === false || value === '';
    if (unset || (Array.isArray(value) && value.length === 0)) return;
    this.add(field, 'the embedded proxy does not support it');
  }

  #below(field: string): string {
    return this.#path === '' || field === '' ? this.#path + field : `${this.#path}.${field}`;
  }

  /** Everything in one text; undefined when nothing is wrong. */
  get text(): string | undefined {
    return this.#found.length === 0 ? undefined : this.#found.join('; ');
  }
}
