import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** For programs that cannot choose a port themselves. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}

const START_MS_MAX = 120_000

/** Resolves when the program answers at that address, whatever it says; rejects when it ends or takes too long. */
export async function answering(child: ChildProcess, url: string): Promise<void> {
  const endMs = Date.now() + START_MS_MAX
  while (child.exitCode === null && Date.now() < endMs) {
    const there = await fetch(url).then(
      () => true,
      () => false,
    )
    if (there) return
    await setTimeout(50)
  }
  throw new Error(`${child.spawnfile} does not answer at ${url} (exit code ${child.exitCode})`)
}

/** The file that a shell would run for this name; empty where there is none. */
export function inPath(program: string): string {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, program)).find(existsSync) ?? ''
}
