/** Which node a process is, from what it logs: the id stands after the line that says that it is ready, and is another one at each start. */
export function watchNodeIds() {
  const ids = new Map<string, string>();
  const ready = new Set<string>();
  return {
    read(process: string, line: string): void {
      if (line.includes("ready: game")) ready.add(process);
      const nodeId = /nodeId: "([0-9a-f-]{36})"/.exec(line)?.[1];
      if (nodeId !== undefined && ready.delete(process)) ids.set(process, nodeId);
    },
    of: (process: string): string | undefined => ids.get(process),
  };
}
