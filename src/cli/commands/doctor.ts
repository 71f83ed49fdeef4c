import { randomUUID } from 'node:crypto'
import { access, constants, mkdir, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Command } from 'commander'
import { must } from '../../base/assert.ts'
import { messageOf } from '../../base/errors.ts'
import { createLog } from '../../base/log.ts'
import { weirVersion } from '../../base/version.ts'
import { worldError } from '../../base/world.ts'
import { loadProject } from '../../config/load.ts'
import { readSettings, SETTINGS, type SettingName, type Settings } from '../../config/settings.ts'
import { embeddedStatus } from '../../db/embedded/status.ts'
import type { Checked } from '../../pipelines/check-stored.ts'
import { type CommonOptions, common, SERVER } from '../options.ts'
import { colour, createOutput, type Output } from '../output.ts'
import { nearestProject, withApp } from '../with-app.ts'

type Finding = { part: string; state: 'ok' | 'warn' | 'broken'; says: string }

const NODE_MIN = [20, 19] as const
const FREE_GB_MIN = 2

export function define(command: Command): void {
  command.option('--verify', 'read every stored file, and name each that is damaged or missing')
  common(command, 'doctor --project examples/streamflow', [...SERVER, 'threads']).action(doctor)
}

async function doctor(options: CommonOptions & { verify?: boolean }): Promise<void> {
  const out = createOutput(options)
  const dir = options.project ?? nearestProject(process.cwd())
  const settings = readSettings({ flags: options, env: process.env, projectDir: dir })
  const findings: Finding[] = [
    { part: 'weir', state: 'ok', says: await weirVersion() },
    nodeFinding(),
    await projectFinding(dir),
    await homeFinding(settings),
    await databaseFinding(settings),
    await objectsFinding(settings),
    ...(await onlineFinding(settings)),
    await portFinding(settings),
    ...settingFindings(options),
    ...(options.verify ? await storedFindings(options, out) : []),
  ]
  out.document({ findings, healthy: findings.every((f) => f.state !== 'broken') })
  for (const { part, state, says } of findings) out.line(`${mark(state)} ${part.padEnd(12)} ${says}`)
  if (findings.some((f) => f.state === 'broken')) process.exitCode = 1
}

function mark(state: Finding['state']): string {
  if (state === 'ok') return colour.green('ok    ')
  return state === 'warn' ? colour.yellow('warn  ') : colour.red('broken')
}

function nodeFinding(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const enough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])
  const says = `Node ${process.versions.node} on ${process.platform}-${process.arch}`
  if (enough) return { part: 'node', state: 'ok', says }
  return { part: 'node', state: 'broken', says: `${says}; Weir needs ${NODE_MIN.join('.')} or newer` }
}

async function projectFinding(dir: string): Promise<Finding> {
  try {
    const project = await loadProject(dir)
    const says = `${project.name}: ${project.sources.length} sources, ${project.models.length} models (${project.dir})`
    return { part: 'project', state: 'ok', says }
  } catch (error) {
    return { part: 'project', state: 'broken', says: messageOf(error) }
  }
}

async function homeFinding({ home }: Settings): Promise<Finding> {
  try {
    await mkdir(home, { recursive: true })
    await access(home, constants.W_OK)
    const { bavail, bsize } = await statfs(home)
    const free = (bavail * bsize) / 1e9
    const says = `${home}, ${free.toFixed(0)} GB free`
    if (free >= FREE_GB_MIN) return { part: 'home', state: 'ok', says }
    return { part: 'home', state: 'warn', says: `${says}; PostgreSQL and the snapshots want more` }
  } catch (error) {
    return { part: 'home', state: 'broken', says: `${home} cannot be written: ${messageOf(error)}` }
  }
}

