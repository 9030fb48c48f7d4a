import { joinPath, type ZooKeeper } from '../../src/index.ts';

/** Everything at and below a path, by path, with what tells one life of a znode from the next. */
export async function dump(zk: ZooKeeper, root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const visit = async (path: string): Promise<void> => {
    const { data, stat } = await zk.get(path);
    found[path] = `${data} ${stat.czxid} ${stat.mzxid}`;
    const { children } = await zk.children(path);
    await Promise.all(children.map((child) => visit(joinPath(path, child))));
  };
  if ((await zk.exists(root)) !== null) await visit(root);
  return found;
}
