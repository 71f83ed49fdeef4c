/** The peer of bench/artifacts.ts, in a process of its own: `node:http`, a file, nothing checked, nothing flushed. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'

export async function startBareServer(file: string) {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [file], { execArgv: ['--import', 'tsx'] })
  const [url] = (await once(child, 'message')) as [string]
  return {
    url,
    async stop() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

async function serve(file: string): Promise<void> {
  const server = createServer(async (asked, answer) => {
    if (asked.method === 'PUT') {
      await pipeline(asked, createWriteStream(file))
      answer.end()
    } else {
      answer.setHeader('content-length', (await stat(file)).size)
      await pipeline(createReadStream(file), answer)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.on('disconnect', () => process.exit())
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.send) await serve(process.argv[2]!)
