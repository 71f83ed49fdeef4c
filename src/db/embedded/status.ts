import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../base/errors.ts'
import { findBinaries } from './binaries.ts'
import { guardPids } from './guard.ts'
import { type Places, placesOf } from './places.ts'
import { findPostmaster } from './postmaster.ts'

/** What `weir doctor` shows of the embedded server. Looks only: starts, stops and creates nothing. */
export type EmbeddedStatus = {
  state: 'not created' | 'stopped' | 'starting' | 'running'
  /** Version of the programs that came with the package, or why there are none. */
  programs: string
  dataVersion: string | null
  dataFolder: string
  socketFolder: string
  logFile: string
  runsAsUid: number
  pid: number | null
  /** False for a running server that would outlive its users: the next command puts a guard over it. */
  guarded: boolean
}

export function embeddedStatus(home: string): EmbeddedStatus {
  const places = placesOf(home)
  const server = findPostmaster(places)
  return {
    state: server ? (server.ready ? 'running' : 'starting') : existsSync(places.data) ? 'stopped' : 'not created',
    programs: programsOf(places),
    dataVersion: dataVersionOf(places),
    dataFolder: places.data,
    socketFolder: places.runtime,
    logFile: places.log,
    runsAsUid: places.uid,
    pid: server?.pid ?? null,
    guarded: guardPids(places).length > 0,
  }
}

function programsOf(places: Places): string {
  try {
    return `PostgreSQL ${findBinaries(places).version}`
  } catch (error) {
    return messageOf(error)
  }
}

function dataVersionOf(places: Places): string | null {
  try {
    return readFileSync(join(places.data, 'PG_VERSION'), 'utf8').trim()
  } catch {
    return null
  }
}
