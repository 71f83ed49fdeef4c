import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process as others can ask after it: where its id means something, the id, and when it began. */
export type ProcessName = { place: string; pid: number; start: string }

let own: ProcessName | undefined

/** This process. */
export function thisProcess(): ProcessName {
  own ??= { place: placeOfProcess(), pid: process.pid, start: startOf(process.pid) }
  return own
}

/**
 * Whether that process is certainly gone; false when that cannot be told from here. The kernel gives the numbers out
 * again, so one that began at another moment is another process.
 */
export function isGone({ place, pid, start }: { place: string; pid: number; start?: string }): boolean {
  if (place !== placeOfProcess()) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
  const now = startOf(pid)
  return Boolean(start && now && start !== now)
}

let place: string | undefined

/** Names where this process's id means something: the host, and on Linux its process-id namespace. */
export function placeOfProcess(): string {
  if (place !== undefined) return place
  let namespace = ''
  try {
    namespace = readlinkSync('/proc/self/ns/pid')
  } catch {
    // Not Linux: one namespace a host.
  }
  place = `${hostname()} ${namespace}`.trim()
  return place
}

/** The start in clock ticks since the machine's own start; empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name stands in parentheses and may hold anything; what follows is parted by spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
