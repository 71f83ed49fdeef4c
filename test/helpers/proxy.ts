import { createConnection, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net'

/**
 * A TCP proxy before a server of a test (PostgreSQL, Redis, S3, an HTTP server): the wire that fails. Each call says
 * how it is from now on, for the connections there are and for new ones.
 *
 *   pass()      all is well (again); what `silence` held back is delivered, as TCP would
 *   silence()   takes and keeps connections and forwards nothing, in neither direction
 *   silenceAt(text)  falls silent when a client sends a piece with that text, and holds that piece back too
 *   lose()      those there are stay silent for ever (a firewall forgot them); new ones are well
 *   forget()    ends the clients' side of those there; the server does not hear of it, and holds its own side
 *   slow(ms)    every piece of data is that much late
 *   cut()       ends all connections now; new ones are well
 *   refuse()    ends all connections, and new ones are refused, until pass(), silence() or slow()
 */
export type TestProxy = {
  readonly host: string
  readonly port: number
  /** The same address with the proxy instead of host and port; `host` and `sslmode` of a query go away. */
  through(url: string): string
  pass(): Promise<void>
  silence(): Promise<void>
  silenceAt(text: string): void
  lose(): void
  forget(): void
  slow(ms: number): Promise<void>
  cut(): void
  refuse(): Promise<void>
  /** How many connections clients hold now, and how many they have made in all. */
  open(): number
  made(): number
  /** Resolves when as many connections as that have been made in all. */
  untilMade(count: number): Promise<void>
  stop(): Promise<void>
}

const HOST = '127.0.0.1'

type Wire = { silent: boolean; lateMs: number; silentAt?: string | undefined }
type Link = { client: Socket; server: Socket; lost: boolean; resume: Set<() => void> }

/** `to` is where the server is: `{ host, port }` or `{ path }` of a Unix socket; see also `proxyTo` for a URL. */
export async function startProxy(to: NetConnectOpts): Promise<TestProxy> {
  const wire: Wire = { silent: false, lateMs: 0 }
  const links = new Set<Link>()
  const forgotten: Socket[] = []
  const waiting: { count: number; done: () => void }[] = []
  let made = 0
  let refusing = false

  const server: Server = createServer({ pauseOnConnect: true }, (client) => {
    if (refusing) return void client.destroy()
    const link: Link = { client, server: createConnection(to), lost: false, resume: new Set() }
    links.add(link)
    made += 1
    for (const wish of waiting) if (made >= wish.count) wish.done()
    forward(link, link.client, link.server, wire)
    forward(link, link.server, link.client, wire)
    for (const socket of [link.client, link.server]) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        if (socket === link.client) end(link)
        // What the server sent last is still on its way; a silent wire does not tell that it is gone.
        else if (!(wire.silent || link.lost)) link.client.end()
      })
    }
  })
  const end = (link: Link): void => {
    link.client.destroy()
    if (!forgotten.includes(link.server)) link.server.destroy()
    links.delete(link)
  }
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, HOST, () => {
        server.removeListener('error', reject)
        resolve()
      })
    })
  const cut = (): void => {
    for (const link of links) end(link)
    for (const socket of forgotten.splice(0)) socket.destroy()
  }
  const close = (): Promise<void> =>
    new Promise((resolve) => (server.listening ? server.close(() => resolve()) : resolve()))
  const become = async (next: Wire): Promise<void> => {
    Object.assign(wire, next)
    if (refusing) {
      await listen(port)
      refusing = false
    }
    if (!wire.silent) for (const link of links) for (const resume of [...link.resume]) resume()
  }
  await listen(0)
  const { port } = server.address() as { port: number }

  return {
    host: HOST,
    port,
    through(url) {
      const changed = new URL(url)
      changed.hostname = HOST
      changed.port = String(port)
      changed.searchParams.delete('host')
      return changed.href
    },
    pass: () => become({ silent: false, lateMs: 0 }),
    silence: () => become({ silent: true, lateMs: 0 }),
    silenceAt(text) {
      wire.silentAt = text
    },
    slow: (ms) => become({ silent: false, lateMs: ms }),
    lose() {
      for (const link of links) link.lost = true
    },
    forget() {
      for (const link of links) {
        forgotten.push(link.server)
        end(link)
      }
    },
    cut,
    async refuse() {
      refusing = true
      cut()
      await close()
    },
    open: () => links.size,
    made: () => made,
    untilMade: (count) =>
      new Promise((done) => {
        if (made >= count) done()
        else waiting.push({ count, done })
      }),
    async stop() {
      cut()
      await close()
    },
  }
}

/** Before the server that a URL names: `postgresql://…?host=/folder` by its socket, else by host and port. */
export function proxyTo(url: string): Promise<TestProxy> {
  const { hostname, port, searchParams } = new URL(url)
  const folder = searchParams.get('host')
  if (folder?.startsWith('/')) return startProxy({ path: `${folder}/.s.PGSQL.${port || 5432}` })
  return startProxy({ host: hostname, port: Number(port) })
}

/** One direction of one connection: piece by piece, each held back while the wire is silent, or as late as it says. */
function forward(link: Link, from: Socket, to: Socket, wire: Wire): void {
  from.on('data', async (piece: Buffer) => {
    from.pause()
    if (from === link.client && wire.silentAt !== undefined && piece.includes(wire.silentAt)) {
      Object.assign(wire, { silent: true, silentAt: undefined })
    }
    if (wire.lateMs > 0) await new Promise((done) => setTimeout(done, wire.lateMs))
    while (wire.silent || link.lost) {
      if (link.client.destroyed) return
      await new Promise<void>((done) => {
        const resume = () => {
          link.resume.delete(resume)
          done()
        }
        link.resume.add(resume)
      })
    }
    if (!to.destroyed) to.write(piece)
    from.resume()
  })
  from.on('end', () => {
    if (!(wire.silent || link.lost)) to.end()
  })
  from.resume()
}
