import pg from 'pg'
import { cpuSecondsOf, machineCpuSeconds } from '../processes.ts'
import type { Figure } from './measure.ts'
import type { BenchServer } from './servers.ts'

export type Bench = { ours: BenchServer; theirs: BenchServer; folder: string }

/**
 * Measures once and prints what stood beside it: processor time of the server, of PostgreSQL, of this process, and of
 * others on the machine, which the figures of two days differ by; what PostgreSQL wrote, and how long its log took.
 */
export async function observed(
  figure: Figure,
  { server, folder }: { server: BenchServer; folder: string },
  measure: () => Promise<number>,
  /** Takes what one call, or one of what is counted, costs in milliseconds of server and PostgreSQL together. */
  costs: number[],
): Promise<number> {
  const before = await look(server, folder)
  const value = await measure()
  const after = await look(server, folder)
  const seconds = after.at - before.at
  const share = (of: (look: Look) => number) => ((of(after) - of(before)) / seconds).toFixed(2)
  const cores = (after.server + after.postgres - before.server - before.postgres) / seconds
  const cost = figure.better === 'more' ? (1000 * cores) / value : cores * value
  costs.push(cost)
  const known = (l: Look) => l.server + l.postgres + l.bench
  const walMb = (after.walBytes - before.walBytes) / 2 ** 20
  console.log(
    `  ${server.kind.padEnd(6)} ${figure.name}: ${Number(value.toPrecision(4))} ${figure.unit}, ${Number(cost.toPrecision(3))} ms of processor time each; cores: server ${share((l) => l.server)}, PostgreSQL ${share((l) => l.postgres)}, bench ${share((l) => l.bench)}, others ${share((l) => l.busy - known(l))}, stolen ${share((l) => l.stolen)}; ${(walMb / seconds).toFixed(1)} MB/s of WAL, ${((after.walSyncs - before.walSyncs) / seconds).toFixed(0)} syncs/s, ${after.checkpoints - before.checkpoints} checkpoints, ${after.vacuums - before.vacuums} vacuums`,
  )
  return value
}

type Look = {
  at: number
  server: number
  postgres: number
  bench: number
  busy: number
  stolen: number
  walBytes: number
  walSyncs: number
  checkpoints: number
  vacuums: number
}

async function look(server: BenchServer, folder: string): Promise<Look> {
  const client = new pg.Client({ connectionString: server.databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ wal: string; syncs: string; checkpoints: string; vacuums: string }>(
      `select (select wal_bytes from pg_stat_wal) as wal,
         (select coalesce(sum(fsyncs), 0) from pg_stat_io where object = 'wal') as syncs,
         (select num_timed + num_requested from pg_stat_checkpointer) as checkpoints,
         (select coalesce(sum(autovacuum_count), 0) from pg_stat_user_tables) as vacuums`,
    )
    const stats = rows[0]!
    const { user, system } = process.cpuUsage()
    return {
      at: performance.now() / 1000,
      server: cpuSecondsOf(server.pid, '/nothing'),
      postgres: cpuSecondsOf(0, folder),
      bench: (user + system) / 1e6,
      ...machineCpuSeconds(),
      walBytes: Number(stats.wal),
      walSyncs: Number(stats.syncs),
      checkpoints: Number(stats.checkpoints),
      vacuums: Number(stats.vacuums),
    }
  } finally {
    await client.end()
  }
}
