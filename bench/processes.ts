import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const WEIR = fileURLToPath(new URL('../bin/weir.js', import.meta.url))
export const EXAMPLE = fileURLToPath(new URL('../examples/streamflow', import.meta.url))

export type Started = { url: string; child: ChildProcess }

/** `weir serve` (or `up`, which works too) of the reference project on a free port; there when it says its address. */
export async function startWeir(
  home: string,
  more: readonly string[] = [],
  command: 'serve' | 'up' = 'serve',
  project = EXAMPLE,
): Promise<Started> {
  const args = [WEIR, command, '--json', '--project', project, '--home', home, ...more, '--port', '0']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  for await (const line of createInterface({ input: child.stdout })) {
    text += line
    if (line === '}') break
  }
  return { url: (JSON.parse(text) as { url: string }).url, child }
}

/** Asks a process to end, and waits until it has. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/**
 * Memory in MB (PSS: shared pages are counted once) of a process, its descendants, and whatever works in `folder`: the
 * embedded server is nobody's child. 0 where there is no /proc.
 */
export function memoryOf(root: number, folder: string): number {
  let kilobytes = 0
  for (const pid of processesOf(root, folder)) {
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0)
  }
  return kilobytes / 1024
}

/** Seconds of processor time that the same processes have used since they began, with that of their children that ended. */
export function cpuSecondsOf(root: number, folder: string): number {
  let ticks = 0
  for (const pid of processesOf(root, folder)) {
    const fields = statOf(pid)
    for (const field of fields.slice(11, 15)) ticks += Number(field)
  }
  return ticks / TICKS
}

/** Seconds of processor time that the whole machine has used, and that its host kept from it. */
export function machineCpuSeconds(): { busy: number; stolen: number } {
  const [user = 0, nice = 0, system = 0, , , irq = 0, soft = 0, stolen = 0] = read('/proc/stat')
    .split('\n', 1)[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return { busy: (user + nice + system + irq + soft) / TICKS, stolen: stolen / TICKS }
}

const TICKS = 100

function processesOf(root: number, folder: string): number[] {
  if (process.platform !== 'linux') return []
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const fields = /^\d+$/.test(name) ? statOf(Number(name)) : []
    if (fields.length > 1) parents.set(Number(name), Number(fields[1]))
  }
  const servers = new Set([...parents.keys()].filter((pid) => folderOf(pid).startsWith(folder)))
  const belongs = (pid: number): boolean =>
    pid === root || servers.has(pid) || (parents.has(pid) && pid > 1 && belongs(parents.get(pid)!))
  return [...parents.keys()].filter(belongs)
}

/** The fields behind the name, which may have blanks in it: state, parent, … */
function statOf(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`)
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ')
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
