import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createServer } from '../../src/http/server.ts'
import { describeWith } from '../helpers/needs.ts'
import { missingNginx, NGINX } from '../helpers/nginx.ts'
import { answering, freePort } from '../helpers/programs.ts'

/** The block of the guide, with the addresses of this test. */
function block(addresses: readonly string[]): { upstream: string; location: string } {
  const page = readFileSync(fileURLToPath(new URL('../../docs/guide/servers.md', import.meta.url)), 'utf8')
  const text = /```nginx\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  const [upstream = '', location = ''] = text.split('# in the location of /predict:')
  const named = addresses.reduce((all, address, i) => all.replace(`10.0.0.${i + 1}:8000`, address), upstream)
  return { upstream: named, location }
}

async function serverOf(name: string) {
  const server = await createServer({
    routes: [async (app) => void app.post('/predict', async () => ({ name }))],
    host: '127.0.0.1',
    port: 0,
    token: null,
    log: silentLog,
    version: '0',
  })
  return { server, address: new URL(await server.listen()).host }
}

function ask(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' }
    const asked = request({ port, host: '127.0.0.1', agent, method: 'POST', path: '/predict', headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece) => {
        text += piece
      })
      answer.on('end', () => resolve(answer.statusCode === 200 ? (JSON.parse(text) as { name: string }).name : text))
    })
    asked.on('error', (error) => resolve(error.message))
    asked.end('{}')
  })
}

describeWith('two servers behind nginx as docs/guide/servers.md says', missingNginx(), () => {
  it('one is stopped under load: no request fails, and the other answers all', async () => {
    const [a, b] = [await serverOf('a'), await serverOf('b')]
    const dir = await mkdtemp(join(tmpdir(), 'weir-nginx-two-'))
    const port = await freePort()
    const { upstream, location } = block([a.address, b.address])
    const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    await writeFile(
      join(dir, 'nginx.conf'),
      `daemon off; master_process off; pid ${join(dir, 'pid')}; error_log ${join(dir, 'log')};
events { worker_connections 256; }
http {
  access_log off;
  ${kinds.map((kind) => `${kind}_temp_path ${join(dir, kind)};`).join(' ')}
  ${upstream}
  server {
    listen 127.0.0.1:${port};
    location / { proxy_http_version 1.1; proxy_set_header Host localhost; proxy_set_header Connection ""; ${location} }
  }
}`,
    )
    const nginx = spawn(NGINX, ['-p', dir, '-e', join(dir, 'log'), '-c', join(dir, 'nginx.conf')], { stdio: 'ignore' })
    const ended = new Promise((done) => nginx.once('exit', done))
    const agent = new Agent({ keepAlive: true, maxSockets: 32 })
    try {
      await answering(nginx, `http://127.0.0.1:${port}/health`)
      const said: string[] = []
      let stopped: Promise<void> | undefined
      const clients = Array.from({ length: 32 }, async () => {
        while (said.length < 1_500) {
          said.push(await ask(port, agent))
          if (said.length === 500) stopped = a.server.close()
        }
      })
      await Promise.all(clients)
      await stopped
      expect(new Set(said)).toEqual(new Set(['a', 'b']))
      expect(new Set(said.slice(-100))).toEqual(new Set(['b']))
    } finally {
      agent.destroy()
      nginx.kill('SIGKILL')
      await ended
      await a.server.close()
      await b.server.close()
      await rm(dir, { recursive: true, force: true })
    }
  })
})
