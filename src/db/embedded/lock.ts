import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { PlatformError } from '../../base/errors.ts'
import { isAlive, startOf } from './process.ts'

/**
 * A lock among processes that survives the death of its owner. The lock is the file with the highest number,
 * `NAME.7`; its content says who owns it. It is free when that owner is gone (or has written 'free'), and is taken by
 * creating the next number, which only one process can do. The highest file is never deleted, so that nobody who
 * looked a moment ago can create a number that was there before: that is what goes wrong when a stale lock file is
 * simply removed. One machine, one pid namespace.
 */
export async function withLock<T>(folder: string, name: string, waitMs: number, body: () => Promise<T>): Promise<T> {
  mkdirSync(folder, { recursive: true })
  const release = await takeLock(folder, name, waitMs)
  try {
    return await body()
  } finally {
    release()
  }
}

type Owner = { pid: number; start: string }

async function takeLock(folder: string, name: string, waitMs: number): Promise<() => void> {
  const until = performance.now() + waitMs
  for (;;) {
    const release = tryLock(folder, name)
    if (release) return release
    if (performance.now() > until) throw busy(folder, name)
    await delay(10)
  }
}

/** One attempt; undefined when somebody alive has it or was quicker. */
export function tryLock(folder: string, name: string): (() => void) | undefined {
  const top = highest(folder, name)
  if (top > 0 && isHeld(readOwner(folder, name, top))) return undefined
  const mine = top + 1
  if (!createOwned(folder, name, mine)) return undefined
  if (highest(folder, name) !== mine) {
    rmSync(join(folder, `${name}.${mine}`), { force: true })
    return undefined
  }
  tidy(folder, name, mine)
  return () => writeFileSync(join(folder, `${name}.${mine}`), 'free')
}

/** Written aside and linked, so that a lock file is never seen without its owner. */
function createOwned(folder: string, name: string, n: number): boolean {
  const owner: Owner = { pid: process.pid, start: startOf(process.pid) }
  const draft = join(folder, `${name}-draft-${process.pid}-${Math.random().toString(36).slice(2)}`)
  writeFileSync(draft, JSON.stringify(owner))
  try {
    linkSync(draft, join(folder, `${name}.${n}`))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Removes the numbers below ours, and drafts of processes that died while they wrote them. */
function tidy(folder: string, name: string, mine: number): void {
  for (const n of numbers(folder, name)) if (n < mine) rmSync(join(folder, `${name}.${n}`), { force: true })
  const drafts = readdirSync(folder).filter((file) => file.startsWith(`${name}-draft-`))
  for (const file of drafts) if (!isAlive(Number(file.split('-')[2]))) rmSync(join(folder, file), { force: true })
}

function isHeld(owner: Owner | undefined): boolean {
  return owner !== undefined && isAlive(owner.pid) && startOf(owner.pid) === owner.start
}

function readOwner(folder: string, name: string, n: number): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, `${name}.${n}`), 'utf8')) as Owner
  } catch {
    return undefined
  }
}

function highest(folder: string, name: string): number {
  return Math.max(0, ...numbers(folder, name))
}

function numbers(folder: string, name: string): number[] {
  const found = readdirSync(folder).filter((file) => file.startsWith(`${name}.`))
  return found.map((file) => Number(file.slice(name.length + 1))).filter((n) => Number.isInteger(n) && n > 0)
}

function busy(folder: string, name: string): PlatformError {
  const owner = readOwner(folder, name, highest(folder, name))
  return new PlatformError(
    'unavailable',
    `another weir process${owner ? ` (pid ${owner.pid})` : ''} has been starting or stopping the database in ${folder} for too long; end it, then try again`,
  )
}
