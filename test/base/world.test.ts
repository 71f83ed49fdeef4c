import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { isAway, worldError } from '../../src/base/world.ts'
import { problemOf } from '../../src/http/errors.ts'
import { mlflowError } from '../../src/mlflow/errors.ts'

/** As the driver makes them. */
function postgres(code: string, message: string): Error {
  return Object.assign(new Error(message), { code, severity: 'FATAL' })
}

function system(code: string, more: object = {}): Error {
  return Object.assign(new Error(`${code}: said, somewhere`), { code, syscall: 'open', ...more })
}

const CASES: readonly (readonly [string, unknown, string])[] = [
  ['57P01', postgres('57P01', 'terminating connection due to administrator command'), 'unavailable'],
  ['57P03', postgres('57P03', 'the database system is starting up'), 'unavailable'],
  ['53300', postgres('53300', 'sorry, too many clients already'), 'unavailable'],
  ['08006', postgres('08006', 'connection failure'), 'unavailable'],
  ['25006', postgres('25006', 'cannot execute INSERT in a read-only transaction'), 'unavailable'],
  ['57014', postgres('57014', 'canceling statement due to statement timeout'), 'unavailable'],
  ['28P01', postgres('28P01', 'password authentication failed for user "w"'), 'unavailable'],
  ['42501', postgres('42501', 'permission denied for schema public'), 'unavailable'],
  ['53100', postgres('53100', 'could not extend file: No space left on device'), 'storage_full'],
  ['XX001', postgres('XX001', 'invalid page in block 3 of relation base/5/2619'), 'corrupt'],
  ['XX002', postgres('XX002', 'index "i" contains unexpected zero page'), 'corrupt'],
  ['a driver that lost it', new Error('Connection terminated unexpectedly'), 'unavailable'],
  ['an exhausted pool', new Error('timeout exceeded when trying to connect'), 'unavailable'],
  ['a query time-out', new Error('Query read timeout'), 'unavailable'],
  ['EPIPE', system('EPIPE', { syscall: 'write' }), 'unavailable'],
  ['ECONNRESET', system('ECONNRESET', { syscall: 'read' }), 'unavailable'],
  [
    'a socket that is not there',
    system('ENOENT', { syscall: 'connect', address: '/run/.s.PGSQL.5432' }),
    'unavailable',
  ],
  ['EMFILE', system('EMFILE', { path: '/home/w/objects/ab' }), 'unavailable'],
  ['ENFILE', system('ENFILE'), 'unavailable'],
  ['ENOSPC', system('ENOSPC', { path: '/home/w/objects/ab' }), 'storage_full'],
  ['EDQUOT', system('EDQUOT', { path: '/home/w/objects/ab' }), 'storage_full'],
  ['EACCES', system('EACCES', { path: '/home/w/objects/ab' }), 'storage_refused'],
  ['EPERM', system('EPERM', { path: '/home/w/objects/ab' }), 'storage_refused'],
  ['EROFS', system('EROFS', { path: '/home/w/objects/ab' }), 'storage_refused'],
  ['EIO', system('EIO', { path: '/home/w/objects/ab' }), 'storage_refused'],
  ['DuckDB, full', new Error('IO Error: Could not write file "/home/w/x": No space left on device'), 'storage_full'],
  ['DuckDB, denied', new Error('IO Error: Cannot open file "/home/w/x": Permission denied'), 'storage_refused'],
  ['DuckDB, gone', new Error('IO Error: No files found that match the pattern "/home/w/x"'), 'file_gone'],
  ['DuckDB, cut', new Error("Invalid Input Error: No magic bytes found at end of file '/home/w/x'"), 'corrupt'],
  ['DuckDB, spill', new Error('Out of Memory Error: failed to offload data block of size 256.0 KiB'), 'storage_full'],
  ['S3, away', Object.assign(new Error('SlowDown'), { $metadata: { httpStatusCode: 503 } }), 'unavailable'],
  ['S3, denied', Object.assign(new Error('AccessDenied'), { $metadata: { httpStatusCode: 403 } }), 'storage_refused'],
]

const STATUS: Record<string, number> = {
  unavailable: 503,
  storage_full: 507,
  storage_refused: 503,
  corrupt: 500,
  file_gone: 500,
}

describe('worldError', () => {
  it.each(CASES)('F1: %s is told as what it is, over HTTP and in the form of MLflow', (_, thrown, code) => {
    const told = worldError(thrown)
    expect(told?.code).toBe(code)
    expect(told?.message).toMatch(/; /)
    for (const error of [thrown, new Error('wrapped by the flow engine', { cause: thrown })]) {
      expect(problemOf(error, 'r1')).toMatchObject({ status: STATUS[code], error: code })
      expect(mlflowError(error).status).toBe(STATUS[code])
    }
  })

  it('F6: a command is told the path, a caller over HTTP is not', () => {
    const told = worldError(system('ENOSPC', { path: '/home/w/objects/ab' }))
    expect(told?.message).toBe('the disk of /home/w/objects/ab is full; make room there, then try again')
    const { detail } = problemOf(told, 'r1')
    expect(detail).toBe('the disk of the storage of Weir is full; make room there, then try again')
    expect(mlflowError(told).body.message).toBe(detail)
    expect(JSON.stringify(told)).not.toContain('toCallers')
  })

  it('knows what the system really throws', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-world-'))
    const file = join(folder, 'file')
    writeFileSync(file, 'x')
    const caught = (body: () => unknown): unknown => {
      try {
        return body()
      } catch (error) {
        return error
      }
    }
    expect(worldError(caught(() => readFileSync(join(folder, 'none'))))?.message).toContain(
      `${folder}/none is not there`,
    )
    expect(worldError(caught(() => readFileSync(folder)))?.code).toBe('storage_refused')
    expect(worldError(caught(() => openSync(join(file, 'x'), 'r')))?.code).toBe('storage_refused')
    const refused = await new Promise((resolve) => createConnection(join(folder, 'socket')).once('error', resolve))
    expect(worldError(refused, 'the database')?.message).toMatch(/^the database cannot be reached/)
    const many = new AggregateError([system('ECONNREFUSED', { syscall: 'connect', address: '::1', port: 5 })], '')
    expect(isAway(many)).toBe(true)
    rmSync(folder, { recursive: true })
  })

  it('leaves faults of ours alone, and errors that are told already as they are', () => {
    for (const ours of [new TypeError('x is not a function'), postgres('42601', 'syntax error'), 'text', undefined]) {
      expect(worldError(ours)).toBeUndefined()
      expect(problemOf(ours, 'r1')).toMatchObject({ status: 500, error: 'internal' })
    }
    const told = new PlatformError('not_found', 'there is no model x')
    expect(worldError(told)).toBe(told)
    const taken = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', syscall: 'listen' })
    expect(worldError(taken)).toBeUndefined()
  })
})
