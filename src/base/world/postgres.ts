import { type Fault, firstLine, type Recogniser } from './fault.ts'

const AGAIN = 'Weir connects again by itself as soon as it is there'
const AGAIN_LATER = 'try again'

type Kind = Pick<Fault, 'code' | 'says' | 'todo' | 'lost'>

/** By SQLSTATE, the longest prefix first (PostgreSQL's manual, appendix A). Faults of a statement are not among them. */
const BY_STATE: readonly (readonly [string, Kind])[] = [
  ['57P03', { code: 'unavailable', says: 'the database is starting or stopping', todo: AGAIN }],
  ['57P04', { code: 'unavailable', says: 'the database was dropped', todo: 'check DATABASE_URL' }],
  ['57P', { code: 'unavailable', says: 'the database ended the connection', todo: AGAIN }],
  [
    '57014',
    { code: 'unavailable', says: 'the database took too long and was stopped', todo: 'ask for less, or later' },
  ],
  ['25P03', { code: 'unavailable', says: 'the database ended a transaction that stood idle', todo: AGAIN_LATER }],
  ['25P04', { code: 'unavailable', says: 'the database ended a transaction that took too long', todo: AGAIN_LATER }],
  [
    '25006',
    { code: 'unavailable', says: 'the database is read-only', todo: 'point DATABASE_URL at the primary server' },
  ],
  ['53100', { code: 'storage_full', says: "the database's disk is full", todo: 'make room there, then try again' }],
  ['53200', { code: 'unavailable', says: 'the database has no memory left', todo: AGAIN_LATER }],
  [
    '53300',
    {
      code: 'unavailable',
      says: 'the database has no free connection',
      todo: 'end other clients, or raise max_connections',
    },
  ],
  ['53', { code: 'unavailable', says: 'the database has reached a limit', todo: AGAIN_LATER }],
  ['55P03', { code: 'unavailable', says: 'the database waited too long for a lock', todo: AGAIN_LATER }],
  ['40001', { code: 'unavailable', says: 'the database could not order this beside other work', todo: AGAIN_LATER }],
  ['40P01', { code: 'unavailable', says: 'the database undid this because of a deadlock', todo: AGAIN_LATER }],
  ['08', { code: 'unavailable', says: 'the connection to the database was lost', todo: AGAIN }],
  [
    '28',
    {
      code: 'unavailable',
      says: 'the database refuses the user',
      todo: 'check the user and password in DATABASE_URL, and pg_hba.conf',
    },
  ],
  ['3D000', { code: 'unavailable', says: 'the database does not exist', todo: 'create it, or check DATABASE_URL' }],
  [
    '42501',
    {
      code: 'unavailable',
      says: 'the database user lacks a right',
      todo: 'grant it, or use the owner of the database',
    },
  ],
  ['58P01', { code: 'corrupt', says: 'a file of the database is gone', todo: 'restore the database from a backup' }],
  [
    '58',
    {
      code: 'storage_refused',
      says: 'the database cannot use its disk',
      todo: "look into the server's log and at its disk",
    },
  ],
  ['XX001', { code: 'corrupt', says: 'a page of the database is damaged', todo: 'restore the database from a backup' }],
  [
    'XX002',
    {
      code: 'corrupt',
      says: 'an index of the database is damaged',
      todo: 'run REINDEX, or restore the database from a backup',
    },
  ],
]

/** What the driver says without a code of its own (pg and pg-pool, checked for 8.23). */
const BY_WORDS: readonly (readonly [RegExp, Kind])[] = [
  [
    /^(Connection (terminated|ended)|Client (was closed|has encountered a connection error))/,
    { lost: true, code: 'unavailable', says: 'the connection to the database was lost', todo: AGAIN },
  ],
  [/^Query read timeout$/, { lost: true, code: 'unavailable', says: 'the database does not answer', todo: AGAIN }],
  [
    /^timeout expired$/,
    { lost: true, code: 'unavailable', says: 'the database does not take the connection', todo: AGAIN },
  ],
  [
    /^timeout exceeded when trying to connect$/,
    { code: 'unavailable', says: 'no connection to the database became free', todo: AGAIN_LATER },
  ],
  [
    /^The server does not support SSL connections$/,
    {
      code: 'unavailable',
      says: 'the database does not speak SSL',
      todo: 'use sslmode=prefer or disable in DATABASE_URL',
    },
  ],
  [
    /^There was an error establishing an SSL connection$/,
    { code: 'unavailable', says: 'the SSL connection to the database failed', todo: 'check sslmode in DATABASE_URL' },
  ],
  [
    /^SASL: /,
    { code: 'unavailable', says: 'the database refuses the user', todo: 'check the user and password in DATABASE_URL' },
  ],
]

/** By SQLSTATE: the server has ended or refused the connection. */
const LOST = /^(08|57P|25P0[34])/

const STATE = /^[0-9A-Z]{5}$/

/** PostgreSQL's own errors and those of its driver. */
export const postgresFault: Recogniser = ({ code, message, raw }) => {
  const told = (kind: Kind): Fault => ({
    ...kind,
    says: `${kind.says} (${firstLine(message)})`,
    toCallers: kind.says,
  })
  if (STATE.test(code) && typeof raw.severity === 'string') {
    const kind = BY_STATE.find(([prefix]) => code.startsWith(prefix))?.[1]
    return kind && told({ ...kind, lost: LOST.test(code) })
  }
  if (code !== '') return undefined
  const kind = BY_WORDS.find(([words]) => words.test(message))?.[1]
  return kind && told(kind)
}
