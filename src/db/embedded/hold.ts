import { randomBytes } from 'node:crypto'
import { closeSync, constants, existsSync, futimesSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Places } from './places.ts'

/** A share in the running server; the last one to be released (or to die) ends it. */
export type Hold = { release(): void }

const ANSWER_MS = 2_000
const TOUCH_MS = 3_600_000

/** Opens the FIFO for writing; 'no reader' when no guard reads it, undefined when there is no FIFO. */
export function openHold(places: Places): number | 'no reader' | undefined {
  try {
    return openSync(places.fifo, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return undefined
    if (code === 'ENXIO') return 'no reader'
    throw error
  }
}

/** Announces us to the guard and waits for its answer; undefined (and closed) when none comes. */
export async function confirmHold(places: Places, fd: number): Promise<Hold | undefined> {
  const line = `${process.pid}-${randomBytes(6).toString('hex')}`
  const answer = join(places.runtime, `in.${line}`)
  const until = performance.now() + ANSWER_MS
  try {
    writeSync(fd, `${line}\n`)
    while (performance.now() < until) {
      const ending = !existsSync(places.fifo)
      if (removed(answer)) return held(fd)
      if (ending) break
      await delay(2)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
  closeSync(fd)
  return undefined
}

function removed(path: string): boolean {
  try {
    rmSync(path)
    return true
  } catch {
    return false
  }
}

/** Touched now and then, because what lies untouched in /tmp for days may be swept away. */
function held(fd: number): Hold {
  let open = true
  const touch = setInterval(() => futimesSync(fd, new Date(), new Date()), TOUCH_MS)
  touch.unref()
  return {
    release() {
      if (!open) return
      open = false
      clearInterval(touch)
      closeSync(fd)
    },
  }
}
