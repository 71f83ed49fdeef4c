import { createConnection, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startProxy, type TestProxy } from './proxy.ts'

/** Answers each line with the same line. */
function startEcho() {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  return new Promise<{ port: number; stop(): void }>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({ port: (server.address() as { port: number }).port, stop: () => server.close() })
    })
  })
}

function connect(port: number) {
  const socket: Socket = createConnection({ host: '127.0.0.1', port })
  let text = ''
  let wanted: { text: string; done: () => void } | undefined
  socket.on('data', (piece) => {
    text += piece
    if (wanted && text.includes(wanted.text)) wanted.done()
  })
  const ended = new Promise<string>((resolve) => {
    socket.on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? ''))
    socket.on('close', () => resolve('closed'))
  })
  const has = (word: string) =>
    new Promise<void>((done) => {
      wanted = { text: word, done }
      if (text.includes(word)) done()
    })
  return { socket, ended, has, text: () => text }
}

describe('the proxy of tests', () => {
  let echo: Awaited<ReturnType<typeof startEcho>>
  let proxy: TestProxy

  beforeEach(async () => {
    echo = await startEcho()
    proxy = await startProxy({ host: '127.0.0.1', port: echo.port })
  })
  afterEach(async () => {
    await proxy.stop()
    echo.stop()
  })

  it('forwards, is silent, and delivers what it held back', async () => {
    const first = connect(proxy.port)
    first.socket.write('one ')
    await first.has('one')
    await proxy.silence()
    first.socket.write('two ')
    const second = connect(proxy.port)
    second.socket.write('three ')
    await proxy.untilMade(2)
    expect([first.text(), second.text()]).toEqual(['one ', ''])
    await proxy.pass()
    await Promise.all([first.has('two'), second.has('three')])
    first.socket.destroy()
    second.socket.destroy()
  })

  it('loses the connections there are for ever, and takes new ones', async () => {
    const old = connect(proxy.port)
    old.socket.write('one ')
    await old.has('one')
    proxy.lose()
    old.socket.write('two ')
    const fresh = connect(proxy.port)
    fresh.socket.write('three ')
    await fresh.has('three')
    await proxy.pass()
    fresh.socket.write('four ')
    await fresh.has('four')
    expect(old.text()).toBe('one ')
    old.socket.destroy()
    fresh.socket.destroy()
  })

  it('cuts, refuses, and comes back at the same port', async () => {
    const cut = connect(proxy.port)
    cut.socket.write('one ')
    await cut.has('one')
    proxy.cut()
    expect(await cut.ended).toMatch(/closed|ECONNRESET/)
    await proxy.refuse()
    expect(await connect(proxy.port).ended).toBe('ECONNREFUSED')
    await proxy.pass()
    const back = connect(proxy.port)
    back.socket.write('two ')
    await back.has('two')
    back.socket.destroy()
  })
})
