/** Whether a server could listen, asked before the work that comes first: a taken port is told in a second, not in ten. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { PlatformError } from '../base/errors.ts'

const TRIED_MAX = 100

type Place = { host: string; port: number }

/** Refuses a port that somebody else has. */
export async function requireFreePort({ host, port }: Place): Promise<void> {
  if (await isFree({ host, port })) return
  throw new PlatformError(
    'unavailable',
    `port ${port} on ${host} is taken; choose another with --port, or end what listens there`,
  )
}

/** The port itself or the next one that is free. */
export async function nextFreePort({ host, port }: Place): Promise<number> {
  for (let next = port; next < Math.min(port + TRIED_MAX, 65_536); next++) {
    if (await isFree({ host, port: next })) return next
  }
  throw new PlatformError('unavailable', `no port from ${port} on is free on ${host}; choose another with --port`)
}

async function isFree(place: Place): Promise<boolean> {
  const probe = createServer()
  try {
    probe.listen(place)
    await once(probe, 'listening')
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false
    // Another fault (no such address, no right to the port) is told by the server itself.
    return true
  } finally {
    probe.close()
  }
}
