import type { Problem } from '@meshkeeper/mesh';

/** Why a rule, or a part of it, is not applied: a sentence. Never leaves `rules/`. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
  readonly code: Problem['code'];

  constructor(message: string, code: Problem['code'] = 'not-applied') {
    super(message);
    this.code = code;
  }
}
