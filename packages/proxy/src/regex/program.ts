import type { CharacterTest } from './characters.ts';
import { type Node, type Place, RegexError } from './syntax.ts';

/** A step of a program. Where it does not say so, the next one follows. */
export type Instruction =
  | { readonly type: 'character'; readonly fits: CharacterTest }
  | { readonly type: 'place'; readonly at: Place }
  /** Goes both ways; the first one is preferred. */
  | { readonly type: 'split'; first: number; second: number }
  | { readonly type: 'jump'; to: number }
  /** Remembers where it is. */
  | { readonly type: 'save'; readonly slot: number }
  | { readonly type: 'match' };

/** As many as the longest pattern that a policy can have; repetitions of repetitions would take more. */
const MAX_INSTRUCTIONS = 10_000;

/**
 * A regular expression as steps, as Ken Thompson's and Rob Pike's machines have them.
 *
 * @throws RegexError when it takes too many.
 */
export function compileProgram(node: Node): readonly Instruction[] {
  const program: Instruction[] = [];
  emit(node, program);
  program.push({ type: 'match' });
  return program;
}

function emit(node: Node, program: Instruction[]): void {
  if (program.length > MAX_INSTRUCTIONS)
    throw new RegexError('it is too long, or repeats too much');
  switch (node.type) {
    case 'character':
      program.push({ type: 'character', fits: node.fits });
      break;
    case 'place':
      program.push({ type: 'place', at: node.at });
      break;
    case 'sequence':
      for (const part of node.parts) emit(part, program);
      break;
    case 'group':
      program.push({ type: 'save', slot: node.number * 2 });
      emit(node.part, program);
      program.push({ type: 'save', slot: node.number * 2 + 1 });
      break;
    case 'choice':
      emitChoice(node.parts, program);
      break;
    case 'repeat':
      emitRepeat(node, program);
  }
}

function emitChoice(parts: readonly Node[], program: Instruction[]): void {
  const ends: { to: number }[] = [];
  for (const [i, part] of parts.entries()) {
    if (i === parts.length - 1) emit(part, program);
    else {
      const split = { type: 'split' as const, first: program.length + 1, second: 0 };
      program.push(split);
      emit(part, program);
      const end = { type: 'jump' as const, to: 0 };
      program.push(end);
      ends.push(end);
      split.second = program.length;
    }
  }
  for (const end of ends) end.to = program.length;
}

function emitRepeat(node: Node & { readonly type: 'repeat' }, program: Instruction[]): void {
  const { part, least, most, greedy } = node;
  for (let i = 0; i < least; i++) emit(part, program);
  const splits: (Instruction & { type: 'split' })[] = [];
  const branch = () => {
    const split = { type: 'split' as const, first: program.length + 1, second: 0 };
    program.push(split);
    splits.push(split);
    return program.length - 1;
  };
  if (most === Number.POSITIVE_INFINITY) {
    const start = branch();
    emit(part, program);
    program.push({ type: 'jump', to: start });
  } else {
    for (let i = least; i < most; i++) {
      branch();
      emit(part, program);
    }
  }
  for (const split of splits) {
    split.second = program.length;
    if (!greedy) [split.first, split.second] = [split.second, split.first];
  }
}
