import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/**
 * Memory in MB (PSS: shared pages are counted once) of a process, its descendants, and whatever works in `folder`: the
 * embedded server is nobody's child. 0 where there is no /proc.
 */
export function memoryOf(root: number, folder: string): number {
  if (process.platform !== 'linux') return 0
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : ''
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (stat) parents.set(Number(name), Number(fields[1]))
  }
  const servers = [...parents.keys()].filter((pid) => folderOf(pid).startsWith(folder))
  const belongs = (pid: number): boolean =>
    pid === root || servers.includes(pid) || (parents.has(pid) && pid > 1 && belongs(parents.get(pid)!))
  let kilobytes = 0
  for (const pid of parents.keys()) {
    if (belongs(pid)) kilobytes += Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0)
  }
  return kilobytes / 1024
}

function folderOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

/** A process may be gone before we look. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
