import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'

export type PythonPeer = { version: string; ask<Answer>(question: object): Promise<Answer>; close(): void }

/**
 * A script that reads `folder`, says {version} when it is ready, and then answers each line with a line; undefined, and the
 * reason printed, where it cannot be started. The folder goes with it.
 */
export async function startPython(
  name: string,
  { python, script, folder, env = {} }: { python: string; script: string; folder: string; env?: NodeJS.ProcessEnv },
): Promise<PythonPeer | undefined> {
  const child = spawn(python, [script, folder], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } })
  const failed = once(child, 'error').then(([error]) => ({ done: true, value: String(error) }) as const)
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const close = () => {
    child.stdin.end()
    rmSync(folder, { recursive: true })
  }
  const hello = await Promise.race([lines.next(), failed])
  if (hello.done) {
    console.log(`  ${python} could not start ${name}: ${hello.value ?? 'its message is above'}`)
    close()
    return undefined
  }
  return {
    version: (JSON.parse(hello.value) as { version: string }).version,
    async ask<Answer>(question: object) {
      child.stdin.write(`${JSON.stringify(question)}\n`)
      const answer = await lines.next()
      if (answer.done) throw new Error(`${name} ended before it answered`)
      return JSON.parse(answer.value) as Answer
    },
    close,
  }
}
