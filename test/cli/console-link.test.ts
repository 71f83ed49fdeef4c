import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { printLink } from '../../src/cli/console-link.ts'
import type { Output } from '../../src/cli/output.ts'

const servers: ReturnType<typeof createServer>[] = []
afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done)))))

async function serverOf(project: string): Promise<number> {
  const server = createServer((_request, response) => response.end(JSON.stringify({ project })))
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return (server.address() as AddressInfo).port
}

async function printed(port: number, publicHosts: string[] = [], json = false): Promise<string[]> {
  const lines: string[] = []
  const out = { json, line: (text = '') => void lines.push(text) } as unknown as Output
  const settings = { host: '127.0.0.1', port, token: null, publicHosts }
  await printLink(
    { settings, project: { name: 'churn' } } as unknown as Parameters<typeof printLink>[0],
    out,
    '/data',
    60_000,
  )
  return lines
}

test('a command names its page where a server of this project answers, and where a public address is set', async () => {
  const port = await serverOf('churn')
  expect(await printed(port)).toEqual([`page  http://127.0.0.1:${port}/#/data`])
  expect(await printed(1, ['ml.example.com', 'https://ml.example.com/'])).toEqual([
    'page  https://ml.example.com/#/data',
  ])
})

test('and says nothing where nobody answers, where it is the server of another project, and with --json', async () => {
  expect(await printed(1)).toEqual([])
  expect(await printed(await serverOf('other'))).toEqual([])
  expect(await printed(await serverOf('churn'), [], true)).toEqual([])
})
