/** A header, or what it is set to. */
export interface HeaderValue {
  readonly name: string;
  readonly value: string;
}

/** What is done to headers: set, then add, then remove. */
export interface HeaderChanges {
  readonly set: readonly HeaderValue[];
  readonly add: readonly HeaderValue[];
  readonly remove: readonly string[];
}
