import { join } from 'node:path'
import { readAddress } from '../db/address.ts'

/** Where a process finds what belongs to its home, as it is recorded and compared; and what to call the database. */
export type Stores = {
  /** 's3://BUCKET/PREFIX', 'home' (the folder objects of WEIR_HOME) or the path of another folder. */
  objects: string
  /** 'postgres' or 'redis://HOST:PORT/NUMBER'. */
  online: string
  /** For people: the home's folder, or host, port and name of the database. */
  database: string
}

export function storesOf(settings: {
  home: string
  objects: string
  online: string
  databaseUrl: string | null
}): Stores {
  return {
    objects: objectsOf(settings),
    online: onlineOf(settings.online),
    database:
      settings.databaseUrl === null
        ? `the home ${settings.home}`
        : `the database ${readAddress(settings.databaseUrl).place}`,
  }
}

function objectsOf({ objects, home }: { objects: string; home: string }): string {
  if (objects.startsWith('s3://')) return objects.replace(/\/+$/, '')
  return objects === join(home, 'objects') ? 'home' : objects
}

/** Without user and password, which may change; the same server by its usual names is the same. */
function onlineOf(text: string): string {
  if (text === 'postgres') return text
  const { hostname, port, pathname } = new URL(text)
  const host = hostname.toLowerCase() === 'localhost' ? '127.0.0.1' : hostname.toLowerCase()
  return `redis://${host}:${port || 6379}/${/^\/(\d+)$/.exec(pathname)?.[1] ?? 0}`
}
