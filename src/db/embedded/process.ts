import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'

/**
 * Facts about a process that may not be ours. A pid alone proves nothing: the kernel gives the numbers out again, so
 * every decision here also looks at the command line, the working folder or the start time.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return !isZombie(pid)
}

/** The command line, arguments parted by spaces; empty when the process is gone or hidden from us. */
export function commandOf(pid: number): string {
  if (process.platform !== 'linux') return ps(pid, 'args=')
  return (readProc(pid, 'cmdline') ?? '').replaceAll('\0', ' ').trim()
}

/** Something that differs when the pid was given out again: the start in clock ticks (Linux) or as text. */
export function startOf(pid: number): string {
  if (process.platform !== 'linux') return ps(pid, 'lstart=')
  return afterName(pid)[19] ?? ''
}

/** True when the process works in that folder, wherever the folder has been moved to. Always false without /proc. */
export function worksIn(pid: number, folder: string): boolean {
  try {
    const cwd = statSync(`/proc/${pid}/cwd`)
    const wanted = statSync(folder)
    return cwd.ino === wanted.ino && cwd.dev === wanted.dev
  } catch {
    return false
  }
}

/** Whether `worksIn` can tell for this process. */
export function seesFolder(pid: number): boolean {
  try {
    return statSync(`/proc/${pid}/cwd`).isDirectory()
  } catch {
    return false
  }
}

/** Sends a signal; a process that is gone already is what we wanted. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function isZombie(pid: number): boolean {
  return process.platform === 'linux' && afterName(pid)[0] === 'Z'
}

/** The fields of /proc/PID/stat after the name, which itself may hold spaces: [0] is the state, [19] the start. */
function afterName(pid: number): string[] {
  const stat = readProc(pid, 'stat') ?? ''
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined
  }
}

function ps(pid: number, field: string): string {
  try {
    return execFileSync('ps', ['-ww', '-p', String(pid), '-o', field], { encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return ''
  }
}