/** Opens the database, which migrates it, and lets it go. */
async function databaseFinding({ home, databaseUrl }: Settings): Promise<Finding> {
  const before = databaseUrl ? undefined : embeddedStatus(home)
  const embedded = before && `embedded ${before.programs}, ${before.state} before this (log: ${before.logFile})`
  try {
    const { openDatabase } = await import('../../db/db.ts')
    const db = await openDatabase({ home, url: databaseUrl, log: createLog('silent'), poolSize: 1 })
    try {
      const [row] = await db.query<{ version: string }>("select current_setting('server_version') as version")
      return { part: 'database', state: 'ok', says: embedded ?? `PostgreSQL ${row?.version} by DATABASE_URL, migrated` }
    } finally {
      await db.close()
    }
  } catch (error) {
    return { part: 'database', state: 'broken', says: `${messageOf(error)}${embedded ? ` (${embedded})` : ''}` }
  }
}

/** Opens the store and does with a small object all that Weir does with one. */
async function objectsFinding(settings: Settings): Promise<Finding> {
  const part = 'object store'
  try {
    const { openObjectStore } = await import('../../lake/open-store.ts')
    const store = await openObjectStore(settings)
    const key = `doctor/${randomUUID()}`
    try {
      await store.put(key, Buffer.from(key))
      const same = String(await store.get(key)) === key && (await store.list('doctor')).some((o) => o.key === key)
      await store.delete(key)
      if (same) return { part, state: 'ok', says: `${settings.objects}: written, read, listed and deleted` }
      return { part, state: 'broken', says: `${settings.objects} does not give back what was written` }
    } finally {
      await store.close()
    }
  } catch (error) {
    return { part, state: 'broken', says: worldError(error)?.message ?? messageOf(error) }
  }
}

async function storedFindings(options: CommonOptions, out: Output): Promise<Finding[]> {
  const part = 'stored files'
  const { checkStored } = await import('../../pipelines/check-stored.ts')
  try {
    let checked: Checked | undefined
    await withApp(options, async (app) => {
      checked = await checkStored(app, (says) => out.progress(`reading: ${says}`))
    })
    const { snapshots, datasets, versions, damage } = must(checked)
    const read = `${snapshots} snapshots, ${datasets} training sets and trained models, ${versions} registered versions read`
    const found = damage.map((d): Finding => {
      return { part, state: 'broken', says: `${d.what} is ${d.state} (${d.says}); ${d.remedy}` }
    })
    return [
      { part, state: damage.length > 0 ? 'warn' : 'ok', says: `${read}; ${damage.length} damaged or missing` },
      ...found,
    ]
  } catch (error) {
    return [{ part, state: 'broken', says: worldError(error)?.message ?? messageOf(error) }]
  }
}

/** Nothing to say of PostgreSQL, which is the database itself. */
async function onlineFinding({ online }: Settings): Promise<Finding[]> {
  if (online === 'postgres') return []
  const part = 'online store'
  try {
    const { probeRedis } = await import('../../features/online/redis-server.ts')
    const { version, warning } = await probeRedis(online)
    const says = `Redis ${version}: written, read and deleted`
    return [warning ? { part, state: 'warn', says: warning } : { part, state: 'ok', says }]
  } catch (error) {
    return [{ part, state: 'broken', says: messageOf(error) }]
  }
}

async function portFinding({ host, port }: Settings): Promise<Finding> {
  const part = 'port'
  try {
    await new Promise<void>((done, failed) => {
      const probe = createServer().once('error', failed)
      probe.listen({ host, port }, () => probe.close(() => done()))
    })
    return { part, state: 'ok', says: `${host}:${port} is free` }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      return { part, state: 'warn', says: `${host}:${port} is taken, perhaps by a running weir; else choose --port` }
    }
    return { part, state: 'broken', says: `${host}:${port} cannot be listened on: ${messageOf(error)}` }
  }
}

/** Settings that are not at their defaults, and where they come from. Secrets are not shown. */
function settingFindings(options: CommonOptions): Finding[] {
  return (Object.keys(SETTINGS) as SettingName[]).flatMap((name): Finding[] => {
    const { flag, env } = SETTINGS[name]
    const from = options[name] !== undefined ? `--${flag}` : process.env[env] ? env : undefined
    if (from === undefined) return []
    const value = options[name] ?? process.env[env] ?? ''
    const shown = /token|password/i.test(name) ? '(set)' : value.replace(/\/\/([^:@/]*):[^@]*@/, '//$1:…@')
    return [{ part: 'setting', state: 'ok', says: `${name} = ${shown} by ${from}` }]
  })
}
