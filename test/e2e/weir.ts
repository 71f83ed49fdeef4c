import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { testDatabase } from '../helpers/pg.ts'

const WEIR = fileURLToPath(new URL('../../bin/weir.js', import.meta.url))

export type Command = {
  child: ChildProcess
  /** What it has said so far on both streams. */
  said(): string
  /** Resolves with the match as soon as it has said so; rejects when it ends before. */
  says(words: RegExp): Promise<RegExpMatchArray>
  /** Its exit code, or the signal that ended it, and what it said. */
  ended: Promise<{ exit: number | string | null; stdout: string; stderr: string }>
}

/** A folder for a project or a home; `end` kills what was started in it and removes it. */
export async function openPlace(env: Record<string, string> = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'weir-e2e-'))
  const commands: Command[] = []

  function start(...args: string[]): Command {
    const full = { ...process.env, WEIR_HOME: join(dir, 'home'), WEIR_LOG_LEVEL: 'warn', ...env }
    const command = follow(spawn(process.execPath, [WEIR, ...args], { env: full, stdio: ['ignore', 'pipe', 'pipe'] }))
    commands.push(command)
    return command
  }

  return {
    dir,
    start,
    /** Runs to the end and refuses another exit code than 0. */
    async run(...args: string[]) {
      const ended = await start(...args).ended
      if (ended.exit !== 0) throw new Error(`weir ${args.join(' ')}: exit ${ended.exit}\n${ended.stderr}`)
      return ended
    },
    /** The reference project with a small forest, in this folder. */
    async project(trees = 20): Promise<string> {
      const folder = join(dir, 'project')
      await start('init', folder).ended
      const file = join(folder, 'weir.config.ts')
      const text = await readFile(file, 'utf8')
      const small = text.replace(/trees: 300/, `trees: ${trees}`)
      if (small === text) throw new Error('the reference project no longer says trees: 300')
      await writeFile(file, small)
      return folder
    },
    /** Waits until the embedded server of this folder's home has ended, which it does a moment after its last user. */
    serverGone: () => serverGone(join(dir, 'home')),
    async end() {
      for (const { child } of commands) child.kill('SIGKILL')
      await Promise.all(commands.map(({ ended }) => ended))
      await serverGone(join(dir, 'home'))
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** The same with a database of its own and the reference project; `end` ends all of it. */
export async function openProjectPlace() {
  const database = await testDatabase()
  const place = await openPlace({ DATABASE_URL: database.url })
  return {
    database,
    place,
    project: await place.project(),
    async end() {
      await place.end()
      await database.drop()
    },
  }
}

function follow(child: ChildProcess): Command {
  let stdout = ''
  let stderr = ''
  const waiting = new Set<() => void>()
  const heard = () => {
    for (const look of waiting) look()
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    heard()
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    heard()
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ exit: code ?? signal, stdout, stderr }))
  return {
    child,
    said: () => stdout + stderr,
    ended,
    says: (words) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = words.exec(stdout) ?? words.exec(stderr)
          if (!match) return
          waiting.delete(look)
          resolve(match)
        }
        waiting.add(look)
        look()
        void ended.then(({ exit }) =>
          reject(new Error(`it ended (${exit}) without saying ${words}:\n${stdout}${stderr}`)),
        )
      }),
  }
}

/** Waits until the embedded server of a home has ended. */
export async function serverGone(home: string): Promise<void> {
  while (await serverRuns(home)) await new Promise(setImmediate)
}

/** Its processes have the data folder as their working directory. */
async function serverRuns(home: string): Promise<boolean> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    const program = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
    if (folder.startsWith(home) && program.startsWith('postgres')) return true
  }
  return false
}
