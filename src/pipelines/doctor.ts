import { statfs } from 'node:fs/promises'
import { messageOf } from '../base/errors.ts'
import { weirVersion } from '../base/version.ts'
import { withinMs } from '../base/within.ts'
import { worldError } from '../base/world.ts'
import type { Sql } from '../db/sql.ts'
import type { Identity } from '../identity/identity.ts'
import { localUser } from '../identity/principal.ts'
import type { HealthCheck } from '../serving/readiness.ts'

export type Finding = { part: string; state: 'ok' | 'warn' | 'broken'; says: string }

type Deps = {
  db: Pick<Sql, 'query'>
  health: readonly HealthCheck[]
  identity: Identity
  settings: { home: string; objects: string; online: string }
}

const CHECK_MS = 5_000
const FREE_GB_MIN = 2
const MB = 1e6

/** What a running server finds of itself and of what it needs. `weir doctor` looks from outside, also where nothing runs. */
export async function examineServer(deps: Deps): Promise<Finding[]> {
  const parts = await Promise.all([
    programFinding(),
    databaseFinding(deps),
    ...deps.health.map(healthFinding),
    homeFinding(deps.settings),
    accessFinding(deps.identity),
  ])
  return [...parts, ...storeFindings(deps.settings)]
}

async function programFinding(): Promise<Finding> {
  const { rss } = process.memoryUsage()
  const where = `Node ${process.versions.node} on ${process.platform}-${process.arch}`
  const since = `for ${Math.round(process.uptime() / 60).toLocaleString('en-US')} min`
  const says = `${await weirVersion()} with ${where}, ${since}, ${Math.round(rss / MB).toLocaleString('en-US')} MB of memory`
  return { part: 'weir', state: 'ok', says }
}

async function databaseFinding({ db }: Deps): Promise<Finding> {
  const part = 'PostgreSQL'
  return orBroken(part, async () => {
    const rows = await db.query<{ version: string; used: number; most: number }>(
      `select current_setting('server_version') as version, current_setting('max_connections')::int as most,
         (select count(*)::int from pg_stat_activity) as used`,
    )
    const { version, used, most } = rows[0]!
    const says = `${version}, ${used} of ${most} connections in use`
    if (used < most * 0.9) return { part, state: 'ok', says }
    return { part, state: 'warn', says: `${says}; raise max_connections, or run fewer processes` }
  })
}

function healthFinding({ what, needed, check }: HealthCheck): Promise<Finding> {
  const began = performance.now()
  return orBroken(
    what,
    async () => {
      await check(AbortSignal.timeout(CHECK_MS))
      return {
        part: what,
        state: 'ok',
        says: `answers within ${Math.max(1, Math.round(performance.now() - began))} ms`,
      }
    },
    needed ? 'broken' : 'warn',
  )
}

function homeFinding({ home }: Deps['settings']): Promise<Finding> {
  const part = 'home'
  return orBroken(part, async () => {
    const { bavail, bsize } = await statfs(home)
    const free = (bavail * bsize) / 1e9
    const says = `${home}, ${free.toFixed(0)} GB free`
    if (free >= FREE_GB_MIN) return { part, state: 'ok', says }
    return { part, state: 'warn', says: `${says}; PostgreSQL and the snapshots want more` }
  })
}

function accessFinding({ access, tokens, hasSetting }: Identity): Promise<Finding> {
  const part = 'access'
  return orBroken(part, async () => {
    if (!access.closed()) {
      const says = `whoever reaches this machine is an admin (${localUser(null).name}); the first token closes it: weir tokens create`
      return { part, state: 'ok', says }
    }
    const usable = (await tokens.list()).filter(({ state }) => state === 'usable')
    const admins = usable.filter(({ role, model }) => role === 'admin' && model === null)
    const says = `each caller needs a token; ${usable.length} are usable${hasSetting ? ', and WEIR_TOKEN' : ''}`
    if (hasSetting || admins.length > 0) return { part, state: 'ok', says }
    return { part, state: 'warn', says: `${says}, none of them an admin's: weir tokens create NAME --role admin` }
  })
}

function storeFindings({ objects, online }: Deps['settings']): Finding[] {
  const plain = (address: string) => address.replace(/\/\/([^:@/]*):[^@]*@/, '//$1:…@')
  return [
    { part: 'objects', state: 'ok', says: `in ${plain(objects)}` },
    { part: 'online features', state: 'ok', says: `in ${plain(online)}` },
  ]
}

async function orBroken(
  part: string,
  look: () => Promise<Finding>,
  state: 'broken' | 'warn' = 'broken',
): Promise<Finding> {
  try {
    return await withinMs(part, CHECK_MS, look)
  } catch (error) {
    return { part, state, says: worldError(error)?.message ?? messageOf(error) }
  }
}
