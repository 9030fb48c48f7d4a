import { ApiError } from '../api-error.ts';
import { canonical, isObject, type Json } from '../object.ts';

/** One step of an RFC 6902 patch. */
interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: Json;
}

/**
 * A copy of `target`, patched.
 * @throws ApiError 400 for what is no patch, 422 for one that can't be applied
 */
export function jsonPatch(target: Json, patch: Json): Json {
  if (!Array.isArray(patch)) throw new ApiError(400, 'BadRequest', 'a JSON patch is an array');
  const root = { '': structuredClone(target) };
  for (const operation of patch as unknown as Operation[]) apply(root, operation);
  return root[''];
}

function apply(root: Record<string, Json>, { op, path, from, value }: Operation): void {
  if (op === 'test') {
    if (canonical(read(root, path)) !== canonical(value)) throw unfit();
  } else if (op === 'add') add(root, path, structuredClone(value ?? null));
  else if (op === 'remove') remove(root, path);
  else if (op === 'replace') {
    read(root, path);
    remove(root, path);
    add(root, path, structuredClone(value ?? null));
  } else if (op === 'copy') add(root, path, structuredClone(read(root, from ?? '')));
  else if (op === 'move') {
    const moved = read(root, from ?? '');
    remove(root, from ?? '');
    add(root, path, moved);
  } else throw unfit();
}

/** Why is not told. */
function unfit(): ApiError {
  return new ApiError(
    422,
    'Invalid',
    'the server rejected our request due to an error in our request',
    { details: {} },
  );
}

/** What holds the place that a pointer names, and its name there. The root's is the empty name. */
function place(root: Record<string, Json>, pointer: string): { holder: Json; name: string } {
  const steps = pointer.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const name = steps.pop()!;
  let holder: Json = root;
  for (const step of steps) holder = member(holder, step);
  return { holder, name };
}

function member(holder: Json, name: string): Json {
  const value = Array.isArray(holder)
    ? holder[Number(name)]
    : isObject(holder) && Object.hasOwn(holder, name)
      ? holder[name]
      : undefined;
  if (value === undefined) throw unfit();
  return value;
}

function read(root: Record<string, Json>, pointer: string): Json {
  const { holder, name } = place(root, pointer);
  return member(holder, name);
}

function add(root: Record<string, Json>, pointer: string, value: Json): void {
  const { holder, name } = place(root, pointer);
  if (isObject(holder)) holder[name] = value;
  else if (Array.isArray(holder)) {
    const index = name === '-' ? holder.length : Number(name);
    if (!(index >= 0 && index <= holder.length)) throw unfit();
    holder.splice(index, 0, value);
  } else throw unfit();
}

function remove(root: Record<string, Json>, pointer: string): void {
  const { holder, name } = place(root, pointer);
  member(holder, name);
  if (Array.isArray(holder)) holder.splice(Number(name), 1);
  else if (isObject(holder)) delete holder[name];
}
