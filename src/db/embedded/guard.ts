import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, statSync, truncateSync } from 'node:fs'
import type { Binaries } from './binaries.ts'
import { serverEnv } from './cluster.ts'
import { giveTo, type Places, PORT } from './places.ts'
import { commandOf, isAlive } from './process.ts'

/**
 * The guard is a small `sh` of its own session that is the server's parent. It reads a FIFO which every weir process
 * that uses the server holds open for writing. The kernel closes those also at kill -9, so the end of the file means:
 * nobody is left. Then it stops the server and removes the runtime folder.
 *
 * Each holder writes a line when it comes and waits until the guard has answered with a file `in.LINE`: an answered
 * holder was counted before the guard could see an end. Arguments: runtime folder, pid of a server to adopt or '',
 * and the server's command. Two processes, so that the end of the server is noticed as well as the end of the file.
 * An adopted server that has ended may stay a zombie for long where pid 1 does not reap: that counts as ended.
 */
const SCRIPT = `
dir=$1; adopted=$2; shift 2
exec 4<&0 </dev/null
if [ -n "$adopted" ]; then pg=$adopted; else "$@" 4<&- & pg=$!; fi
running() {
  kill -0 "$pg" 2>/dev/null || return 1
  [ ! -r "/proc/$pg/stat" ] && return 0
  read -r number name state rest <"/proc/$pg/stat" && [ "$state" != Z ]
}
echo "$$" > "$dir/guard"
(
  trap '' TERM INT HUP
  while read -r who <&4; do : > "$dir/in.$who"; done
  rm -f "$dir/fifo"
  kill -INT "$pg"
  while running; do sleep 0.1; done
  rm -rf "$dir"
) &
reader=$!
exec 4<&-
trap 'kill -INT "$pg"' TERM INT HUP
echo "$reader" >> "$dir/guard"
while running; do
  if [ -n "$adopted" ]; then sleep 0.1; else wait "$pg"; fi
done
kill -KILL "$reader" 2>/dev/null
rm -rf "$dir"
`
const MARK = 'weir-postgres-guard'
const LOG_BYTES_MAX = 4_000_000

export type ServerSettings = Record<string, string | number>

/** Small and quiet: one team's data on one machine. A commit is on disk when it is acknowledged (the default). */
const SETTINGS: ServerSettings = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  port: PORT,
  shared_buffers: '48MB',
  max_connections: 80,
  max_wal_size: '256MB',
  min_wal_size: '32MB',
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_logical_replication_workers: 0,
  io_method: 'sync',
  huge_pages: 'off',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // What was erased is not kept in files that wait to be used again, nor told in the log with the values of a row.
  wal_recycle: 'off',
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  log_min_messages: 'log',
  log_parameter_max_length: 0,
  log_parameter_max_length_on_error: 0,
}

/**
 * Starts a guard over a new server, or over the running one with pid `adopt`; gives our writing end of its FIFO, which
 * is open from before the guard's birth. Call it under the lock.
 */
export function startGuard(places: Places, binaries: Binaries, settings: ServerSettings, adopt?: number): number {
  const { reading, writing } = openBothEnds(places.fifo)
  const log = openLog(places)
  try {
    const all = { ...SETTINGS, unix_socket_directories: places.runtime, ...settings }
    const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const server = [binaries.postgres, '-D', places.dataArgument, ...flags]
    const args = ['-c', SCRIPT, MARK, places.runtime, adopt === undefined ? '' : String(adopt), ...server]
    const stdio = [reading, log, log]
    const guard = spawn('/bin/sh', args, { cwd: places.data, env: serverEnv(), detached: true, stdio, ...places.as })
    guard.on('error', () => {})
    guard.unref()
    return writing
  } finally {
    closeSync(reading)
    closeSync(log)
  }
}

export function makeFifo(places: Places): void {
  execFileSync('mkfifo', ['-m', '600', places.fifo])
  giveTo(places, places.fifo)
}

/** The processes of the guard over `places` that are alive. Its notes are believed only if the command line agrees. */
export function guardPids(places: Places): number[] {
  try {
    const pids = readFileSync(places.guardFile, 'utf8').split('\n').map(Number)
    return pids.filter((pid) => pid > 0 && isAlive(pid) && isGuard(places, pid))
  } catch {
    return []
  }
}

function isGuard(places: Places, pid: number): boolean {
  const command = commandOf(pid)
  return command.includes(MARK) && command.includes(places.runtime)
}

/** Either end waits for the other when it is opened, so one that is both comes first. */
function openBothEnds(fifo: string): { reading: number; writing: number } {
  const both = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
  try {
    const reading = openSync(fifo, constants.O_RDONLY)
    return { reading, writing: openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK) }
  } finally {
    closeSync(both)
  }
}

function openLog(places: Places): number {
  const fd = openSync(places.log, 'a', 0o600)
  giveTo(places, places.log)
  if (statSync(places.log).size > LOG_BYTES_MAX) truncateSync(places.log)
  return fd
}
